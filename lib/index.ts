/** The public names of express-hitl, one by one. */
export type { ExpiryDefault } from './actors/hitl-request';
export { hitlRequestMachine } from './actors/hitl-request-machine';
export { ticketMachine } from './actors/ticket-machine';
export { turnMachine } from './actors/turn-machine';
export { type ErrorBody, type ErrorCode, errorCodes, HubError } from './errors';
export type { AppRules, MayCancel, MayCancelTurn, MayRespond } from './hub/app-rules';
export type { AskOptions, HitlRequestInput } from './hub/ask';
export { type Channel, type Delivery, DeliveryRefused, type OpenDelivery } from './hub/channel';
export type { Channels } from './hub/channels';
export { Client, type PromptPanel, type Sink } from './hub/client';
export { type Clock, systemClock } from './hub/clock';
export type { Duration } from './hub/duration';
export type { GrantOffer, GrantSubject } from './hub/grant-terms';
export type { Grants, MayGrant } from './hub/grants';
export type { GuardedTool, Tool, ToolOutcome } from './hub/guard-tool';
export type { Amendment, Hitl, HitlAnswer } from './hub/hitl';
export type { RequestHooks } from './hub/hooks';
export type { Hub } from './hub/hub';
export type { Inbox } from './hub/inbox';
export type { Kind } from './hub/kinds';
export type { LinkOptions, Links } from './hub/links';
export type { Occasion } from './hub/occasion';
export type { ClassicScope } from './hub/prompts';
export type { Line } from './hub/say';
export type { ToolRule } from './hub/tool-rules';
export type { LogBounds } from './hub/trimmer';
export type {
  Answer,
  Approval,
  ApproveOptions,
  Decision,
  KindOptions,
  QuestionOptions,
  Turn,
} from './hub/turn';
export type { Accepted, Agent, Turns } from './hub/turns';
export type { AuditEntry, AuditView } from './protocol/audit';
export type { ChatFrame, ChatUser } from './protocol/chat-frames';
export type { ClientFrame } from './protocol/client-frames';
export { type CloseCode, type CloseName, closeCodes } from './protocol/close-codes';
export type { Envelope, LoggedEnvelope, Snapshot } from './protocol/envelopes';
export type { GrantState, GrantView } from './protocol/grants';
export type {
  AnswerPolicy,
  Author,
  CountedVerdict,
  Display,
  GrantRecord,
  MessageRecord,
  RequestRecord,
  RequestResponse,
  RequestStatus,
  SessionRecord,
  Stage,
  TurnRecord,
  User,
} from './protocol/records';
export type { MessageView, RequestView, SessionView, TurnView } from './protocol/views';
export { memoryStore } from './store/memory';
export { type SqliteStoreOptions, sqliteStore } from './store/sqlite';
export type {
  Commit,
  CommitResult,
  DeadDelivery,
  InboxCounts,
  InboxFilter,
  InboxOrder,
  InboxOwner,
  Store,
} from './store/store';
export type { AccessCallbacks, Identity, Service, TicketAccess } from './transport/access';
export { type ExpressHitl, type ExpressHitlOptions, expressHitl } from './transport/express-hitl';
export type { OriginOptions } from './transport/origin';
export type { RateLimitOptions } from './transport/rate-limit';
export type { AttachOptions } from './transport/upgrade';
export { type WebhookOptions, webhookChannel } from './transport/webhook-channel';
