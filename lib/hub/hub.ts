/** The hub: tickets in use, what is sent to them, and the parts that keep turns and requests going; the transport and the app drive it. */

import { HubError, isHubError } from '../errors';
import { type ChatFrame, type ChatUser, chatFrame, noticeOf } from '../protocol/chat-frames';
import type { CloseName } from '../protocol/close-codes';
import type { DirectEnvelope, EphemeralEnvelope } from '../protocol/envelopes';
import type { RequestRecord, User } from '../protocol/records';
import { toWireTime } from '../protocol/views';
import type { LogPosition, Store } from '../store/store';
import type { Clock } from './commit/clock';
import { type Deliver, Funnel } from './commit/funnel';
import { Steps } from './commit/steps';
import { Sweep } from './commit/sweep';
import { type LogBounds, Trimmer } from './commit/trimmer';
import { Disconnects, type Matches } from './disconnects';
import { Ending } from './ending';
import { callHook, type RequestHooks } from './hooks';
import { Inbox } from './inbox/inbox';
import { InboxClient } from './inbox/inbox-client';
import type { Kinds as AppKinds } from './kinds/app-types';
import { Kinds } from './kinds/kinds';
import { type Duration, toMillis } from './options/duration';
import type { Logger } from './options/logger';
import type { Channel } from './outbox/channel';
import { Channels } from './outbox/channels';
import { type LinkSettings, Links } from './outbox/links';
import type { AppRules } from './requests/app-rules';
import { Claims } from './requests/claims';
import { Deadlines } from './requests/deadlines';
import { Grants, type MayGrant, type MayUseTicket } from './requests/grants';
import { Hitl } from './requests/hitl';
import { givenAck } from './requests/request-ack';
import { RequestActors } from './requests/request-actors';
import { Waiters } from './requests/waiters';
import { assertName, Client, type PresenceMode, type Sink } from './tickets/client';
import { type Opening, openingFor, openingPage } from './tickets/opening';
import { type ClassicScope, Prompts } from './tickets/prompts';
import { Rooms } from './tickets/rooms';
import { type Line, say } from './turns/say';
import type { ResumeFailure } from './turns/sessions';
import type { Agent } from './turns/turn';
import { type Accepted, Turns } from './turns/turns';

export interface HubOptions extends AppRules {
  store: Store;
  clock: Clock;
  logger: Logger;
  /** Answers chat messages. Without one, messages are shown and kept, and no turn runs. */
  agent?: Agent | undefined;
  /** The app's own rule on who may give, see and revoke a grant that holds everywhere. */
  mayGrant?: MayGrant | undefined;
  /** Whether a person may use a ticket now: a grant that holds everywhere covers only what its givers may use. Default: they may. */
  mayUseTicket?: MayUseTicket | undefined;
  /** The app's own kinds of request, by name. */
  kinds?: AppKinds | undefined;
  /** Told of reminders, escalations and outcomes. */
  hooks?: RequestHooks | undefined;
  /** Links by which people answer from a mail or a chat. */
  links?: LinkSettings | undefined;
  /** Ways to people outside the hub, by name. */
  channels?: Record<string, Channel> | undefined;
  /** How much of each ticket's log is kept, to resume from. */
  log?: LogBounds | undefined;
  /** Clients in one ticket at once. Default 10 (reference A20). */
  maxClientsPerTicket?: number | undefined;
  /** Of these, of one person. Default: all of them; for others at most half of the places count as taken by one person. */
  maxClientsPerUserInTicket?: number | undefined;
  /** Clients of one person in all tickets together. Default 256. */
  maxClientsPerUser?: number | undefined;
  /** What clients with one panel for prompts are told of. Default: of their whole ticket. */
  classic?: { scope?: ClassicScope | undefined } | undefined;
}

/** More than a browser opens to one host. */
const defaultClientsPerUser = 256;

export class Hub {
  readonly hitl: Hitl;
  readonly grants: Grants;
  /** There with the option `links`. */
  readonly links: Links | undefined;
  /** There with the option `channels`. */
  readonly channels: Channels | undefined;
  readonly turns: Turns;
  /** Every step of every ticket, turn and request in this process, while somebody looks. */
  readonly steps: Steps;
  readonly inbox: Inbox;
  /** Who was sent away lately. */
  readonly disconnects = new Disconnects();
  private readonly rooms: Rooms;
  private readonly funnel: Funnel;
  private readonly deadlines: Deadlines;
  private readonly waiters = new Waiters((isWaiting) => this.sweep.note(isWaiting));
  private readonly sweep: Sweep;
  private readonly claims: Claims;
  private readonly prompts: Prompts;
  private started: Promise<void> | undefined;
  private readonly ending: Ending;

  constructor(private readonly options: HubOptions) {
    const { store, clock, logger, agent, hooks = {} } = options;
    const { waiters } = this;
    const { maxClientsPerTicket: maxClients = 10, maxClientsPerUser = defaultClientsPerUser } = options;
    this.steps = new Steps(clock);
    const { steps } = this;
    this.rooms = new Rooms({
      clock,
      steps,
      bounds: {
        maxClients,
        maxClientsOfUser: options.maxClientsPerUserInTicket ?? maxClients,
        maxClientsOfUserInAll: maxClientsPerUser,
      },
      onLeft: (client) => this.claims.left(client),
    });
    const trimmer = new Trimmer(options, options.log);
    const deliver: Deliver = (ticketId, envelopes) => {
      trimmer.note(ticketId, envelopes);
      this.rooms.deliver(ticketId, envelopes);
      this.prompts.note(ticketId, envelopes);
    };
    this.funnel = new Funnel(store, deliver, logger);
    const { funnel, rooms } = this;
    const { scope = 'ticket' } = options.classic ?? {};
    this.prompts = new Prompts({ store, funnel, rooms, clock, logger, scope });
    this.inbox = new Inbox({ store, funnel });
    const settle = (record: RequestRecord) => {
      waiters.settle(record);
      this.hitl.forget(record.id);
    };
    this.sweep = new Sweep({
      clock,
      logger,
      awaited: () => waiters.requests(),
      read: (id) => this.hitl.get(id),
      settle,
      lookForDeadlines: () => this.deadlines.look(),
    });
    const actors = new RequestActors({
      store,
      steps,
      funnel,
      clock,
      logger,
      channels: Object.keys(options.channels ?? {}),
      onKept: (before, record) => {
        this.channels?.wake();
        this.inbox.note(before, record);
      },
      onDue: (at) => this.deadlines.note(at),
      onResolved: (record) => {
        settle(record);
        callHook(hooks, 'resolved', record, logger);
        if (record.grant) this.grants.tidy();
      },
      onReminded: (record) => callHook(hooks, 'reminded', record, logger),
      onEscalated: (record) => callHook(hooks, 'escalated', record, logger),
    });
    this.deadlines = new Deadlines({ store, clock, logger, fire: (id) => actors.fireDue(id) });
    this.grants = new Grants({
      store,
      actors,
      clock,
      logger,
      mayGrant: options.mayGrant,
      mayUseTicket: options.mayUseTicket,
    });
    this.hitl = new Hitl({
      store,
      actors,
      grants: this.grants,
      waiters,
      clock,
      kinds: new Kinds(options.kinds, (why) => logger.warn(why)),
      logger,
      rules: options,
      revisionShown: (...shown) => rooms.revisionShown(...shown),
    });
    this.claims = new Claims({ store, actors, clock, logger, isIn: (...place) => this.rooms.isIn(...place) });
    this.links = options.links && new Links(options.links, { hitl: this.hitl, clock });
    const { channels } = options;
    const courierParts = { store, clock, logger, links: this.links, random: Math.random };
    this.channels = channels && new Channels(channels, courierParts);
    this.turns = new Turns({ store, funnel, clock, logger, hitl: this.hitl, steps, agent, rules: options });
    this.ending = new Ending({
      ...{ store, clock, waiters, funnel, steps, sweep: this.sweep },
      rooms: this.rooms,
      claims: this.claims,
      prompts: this.prompts,
      turns: this.turns,
      deadlines: this.deadlines,
      channels: this.channels,
      started: () => this.started,
      everybody: () => this.everybody(),
    });
  }

  /**
   * Opens the store, ends turns that a gone process left behind, and catches up with deadlines. Repeatable.
   * @throws HubError `storage_failed`, `unavailable`, `closing`
   */
  start(): Promise<void> {
    if (this.closing && !this.started) return Promise.reject(new HubError('closing'));
    this.started ??= (async () => {
      await this.options.store.open();
      await this.turns.recover();
      await this.deadlines.start();
      this.channels?.start();
    })().catch((cause: unknown) => {
      // What failed now may work later: the next call tries again.
      this.started = undefined;
      throw isHubError(cause) ? cause : new HubError('storage_failed', { cause });
    });
    return this.started;
  }

  /** Aborts when the hub begins to close or to drain, with `closing` as its reason. */
  get closingSignal(): AbortSignal {
    return this.ending.signal;
  }

  /** True from the first call of `close` on. */
  get closing(): boolean {
    return this.ending.hasBegun;
  }

  /**
   * Ends in good order: nobody comes in, turns end as aborted, pending requests stay for the next start, clients are
   * closed with 1001, the store is closed. Repeatable; cuts a `drain` short. The counts keep their last value
   * (reference A80).
   */
  close(): Promise<void> {
    return this.ending.now();
  }

  /**
   * Ends like `close`, but gently, for a server that will be back: clients are told `going_away`, each with its own time
   * to come back, so that they do not all come at once; turns may finish meanwhile; then clients are closed with 1012.
   * @param over how long that may take, and over what time clients come back
   */
  drain({ over = '10s' }: { over?: Duration } = {}): Promise<void> {
    return this.ending.gently(toMillis(over));
  }

  /** Resolves when every deadline that is due has been told and everything decided so far is kept and handed over. */
  async settled(): Promise<void> {
    await this.deadlines.settled();
    await this.sweep.settled();
    await this.claims.settled();
    await this.funnel.settled();
    await this.prompts.settled();
    this.rooms.flush();
  }

  /** A client in the tab `default`; it is not in the ticket before `register`. @throws HubError `invalid_id` */
  newClient(ticketId: string, user: User, sink: Sink): Client {
    return this.newClientWithTabId(ticketId, user, 'default', sink);
  }

  /** @throws HubError `invalid_id` */
  newClientWithTabId(
    ticketId: string,
    user: User,
    tabId: string,
    sink: Sink,
    presence: PresenceMode = 'list',
  ): Client {
    return new Client({ ticketId, user, tabId, sink, presence, now: this.options.clock.now() });
  }

  /**
   * Lets a client into its ticket. When it returns, the client is in, and an older one of the same user and tab is out.
   * Repeatable.
   * @throws HubError `ticket_full`, `closing`; then nothing has changed
   */
  register(client: Client): void {
    if (this.closing) throw new HubError('closing');
    this.rooms.join(client);
    this.claims.came(client);
  }

  /** Takes a client out. Repeatable; nothing after `close` (reference A75). */
  unregister(client: Client): void {
    if (!this.ending.isOver) this.rooms.leave(client);
  }

  /** Lets an inbox be open. @throws HubError `inbox_limit`, `busy`, `closing`; then nothing has changed */
  registerInbox(client: InboxClient): void {
    if (this.closing) throw new HubError('closing');
    this.inbox.register(client);
  }

  /** The person behind the client did something in the ticket, which keeps the claims of that person alive. */
  heard(client: Client): void {
    if (this.isRegistered(client)) this.claims.heard(client);
  }

  /** Whether the client is in: not replaced, not evicted, not gone. */
  isRegistered(client: Client): boolean {
    return this.rooms.has(client);
  }

  /**
   * Text to every client of a ticket as it is, unlogged; a ticket nobody is in is no error (reference A76).
   * @throws HubError `invalid_id`, here and where else a ticket is named
   */
  broadcastToTicket(ticketId: string, raw: string): void {
    assertName(ticketId);
    this.rooms.deliver(ticketId, [{ raw }]);
  }

  /**
   * Puts a line on a ticket, outside of any turn, that is there tomorrow: a remark of the app, or what a person wrote in Slack
   * or a terminal, which the agent may be asked to answer. Told and kept like any message; resolves when it is kept.
   * @throws HubError `invalid_request`, `invalid_id`, `empty_message`, `too_large`, `not_found` for the session, `busy`,
   *   `closing`, `storage_failed`
   */
  say(ticketId: string, line: Line): Promise<Accepted> {
    const { store, clock } = this.options;
    return say({ store, clock, turns: this.turns }, ticketId, line);
  }

  /** A chat frame to every client of a ticket, unlogged; `notice` in `hitl.v1` (reference A77). */
  sendToTicket(ticketId: string, frame: ChatFrame): void {
    assertName(ticketId);
    this.rooms.deliver(ticketId, [noticeOf(ticketId, frame, this.options.clock.now())]);
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
    const client = this.rooms.client(clientId);
    if (!this.tell(client, noticeOf(client.ticketId, frame, this.options.clock.now())))
      throw new HubError('client_queue_full');
  }

  /** An envelope to one client. False: it does not keep up, and is out. */
  tell(client: Client, envelope: DirectEnvelope | EphemeralEnvelope): boolean {
    const keepsUp = client.sink.send(envelope);
    if (!keepsUp) this.rooms.evict(client);
    return keepsUp;
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

  /** Tells everybody in a ticket that this client's user is typing. */
  tellTyping(client: Client): void {
    const user = { id: client.user.id, name: client.user.name };
    const timestamp = this.timestamp();
    const { ticketId } = client;
    this.rooms.deliver(ticketId, [{ event: 'typing', timestamp, ticket_id: ticketId, user }]);
  }

  /** Tells this client who is in. */
  tellPresence(client: Client): void {
    const { ticketId } = client;
    this.tell(client, {
      event: 'presence_changed',
      timestamp: this.timestamp(),
      ticket_id: ticketId,
      presence: this.rooms.presence(ticketId),
      presence_version: this.rooms.presenceVersion(ticketId),
    });
  }

  /** Tickets with at least one client. */
  getActiveTickets(): string[] {
    return [...this.rooms.tickets()];
  }

  /** The states a ticket in use is in, by the ids of the charts; none for one that nobody is in. */
  statesOfTicket(ticketId: string): readonly string[] {
    return this.rooms.statesOf(ticketId);
  }

  getClientCount(ticketId: string): number {
    return this.rooms.count(ticketId);
  }

  getTotalClientCount(): number {
    return this.rooms.count();
  }

  /**
   * Closes the clients and open inboxes (these are in no ticket) that match, for good by default: a user who logged out, access
   * that was withdrawn. One that is still coming in and matches is refused, and what a client that matches has asked for and
   * is not yet decided is refused too, so `matches` may be called until those are through.
   * @returns how many were closed
   */
  disconnect(matches: Matches, code: CloseName = 'session_ended'): number {
    this.disconnects.note(matches, code);
    const leaving = this.everybody().filter(matches);
    for (const client of leaving) this.dismiss(client, code);
    return leaving.length;
  }

  /** Closes one client or open inbox. Repeatable. */
  dismiss(client: Client | InboxClient, code: CloseName): void {
    const isInbox = client instanceof InboxClient;
    if (!(isInbox ? this.inbox.has(client) : this.isRegistered(client))) return;
    client.sink.close(code);
    if (isInbox) this.inbox.unregister(client);
    else this.unregister(client);
  }

  private everybody(): (Client | InboxClient)[] {
    return [...this.rooms.clients(), ...this.inbox.clients()];
  }

  /**
   * What a client has to be told when it comes in: what it missed since `after`, or everything if that cannot be told.
   * `presenceVersion` is that of the presence in it.
   * @throws HubError `storage_failed`
   */
  async opening(
    ticketId: string,
    after?: { epoch: string; seq: number },
  ): Promise<Opening & { presenceVersion: number }> {
    assertName(ticketId);
    const { store, clock } = this.options;
    const presence = this.rooms.presence(ticketId);
    const presenceVersion = this.rooms.presenceVersion(ticketId);
    return { ...(await openingFor(store, ticketId, after, presence, clock.now())), presenceVersion };
  }

  /** What is pending behind the requests of a snapshot. @param cursor where those end @throws HubError `storage_failed` */
  openingPage(ticketId: string, cursor: string): ReturnType<typeof openingPage> {
    const { store, clock } = this.options;
    return openingPage(store, ticketId, cursor, clock.now());
  }

  /** Where the ticket's log stands. */
  async position(ticketId: string): Promise<LogPosition> {
    return this.options.store.position(assertName(ticketId));
  }

  /** The ack of a client frame that was carried out before, also before a restart. */
  async processedFrame(userId: string, frameId: string): Promise<Record<string, unknown> | undefined> {
    const { store } = this.options;
    const stored = await store.processedFrame(userId, frameId);
    return stored && givenAck(stored, async (id) => (await store.request(id))?.record);
  }

  /** Attaches a client to the session last begun in its tab, if there is one, as its first message would. */
  recallSession(client: Client): Promise<void> {
    return this.turns.recall(client);
  }

  /** Attaches a client to an earlier session of its own; returns why not. */
  resumeSession(client: Client, sessionId: string): Promise<ResumeFailure | undefined> {
    return this.turns.resume(client, sessionId);
  }

  private toFrame(type: ChatFrame['type'], content: string, user?: ChatUser): ChatFrame {
    return chatFrame(type, content, this.options.clock.now(), { user });
  }

  private timestamp(): string {
    const now = this.options.clock.now();
    return toWireTime(now, now);
  }
}
