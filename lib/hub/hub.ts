/** The hub: tickets in use, what is sent to them, and the parts that keep turns and requests going; the transport and the app drive it. */
import type { Logger } from 'winston';
import { HubError } from '../errors';
import type { ChatFrame, ChatUser } from '../protocol/chat-frames';
import type { CloseName } from '../protocol/close-codes';
import type { LoggedEnvelope, Notice, Snapshot } from '../protocol/envelopes';
import type { User } from '../protocol/records';
import { messageView, requestView, sessionView, toWireTime, turnView } from '../protocol/views';
import type { LogPosition, Store } from '../store/store';
import { Client, type Sink } from './client';
import type { Clock } from './clock';
import { Deadlines } from './deadlines';
import { Funnel } from './funnel';
import { Hitl, type MayRespond } from './hitl';
import { callHook, type RequestHooks } from './hooks';
import { type Kind, Kinds } from './kinds';
import { RequestActors } from './request-actors';
import { Room } from './room';
import { type ResumeFailure, resumeSession } from './sessions';
import { type Agent, Turns } from './turns';
import { Waiters } from './waiters';

export interface HubOptions {
  store: Store;
  clock: Clock;
  logger: Logger;
  /** Answers chat messages. Without one, messages are shown and kept, and no turn runs. */
  agent?: Agent | undefined;
  /** The app's own rule on who may answer a request, beside each request's policy. */
  mayRespond?: MayRespond | undefined;
  /** The app's own kinds of request, by name. */
  kinds?: Record<string, Kind> | undefined;
  /** Told of reminders, escalations and outcomes. */
  hooks?: RequestHooks | undefined;
  /** Clients in one ticket at once. Default 10 (reference A20). */
  maxClientsPerTicket?: number | undefined;
}

/** What a client that has joined is told first. */
export type Opening = { position: LogPosition } & (
  | { missed: readonly LoggedEnvelope[] }
  | { snapshot: Snapshot }
);

/** Envelopes a returning client is sent one by one; further behind, a snapshot is the shorter way. */
export const maxReplay = 1_000;
/** Messages in a snapshot. */
export const snapshotMessages = 200;

export class Hub {
  readonly hitl: Hitl;
  readonly turns: Turns;
  private readonly rooms = new Map<string, Room>();
  private readonly clients = new Map<string, Client>();
  private readonly funnel: Funnel;
  private readonly deadlines: Deadlines;
  private readonly waiters = new Waiters();
  private started: Promise<void> | undefined;
  private closed: Promise<void> | undefined;

  constructor(private readonly options: HubOptions) {
    const { store, clock, logger, agent, mayRespond, hooks = {} } = options;
    const { waiters } = this;
    this.funnel = new Funnel(store, (ticketId, envelopes) => this.rooms.get(ticketId)?.deliver(envelopes));
    const { funnel } = this;
    const actors = new RequestActors({
      store,
      funnel,
      clock,
      onDue: (at) => this.deadlines.note(at),
      onResolved: (record) => {
        waiters.settle(record);
        callHook(hooks, 'resolved', record, logger);
      },
      onReminded: (record) => callHook(hooks, 'reminded', record, logger),
      onEscalated: (record) => callHook(hooks, 'escalated', record, logger),
    });
    this.deadlines = new Deadlines({ store, clock, logger, fire: (id) => actors.fireDue(id) });
    this.hitl = new Hitl({
      store,
      actors,
      waiters,
      clock,
      kinds: new Kinds(options.kinds),
      logger,
      mayRespond,
    });
    this.turns = new Turns({ store, funnel, clock, logger, hitl: this.hitl, agent });
  }

  /**
   * Opens the store, ends turns that a gone process left behind, and catches up with deadlines. Repeatable.
   * @throws HubError `storage_failed`, `unavailable`
   */
  start(): Promise<void> {
    this.started ??= (async () => {
      await this.options.store.open();
      await this.turns.recover();
      await this.deadlines.start();
    })();
    // What failed now may work later: the next call tries again.
    this.started.catch(() => {
      this.started = undefined;
    });
    return this.started;
  }

  /** True from the first call of `close` on. */
  get closing(): boolean {
    return this.closed !== undefined;
  }

  /**
   * Ends in good order: nobody comes in, turns end as aborted, pending requests stay for the next start, clients are
   * closed with 1001, the store is closed. Repeatable.
   */
  close(): Promise<void> {
    this.closed ??= (async () => {
      for (const room of this.rooms.values()) room.drain();
      await this.started?.catch(() => {});
      await this.turns.close();
      await this.deadlines.stop();
      this.waiters.close();
      await this.funnel.settled();
      for (const room of this.rooms.values()) room.flush();
      for (const client of [...this.clients.values()]) {
        client.sink.close('going_away');
        this.unregister(client);
      }
      await this.options.store.close();
    })();
    return this.closed;
  }

  /** Resolves when every deadline that is due has been told and everything decided so far is kept and handed over. */
  async settled(): Promise<void> {
    await this.deadlines.settled();
    await this.funnel.settled();
    for (const room of this.rooms.values()) room.flush();
  }

  /** A client in the tab `default`; it is not in the ticket before `register`. @throws HubError `invalid_id` */
  newClient(ticketId: string, user: User, sink: Sink): Client {
    return this.newClientWithTabId(ticketId, user, 'default', sink);
  }

  /** @throws HubError `invalid_id` */
  newClientWithTabId(ticketId: string, user: User, tabId: string, sink: Sink): Client {
    return new Client({ ticketId, user, tabId, sink, now: this.options.clock.now() });
  }

  /**
   * Lets a client into its ticket. When it returns, the client is in, and an older one of the same user and tab is out.
   * @throws HubError `ticket_full`, `closing`; then nothing has changed
   */
  register(client: Client): void {
    if (this.closing) throw new HubError('closing');
    const room = this.rooms.get(client.ticketId) ?? this.newRoom(client.ticketId);
    try {
      room.join(client);
      this.clients.set(client.clientId, client);
    } finally {
      this.tidy(room);
    }
  }

  /** Takes a client out. Repeatable. */
  unregister(client: Client): void {
    this.rooms.get(client.ticketId)?.leave(client.clientId);
  }

  /** Whether the client is in: not replaced, not evicted, not gone. */
  isRegistered(client: Client): boolean {
    return this.clients.get(client.clientId) === client;
  }

  /** Text to every client of a ticket as it is, unlogged; a ticket nobody is in is no error (reference A76). */
  broadcastToTicket(ticketId: string, raw: string): void {
    this.rooms.get(ticketId)?.deliver([{ raw }]);
  }

  /** A chat frame to every client of a ticket, unlogged; `notice` in `hitl.v1` (reference A77). */
  sendToTicket(ticketId: string, frame: ChatFrame): void {
    this.rooms.get(ticketId)?.deliver([this.toNotice(ticketId, frame)]);
  }

  sendMessageToTicket(ticketId: string, content: string, user?: ChatUser): void {
    this.sendToTicket(ticketId, this.toFrame('message', content, user));
  }

  sendStatusToTicket(ticketId: string, content: string): void {
    this.sendToTicket(ticketId, this.toFrame('status', content));
  }

  sendErrorToTicket(ticketId: string, content: string): void {
    this.sendToTicket(ticketId, this.toFrame('error', content));
  }

  /**
   * A chat frame to one client, unlogged (reference A78). Returns when it is queued, not when it has arrived.
   * @throws HubError `client_not_found`; `client_queue_full`, then the client is out
   */
  sendToClient(clientId: string, frame: ChatFrame): void {
    const client = this.clients.get(clientId);
    if (!client) throw new HubError('client_not_found');
    if (!client.sink.send(this.toNotice(client.ticketId, frame))) {
      this.rooms.get(client.ticketId)?.evict(client);
      throw new HubError('client_queue_full');
    }
  }

  sendMessageToClient(clientId: string, content: string, user?: ChatUser): void {
    this.sendToClient(clientId, this.toFrame('message', content, user));
  }

  sendTraceToClient(clientId: string, content: string, user?: ChatUser): void {
    this.sendToClient(clientId, this.toFrame('trace', content, user));
  }

  sendWarningToClient(clientId: string, content: string, user?: ChatUser): void {
    this.sendToClient(clientId, this.toFrame('warning', content, user));
  }

  /** Tells the others of a ticket that this client's user is typing. */
  tellTyping(client: Client): void {
    const user = { id: client.user.id, name: client.user.name };
    const timestamp = this.timestamp();
    this.rooms
      .get(client.ticketId)
      ?.deliver([{ event: 'typing', timestamp, ticket_id: client.ticketId, user }]);
  }

  /** Tickets with at least one client. */
  getActiveTickets(): string[] {
    return [...this.rooms.keys()];
  }

  getClientCount(ticketId: string): number {
    return this.rooms.get(ticketId)?.size ?? 0;
  }

  getTotalClientCount(): number {
    return this.clients.size;
  }

  /** Closes the clients that match, for good by default: a user who logged out, access that was withdrawn. */
  disconnect(matches: (client: Client) => boolean, code: CloseName = 'session_ended'): number {
    const leaving = [...this.clients.values()].filter(matches);
    for (const client of leaving) {
      client.sink.close(code);
      this.unregister(client);
    }
    return leaving.length;
  }

  /**
   * What a client has to be told when it comes in: what it missed since `after`, or everything if that cannot be told.
   * @throws HubError `storage_failed`
   */
  async opening(ticketId: string, after?: { epoch: string; seq: number }): Promise<Opening> {
    const { store } = this.options;
    if (after) {
      const { items, ...position } = await store.log(ticketId, after.seq, maxReplay);
      const isKnown =
        position.epoch === after.epoch && after.seq <= position.seq && after.seq >= position.first - 1;
      if (isKnown && after.seq + items.length === position.seq) return { position, missed: items };
    }
    const state = await store.state(ticketId, snapshotMessages);
    const now = this.options.clock.now();
    const snapshot: Snapshot = {
      event: 'snapshot',
      ticket_id: ticketId,
      epoch: state.epoch,
      seq: state.seq,
      sessions: state.sessions.map((session) => sessionView(session, now)),
      messages: state.messages.map((message) => messageView(message, now)),
      turns: state.turns.map((turn) => turnView(turn, now)),
      requests: state.requests.map((request) => requestView(request, now)),
      presence: this.rooms.get(ticketId)?.presence() ?? [],
    };
    return { position: state, snapshot };
  }

  /** Where the ticket's log stands. */
  position(ticketId: string): Promise<LogPosition> {
    return this.options.store.position(ticketId);
  }

  /** The ack of a client frame that was carried out before, also before a restart. */
  processedFrame(userId: string, frameId: string): Promise<Record<string, unknown> | undefined> {
    return this.options.store.processedFrame(userId, frameId);
  }

  /** Attaches a client to an earlier session of its own; returns why not. */
  resumeSession(client: Client, sessionId: string): Promise<ResumeFailure | undefined> {
    return resumeSession(this.options.store, client, sessionId);
  }

  private newRoom(ticketId: string): Room {
    const { clock, maxClientsPerTicket = 10 } = this.options;
    const room = new Room(ticketId, maxClientsPerTicket, clock, (client) => {
      this.clients.delete(client.clientId);
      this.tidy(room);
    });
    this.rooms.set(ticketId, room);
    return room;
  }

  /** A ticket nobody is in costs nothing. */
  private tidy(room: Room): void {
    if (room.size === 0 && this.rooms.get(room.ticketId) === room) this.rooms.delete(room.ticketId);
  }

  private toFrame(type: ChatFrame['type'], content: string, user?: ChatUser): ChatFrame {
    return { type, content, timestamp: Math.floor(this.options.clock.now() / 1000), ...(user && { user }) };
  }

  private toNotice(ticketId: string, frame: ChatFrame): Notice {
    const { type, content, user } = frame;
    return {
      event: 'notice',
      timestamp: toWireTime(frame.timestamp * 1000, this.options.clock.now()),
      ticket_id: ticketId,
      kind: type,
      content,
      ...(user && { user }),
    };
  }

  private timestamp(): string {
    const now = this.options.clock.now();
    return toWireTime(now, now);
  }
}
