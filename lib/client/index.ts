/** The public names of `express-hitl/client`, one by one. */
export type { WireCode } from '../errors';
export type {
  Ack,
  Envelope,
  ErrorEnvelope,
  GoingAway,
  LoggableEnvelope,
  LoggedEnvelope,
  LogPlace,
  Member,
  MessageDelta,
  Notice,
  Pong,
  Snapshot,
  Typing,
  Welcome,
} from '../protocol/envelopes';
export type {
  InboxAdded,
  InboxEnvelope,
  InboxRemoved,
  InboxSnapshot,
  InboxUpdated,
} from '../protocol/inbox-envelopes';
export type { MessageView } from '../protocol/message-view';
export type { AbortReason, RequestResponse, RequestStatus } from '../protocol/records';
export type { RequestView } from '../protocol/request-view';
export type { SessionView } from '../protocol/session-view';
export type { TurnView } from '../protocol/turn-view';
export type { Clock } from './clock';
export type { Ending, Refusal } from './ending';
export type { LogPosition } from './follower';
export { connectInbox, type InboxClient, type InboxEvents, type InboxOptions } from './inbox-client';
export type { InboxOrder } from './inbox-view';
export type { ClientState, Transport } from './link-parts';
export type { ClientSocket, Fetch, PageEvents, Reader, SocketConstructor } from './page';
export type { ConnectOptions, FrameOptions, RequestAck, RequestAnswer } from './socket-client';
export {
  connectTicket,
  type MessageAck,
  type TicketClient,
  type TicketEvents,
  type TicketOptions,
  type TurnAck,
} from './ticket-client';
export { TicketError, type TicketErrorCode } from './ticket-error';
export { emptyView, reduce, type View, type ViewedMessage, type ViewedTurn } from './view';
