/** One ticket as the components of a provider share it: one client, its view, who is writing; opened by the first that shows it. */
import {
  type ClientState,
  type Clock,
  connectTicket,
  type Ending,
  type Envelope,
  emptyView,
  type Member,
  type MessageAck,
  type MessageView,
  type Refusal,
  type RequestView,
  reduce,
  type SessionView,
  type TicketClient,
  type TicketOptions,
  type Transport,
  type ViewedTurn,
} from '../client';
import { Changes } from './changes';
import { type Outcome, outcomeOf } from './outcome';
import { RequestLine } from './request-line';
import type { ServerClock } from './server-clock';
import { type Person, Typing, tellTypingMs } from './typing';

/** What is known of a ticket. Never changed in place; what stays the same stays the same object. */
export interface TicketState {
  readonly state: ClientState;
  /** Why the state is `closed`. */
  readonly ending: Ending | undefined;
  /** Why it is not in at the moment, if the server or the network gave a reason; it is tried again. */
  readonly refusal: Refusal | undefined;
  /** What the connection goes over; `sse` where no WebSocket gets through. */
  readonly transport: Transport;
  /** As whom the server knows this page; none before it was in. */
  readonly user: Person | undefined;
  /** In the order in which they were said; an update changes the line in its place. */
  readonly timeline: readonly MessageView[];
  /** In the order in which they came; those that have not ended, and the ended. */
  readonly turns: readonly ViewedTurn[];
  /** Newest activity first. */
  readonly sessions: readonly SessionView[];
  readonly presence: readonly Member[];
  /** Who is writing, without oneself. */
  readonly typing: readonly Person[];
  /** Oldest first. */
  readonly pending: readonly RequestView[];
  /** The pending ones and those that were settled while this page was in; oldest first. */
  readonly requests: readonly RequestView[];
}

/** A ticket that is not joined. */
export const unjoined: TicketState = {
  state: 'connecting',
  ending: undefined,
  refusal: undefined,
  transport: 'websocket',
  user: undefined,
  timeline: [],
  turns: [],
  sessions: [],
  presence: [],
  typing: [],
  pending: [],
  requests: [],
};

export class TicketRoom extends RequestLine {
  state: TicketState = unjoined;
  readonly changes: Changes;
  private view = emptyView();
  protected client: TicketClient;
  private readonly typing: Typing;
  private toldTypingAt = Number.NEGATIVE_INFINITY;

  /** @throws TypeError as `connectTicket` does */
  constructor(
    private readonly options: TicketOptions,
    private readonly clock: Clock,
    private readonly serverClock: ServerClock,
  ) {
    super();
    this.changes = new Changes(clock);
    this.typing = new Typing(clock, () => this.become({ typing: this.typing.people }));
    this.client = this.connect();
  }

  request(id: string): RequestView | undefined {
    return this.state.requests.find((request) => request.id === id);
  }

  send(content: string): Promise<Outcome<{ ack: MessageAck }>> {
    this.toldTypingAt = Number.NEGATIVE_INFINITY;
    return outcomeOf(this.client.send(content), (ack) => ({ ack }));
  }

  sendTyping(): void {
    const now = this.clock.now();
    if (now - this.toldTypingAt < tellTypingMs) return;
    this.toldTypingAt = now;
    this.client.typing();
  }

  cancelTurn(turnId: string): Promise<Outcome<{ turnId: string }>> {
    return outcomeOf(this.client.cancelTurn(turnId), ({ turn_id }) => ({ turnId: turn_id }));
  }

  /** Connects again after an ending; does nothing before one. */
  reconnect(): void {
    if (this.state.state !== 'closed') return;
    this.become({ state: 'connecting', ending: undefined, refusal: undefined });
    this.client = this.connect();
  }

  close(): void {
    this.client.close();
    this.typing.stopAll();
    this.changes.stop();
  }

  private connect(): TicketClient {
    const client = connectTicket(this.options);
    client.on('state', (state) => {
      this.typing.stopAll();
      const { ending, refusal, transport } = client;
      this.become({ state, ending, refusal, transport });
    });
    client.on('refusal', (refusal) => this.become({ refusal }));
    client.on('envelope', (envelope) => this.take(envelope));
    return client;
  }

  private take(envelope: Envelope): void {
    this.serverClock.hear(envelope);
    const { user } = this.state;
    if (envelope.event === 'welcome') this.become({ user: envelope.user });
    else if (envelope.event === 'typing' && envelope.user.id !== user?.id) this.typing.hear(envelope.user);
    else if (envelope.event === 'session_message_added' && envelope.message.author) {
      this.typing.stop(envelope.message.author.user_id);
    }
    const before = this.view;
    const view = reduce(before, envelope);
    if (view === before) return;
    this.view = view;
    const { timeline, turns, sessions, presence, pending, settled } = view;
    const isSame = pending === before.pending && settled === before.settled;
    const requests = isSame ? this.state.requests : [...settled, ...pending].sort(byAge);
    this.become({ timeline, turns, sessions, presence, pending, requests });
  }

  private become(changed: Partial<TicketState>): void {
    this.state = { ...this.state, ...changed };
    this.changes.notify();
  }
}

/** Times on the wire are all UTC with milliseconds, so that their text is in their order. */
function byAge(a: RequestView, b: RequestView): number {
  return a.created_at < b.created_at ? -1 : Number(a.created_at > b.created_at);
}
