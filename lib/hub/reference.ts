/** The API of the hub that this package re-implements, name by name in camelCase; `hub.reference` is this, `docs/reference-api.md` says what differs. */
import { type ChatFrame, type ChatUser, chatFrame } from '../protocol/chat-frames';
import {
  hitlRequest,
  type LoggableEnvelope,
  sessionCreated,
  sessionMessageAdded,
  sessionMessageUpdated,
  turnEnded,
  turnStarted,
} from '../protocol/envelopes';
import type { MessageRecord, RequestRecord, SessionRecord, TurnRecord, User } from '../protocol/records';
import type { RequestView } from '../protocol/request-view';
import type { Clients } from './clients';
import type { Clock } from './commit/clock';
import type { HubPort } from './port';
import { assertName, type Client, type Sink } from './tickets/client';

/** The envelope of one event, as it is made; its place in a ticket's log comes with the commit. */
export type EnvelopeOf<Event extends LoggableEnvelope['event']> = Extract<LoggableEnvelope, { event: Event }>;

/** The constants `EventKind…`. */
export const eventKinds = {
  sessionMessageAdded: 'session_message_added',
  sessionMessageUpdated: 'session_message_updated',
  sessionCreated: 'session_created',
  turnStarted: 'turn_started',
  turnEnded: 'turn_ended',
  hitlRequestPending: 'hitl_request_pending',
  hitlRequestResolved: 'hitl_request_resolved',
} as const satisfies Record<string, LoggableEnvelope['event']>;

/** What the reference's clients see of a request: eight fields of it. */
export type HITLView = Pick<
  RequestView,
  'id' | 'session_id' | 'type' | 'status' | 'user_id' | 'payload' | 'response' | 'message_id'
>;

/** One of the events of the reference. */
export type EventKind = (typeof eventKinds)[keyof typeof eventKinds];

export class Reference {
  readonly eventKinds = eventKinds;

  /** @internal */
  constructor(
    private readonly port: HubPort,
    private readonly clients: Clients,
    private readonly clock: Clock,
  ) {}

  /** `Run`: opens the store and catches up; nothing is waited for after that. @throws HubError `storage_failed`, `unavailable`, `closing` */
  run(): Promise<void> {
    return this.port.start();
  }

  /** `Close`: ends in good order. Repeatable. */
  close(): Promise<void> {
    return this.port.close();
  }

  /** A client in the tab `default`; it is not in the ticket before `register`. @throws HubError `invalid_id` */
  newClient(ticketId: string, user: User, sink: Sink): Client {
    return this.newClientWithTabId(ticketId, user, 'default', sink);
  }

  /** @throws HubError `invalid_id` */
  newClientWithTabId(ticketId: string, user: User, tabId: string, sink: Sink): Client {
    return this.port.newClient(ticketId, user, tabId, sink);
  }

  /**
   * Lets a client into its ticket. When it returns, the client is connected, and an older one of the same user and tab is
   * out. Repeatable.
   * @throws HubError `ticket_full`, `closing`; then nothing has changed
   */
  register(client: Client): void {
    this.port.register(client);
  }

  /** Takes a client out. Repeatable; nothing after `close`. */
  unregister(client: Client): void {
    this.port.unregister(client);
  }

  /** Sends a text unchanged to every client of a ticket, not stored; a ticket without connected clients is no error. @throws HubError `invalid_id` */
  broadcastToTicket(ticketId: string, raw: string): void {
    assertName(ticketId);
    this.port.rooms.deliver(ticketId, [{ raw }]);
  }

  /** A chat frame to every client of a ticket, not stored; `notice` in `hitl.v1`. @throws HubError `invalid_id` */
  sendToTicket(ticketId: string, frame: ChatFrame): void {
    this.clients.sendToTicket(ticketId, frame);
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
   * A chat frame to one client, not stored. Returns when it is queued, not when it has arrived.
   * @throws HubError `client_not_found`; `client_queue_full`, then the client is disconnected
   */
  sendToClient(clientId: string, frame: ChatFrame): void {
    this.clients.sendToClient(clientId, frame);
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

  /** Tickets with at least one client. */
  getActiveTickets(): string[] {
    return [...this.port.rooms.tickets()];
  }

  getClientCount(ticketId: string): number {
    return this.port.rooms.count(ticketId);
  }

  getTotalClientCount(): number {
    return this.port.rooms.count();
  }

  /** The envelope alone: it is neither stored nor sent. So are those below. */
  newSessionCreatedEvent(session: SessionRecord): EnvelopeOf<'session_created'> {
    return sessionCreated(session, this.clock.now()) as EnvelopeOf<'session_created'>;
  }

  newSessionMessageAddedEvent(message: MessageRecord): EnvelopeOf<'session_message_added'> {
    return sessionMessageAdded(message, this.clock.now()) as EnvelopeOf<'session_message_added'>;
  }

  newSessionMessageUpdatedEvent(message: MessageRecord): EnvelopeOf<'session_message_updated'> {
    return sessionMessageUpdated(message, this.clock.now()) as EnvelopeOf<'session_message_updated'>;
  }

  newTurnStartedEvent(turn: TurnRecord): EnvelopeOf<'turn_started'> {
    return turnStarted(turn, this.clock.now()) as EnvelopeOf<'turn_started'>;
  }

  newTurnEndedEvent(turn: TurnRecord): EnvelopeOf<'turn_ended'> {
    return turnEnded(turn, this.clock.now()) as EnvelopeOf<'turn_ended'>;
  }

  newHitlRequestPendingEvent(request: RequestRecord): EnvelopeOf<'hitl_request_pending'> {
    return hitlRequest(
      'hitl_request_pending',
      request,
      this.clock.now(),
    ) as EnvelopeOf<'hitl_request_pending'>;
  }

  newHitlRequestResolvedEvent(request: RequestRecord): EnvelopeOf<'hitl_request_resolved'> {
    return hitlRequest(
      'hitl_request_resolved',
      request,
      this.clock.now(),
    ) as EnvelopeOf<'hitl_request_resolved'>;
  }

  private toFrame(type: ChatFrame['type'], content: string, user?: ChatUser): ChatFrame {
    return chatFrame(type, content, this.clock.now(), { user });
  }
}
