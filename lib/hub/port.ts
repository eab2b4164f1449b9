/** What the transport and the plugin need of a hub beyond what an app does: the internal side of `Hub`; not exported from the package. */
import { HubError } from '../errors';
import type { CloseName } from '../protocol/close-codes';
import type { DirectEnvelope, EphemeralEnvelope, MessageDelta } from '../protocol/envelopes';
import type { User } from '../protocol/records';
import { toWireTime } from '../protocol/wire-time';
import type { LogPosition } from '../store/store';
import { compose, type HubOptions, type HubParts } from './compose';
import type { Matches } from './disconnects';
import { InboxClient } from './inbox/inbox-client';
import { type Duration, toMillis } from './options/duration';
import { givenAck } from './requests/request-ack';
import { assertName, Client, type PresenceMode, type Sink } from './tickets/client';
import { type Opening, openingFor, openingPage } from './tickets/opening';
import { warningOfStrayCalls } from './turns/durable/development';
import { codeOf, type DurableAgent, durable } from './turns/durable/durable';
import { type Line, say } from './turns/say';
import type { ResumeFailure } from './turns/sessions';
import type { Agent } from './turns/turn';
import type { Accepted } from './turns/turns';

export type { HubOptions } from './compose';

export class HubPort {
  readonly hitl: HubParts['hitl'];
  readonly grants: HubParts['grants'];
  readonly links: HubParts['links'];
  readonly channels: HubParts['channels'];
  readonly turns: HubParts['turns'];
  readonly inbox: HubParts['inbox'];
  readonly rooms: HubParts['rooms'];
  readonly events: HubParts['events'];
  /** Every step of every ticket, turn and request on this node, for those who subscribe. */
  readonly steps: HubParts['steps'];
  /** Who was disconnected lately. */
  readonly disconnects: HubParts['disconnects'];
  private readonly parts: HubParts;

  constructor(private readonly options: HubOptions) {
    this.parts = compose(options);
    const { hitl, grants, links, channels, turns, inbox, rooms, events, steps, disconnects } = this.parts;
    this.hitl = hitl;
    this.grants = grants;
    this.links = links;
    this.channels = channels;
    this.turns = turns;
    this.inbox = inbox;
    this.rooms = rooms;
    this.events = events;
    this.steps = steps;
    this.disconnects = disconnects;
  }

  /** See `Lifecycle.start`. */
  start(): Promise<void> {
    return this.parts.lifecycle.start();
  }

  /**
   * Registers the agent that answers chat messages.
   * @throws HubError `invalid_request` if there is one, or the hub has started: it may have put turns in order without it
   */
  setAgent(agent: Agent | DurableAgent): void {
    const wrong = this.whyNoAgent(agent);
    if (wrong) throw new HubError('invalid_request', { message: `hitl.agent: ${wrong}` });
    const durable = codeOf(agent);
    this.parts.agents.agent = durable
      ? { durable: warningOfStrayCalls(durable, { ...this.options, until: this.closingSignal }) }
      : { plain: agent as Agent };
  }

  private whyNoAgent(agent: unknown): string | undefined {
    if (agent === durable) return 'durable wraps the agent: hitl.agent(durable(async (turn) => …))';
    if (typeof agent !== 'function' && !codeOf(agent))
      return 'an agent is a function that takes a turn, or what durable gives';
    if (this.parts.agents.agent) return 'there is an agent already; a hub has one';
    if (this.parts.lifecycle.isStarted)
      return 'the hub has started; register the agent before start, attach and the first client';
    return undefined;
  }

  /** Aborts when the hub begins to close or to drain, with `closing` as its reason. */
  get closingSignal(): AbortSignal {
    return this.parts.lifecycle.signal;
  }

  /** True from the first call of `close` on. */
  get closing(): boolean {
    return this.parts.lifecycle.hasBegunToEnd;
  }

  /**
   * Ends in good order: new clients are refused, turns end as aborted, pending requests stay for the next start, clients are
   * closed with 1001, the store is closed. Repeatable; cuts a `drain` short. The counts stay at their last value.
   */
  close(): Promise<void> {
    return this.parts.lifecycle.close();
  }

  /**
   * Ends like `close`, but gracefully, for a server that restarts: clients are sent `going_away`, each with its own time to
   * reconnect, so that they do not all connect at once; turns may finish in the meantime; then clients are closed with 1012.
   * @param over how long that may take, and the time over which clients reconnect
   */
  drain({ over = '10s' }: { over?: Duration } = {}): Promise<void> {
    return this.parts.lifecycle.drain(toMillis(over));
  }

  /** See `Lifecycle.settled`. */
  settled(): Promise<void> {
    return this.parts.lifecycle.settled();
  }

  /** A client; it is not in the ticket before `register`. @throws HubError `invalid_id` */
  newClient(
    ticketId: string,
    user: User,
    tabId: string,
    sink: Sink,
    presence: PresenceMode = 'list',
  ): Client {
    return new Client({ ticketId, user, tabId, sink, presence, now: this.options.clock.now() });
  }

  /**
   * Adds a client to its ticket. When it returns, the client is connected, and an older one of the same user and tab is not.
   * Repeatable.
   * @throws HubError `ticket_full`, `closing`; then nothing has changed
   */
  register(client: Client): void {
    if (this.closing) throw new HubError('closing');
    this.rooms.join(client);
  }

  /** Removes a client from its ticket. Repeatable; does nothing after `close`. */
  unregister(client: Client): void {
    if (!this.parts.lifecycle.isOver) this.rooms.leave(client);
  }

  /** Lets an inbox be open. @throws HubError `inbox_limit`, `busy`, `closing`; then nothing has changed */
  registerInbox(client: InboxClient): void {
    if (this.closing) throw new HubError('closing');
    this.inbox.register(client);
  }

  /** The person behind the client did something in the ticket, which renews that person's claims. */
  heard(client: Client): void {
    if (this.isRegistered(client)) this.parts.claims.heard(client);
  }

  /** Whether the client is connected: not replaced, not evicted, not gone. */
  isRegistered(client: Client): boolean {
    return this.rooms.has(client);
  }

  /**
   * Adds a stored message to a ticket, outside of any turn: a remark of the app, or what a person wrote in Slack or a terminal,
   * which the agent may be asked to answer. Sent and stored like any message; resolves when it is committed.
   * @throws HubError `invalid_request`, `invalid_id`, `empty_message`, `too_large`, `not_found` for the session, `busy`,
   *   `closing`, `storage_failed`
   */
  say(ticketId: string, line: Line): Promise<Accepted> {
    const { store, clock } = this.options;
    return say({ store, clock, turns: this.turns }, ticketId, line);
  }

  /** Sends an envelope to one client. False: the client is too slow, and was disconnected. */
  send(client: Client, envelope: DirectEnvelope | EphemeralEnvelope): boolean {
    const keepsUp = client.sink.send(envelope);
    if (!keepsUp) this.rooms.evict(client);
    return keepsUp;
  }

  /** Sends to every client of the ticket that this client's user is typing. */
  sendTyping(client: Client): void {
    const user = { id: client.user.id, name: client.user.name };
    const timestamp = this.timestamp();
    const { ticketId } = client;
    this.rooms.deliver(ticketId, [{ event: 'typing', timestamp, ticket_id: ticketId, user }]);
  }

  /** Sends this client the presence of its ticket. */
  sendPresence(client: Client): void {
    const { ticketId } = client;
    this.send(client, {
      event: 'presence_changed',
      timestamp: this.timestamp(),
      ticket_id: ticketId,
      presence: this.rooms.presence(ticketId),
      presence_version: this.rooms.presenceVersion(ticketId),
    });
  }

  /** The states of a ticket in use, by the ids of the charts; empty for a ticket without connected clients. */
  statesOfTicket(ticketId: string): readonly string[] {
    return this.rooms.statesOf(ticketId);
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

  /** Every connected client and open inbox. */
  everybody(): (Client | InboxClient)[] {
    return this.parts.everybody();
  }

  /**
   * What a client is sent when it joins: what it missed since `after`, or a snapshot if that cannot be replayed.
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

  /** What the messages that grow in a ticket have beyond what is committed: what a client lacks that has its opening. */
  deltas(ticketId: string): MessageDelta[] {
    return this.parts.streams.deltas(ticketId);
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

  private timestamp(): string {
    const now = this.options.clock.now();
    return toWireTime(now, now);
  }
}
