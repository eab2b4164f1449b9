/** One inbox as the components of a provider share it: one client per filter, opened by the first component that shows it. */
import {
  type ClientState,
  connectInbox,
  type Ending,
  type InboxClient,
  type InboxOptions,
  type Refusal,
  type RequestView,
  type Transport,
} from '../client';
import type { Changes } from './changes';
import { type Outcome, outcomeOf } from './outcome';
import { RequestLine } from './request-line';
import type { ServerClock } from './server-clock';

/** Which requests are shown, and in which order. */
export type InboxFilter = Pick<InboxOptions, 'type' | 'toolName' | 'ticketId' | 'order'>;

/** What is known of an inbox. Never changed in place; what stays the same stays the same object. */
export interface InboxState {
  readonly state: ClientState;
  /** Why the state is `closed`. */
  readonly ending: Ending | undefined;
  /** Why it is not open at the moment, if the server or the network gave a reason; it is tried again. */
  readonly refusal: Refusal | undefined;
  /** What the connection goes over; `sse` where no WebSocket gets through. */
  readonly transport: Transport;
  /** The requests one may answer now, in the order of the filter. */
  readonly items: readonly RequestView[];
  /** How many there are. */
  readonly total: number;
  /** There are more than `total`, which was as far as they were counted. */
  readonly capped: boolean;
  /** `items` ends before all of them are known. */
  readonly hasMore: boolean;
}

/** An inbox that is not open. */
export const unopened: InboxState = {
  state: 'connecting',
  ending: undefined,
  refusal: undefined,
  transport: 'websocket',
  items: [],
  total: 0,
  capped: false,
  hasMore: false,
};

/** Requests that ended while the inbox was open and are remembered; of older ones the server is asked. */
export const maxSettled = 200;

export class InboxRoom extends RequestLine {
  state: InboxState = unopened;
  protected client: InboxClient;
  /** Those that left it because they ended, the last ones. */
  private readonly settled = new Map<string, RequestView>();

  /** @param changes notified of every change here @throws TypeError as `connectInbox` does */
  constructor(
    private readonly options: InboxOptions,
    private readonly changes: Changes,
    private readonly serverClock: ServerClock,
  ) {
    super();
    this.client = this.connect();
  }

  request(id: string): RequestView | undefined {
    return this.state.items.find((request) => request.id === id) ?? this.settled.get(id);
  }

  loadMore(): Promise<Outcome<object>> {
    return outcomeOf(this.client.loadMore(), () => ({}));
  }

  /** Connects again after an ending; does nothing before one. */
  reconnect(): void {
    if (this.state.state !== 'closed') return;
    this.client = this.connect();
    this.become();
  }

  close(): void {
    this.client.close();
  }

  private connect(): InboxClient {
    const client = connectInbox(this.options);
    client.on('state', () => this.become());
    client.on('refusal', () => this.become());
    client.on('envelope', (envelope) => {
      this.serverClock.hear(envelope);
      if (envelope.event === 'inbox_removed' && envelope.hitl) this.remember(envelope.hitl);
      if (envelope.event.startsWith('inbox_') || envelope.event === 'ack') this.become();
    });
    return client;
  }

  private become(): void {
    const { state, ending, refusal, transport, items, total, isCapped: capped, hasMore } = this.client;
    this.state = { state, ending, refusal, transport, items, total, capped, hasMore };
    this.changes.notify();
  }

  /** How it ended is shown by those who show it still. */
  private remember(request: RequestView): void {
    if (request.status === 'pending') return;
    this.settled.set(request.id, request);
    const [oldest] = this.settled.keys();
    if (this.settled.size > maxSettled && oldest !== undefined) this.settled.delete(oldest);
  }
}
