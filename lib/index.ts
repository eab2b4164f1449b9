/** The public names of express-hitl, one by one. */
export type { ExpiryDefault } from './actors/hitl-request';
export { hitlRequestMachine } from './actors/hitl-request-machine';
export { ticketMachine } from './actors/ticket-machine';
export { turnMachine } from './actors/turn-machine';
export { type WebhookOptions, webhookChannel } from './channels/webhook';
export {
  type AnyHubError,
  type ErrorBody,
  type ErrorCode,
  type ErrorDetails,
  errorCodes,
  HubError,
  type HubErrorOptions,
  type WireCode,
} from './errors';
export type { AppTurns } from './hub/app-turns';
export type { ClientNotice, Clients, Disconnect } from './hub/clients';
export { type Clock, systemClock } from './hub/commit/clock';
export type { LogBounds } from './hub/commit/trimmer';
export type { ClientLimits, RetentionOptions } from './hub/compose';
export type { Hub } from './hub/hub';
export type {
  EventBody,
  EventName,
  EventNameOf,
  EventPattern,
  HubEvent,
  RequestUpdate,
} from './hub/hub-events';
export type { InboxQuery, InboxReader, InboxSize } from './hub/inbox/inbox-reader';
export type {
  Answer,
  AnyKind,
  AnyOutcome,
  AnyRequest,
  Approval,
  BuiltInKind,
  BuiltInKinds,
  CountedAnswer,
  DecidedBy,
  Decision,
  HitlRequest,
  HitlTypes,
  JsonObject,
  Kind,
  KindName,
  Kinds,
  KnownUser,
  MaybePromise,
  NoTypes,
  OpenRequest,
  Outcome,
  OutcomeOf,
  OwnKindName,
  PayloadIn,
  PayloadOf,
  RequestFields,
  RequestGrant,
  RequestStatus,
  ResponseIn,
  ResponseOf,
  Settled,
  Verdict,
} from './hub/kinds/app-types';
export { defineKind, type KindOptions } from './hub/kinds/define-kind';
export type { Grant, GrantSubject } from './hub/kinds/grant';
export type { GrantOffer } from './hub/kinds/grant-terms';
export { jsonSchema } from './hub/kinds/schemas';
export type {
  ObjectSchema,
  Schema,
  SchemaInput,
  SchemaIssue,
  SchemaOutput,
  SchemaResult,
} from './hub/kinds/standard-schema';
export type { AnyTool, Tool, ToolArgs, ToolArgsIn, ToolResult } from './hub/kinds/tool';
export type { Duration } from './hub/options/duration';
export type { Logger } from './hub/options/logger';
export {
  type Channel,
  type Delivery,
  DeliveryRefused,
  type FailedDelivery,
  type OpenDelivery,
} from './hub/outbox/channel';
export type { Channels } from './hub/outbox/channels';
export type { LinkOptions, Links } from './hub/outbox/links';
export { type EnvelopeOf, type EventKind, eventKinds, type HITLView, type Reference } from './hub/reference';
export type { AppGrants } from './hub/requests/app-grants';
export type { AppRule, RuleOptions } from './hub/requests/app-rules';
export type { AskOptions } from './hub/requests/ask';
export type { Executions, Run } from './hub/requests/executions';
export type {
  AppOccasion as Occasion,
  ApprovalOptions,
  Question,
  RequestInput,
} from './hub/requests/request-input';
export type { AnswerFields, AnswerInput, RequestPlace, Requests } from './hub/requests/requests';
export type { Broadcast as BroadcastMessage, Outbound, PromptAgain, RawFrame } from './hub/tickets/broadcast';
export type { Client, PresenceMode, PromptPanel, Sink } from './hub/tickets/client';
export type { ClientInfo } from './hub/tickets/client-info';
export type { ClassicScope } from './hub/tickets/prompts';
export type { RunContext, ToolOptions } from './hub/tools/make-tool';
export type { RuleAsk, RuleScope, ToolRule } from './hub/tools/tool-rules';
export type { Again } from './hub/turns/durable/again';
export type { DurableOptions } from './hub/turns/durable/agent-code';
export { type DurableAgent, durable } from './hub/turns/durable/durable';
export type { DurableTurn } from './hub/turns/durable/durable-turn';
export type { MessageStream, StreamOptions } from './hub/turns/message-stream';
export type { SayOptions } from './hub/turns/outputs';
export type { Line } from './hub/turns/say';
export type { Jsonify, StepContext, StepOptions, StepResult } from './hub/turns/steps';
export type { StreamSource } from './hub/turns/stream-source';
export type { Agent, AnswerTo, ToolCall, Turn } from './hub/turns/turn';
export type { Accepted } from './hub/turns/turns';
export type { AuditEntry, AuditEvent, AuditRecord, AuditView, Via } from './protocol/audit';
export type { ChatFrame, ChatUser } from './protocol/chat-frames';
export type { ClientFrame } from './protocol/client-frames';
export { type CloseCode, type CloseName, closeCodes } from './protocol/close-codes';
export type {
  DirectEnvelope,
  Envelope,
  EphemeralEnvelope,
  LoggableEnvelope,
  LoggedEnvelope,
  LogPlace,
  Snapshot,
} from './protocol/envelopes';
export type { GrantState, GrantView } from './protocol/grants';
export type { MessageView } from './protocol/message-view';
export type {
  AbortReason,
  AnswerPolicy,
  Author,
  Claim,
  CountedVerdict,
  Display,
  Execution,
  GivenGrant,
  GrantRecord,
  GrantTerms,
  MajorityStage,
  MessageRecord as Message,
  MessageRevision,
  MessageType,
  Millis,
  People,
  PolicyRules,
  RequestRecord,
  RequestResponse,
  SessionRecord as Session,
  Stage,
  TurnProblem,
  TurnRecord,
  TurnRun,
  TurnStatus,
  TurnWaitsFor,
  UsedGrant,
  User,
  VetoStage,
} from './protocol/records';
export type { RequestView } from './protocol/request-view';
export type { SessionView } from './protocol/session-view';
export type { TurnView } from './protocol/turn-view';
export { memoryStore } from './store/memory/memory-store';
export { type SqliteStoreOptions, sqliteStore } from './store/sqlite/sqlite-store';
export type {
  AuditFilter,
  Commit,
  CommitResult,
  DueTurn,
  InboxCounts,
  InboxFilter,
  InboxOrder,
  InboxOwner,
  JournalEntry,
  JournalWrite,
  Page,
  RequestFilter,
  Store,
  TurnFence,
  TurnFilter,
  TurnVersion,
  TurnWaitWrite,
} from './store/store';
export type { AuthOptions, Identity, Service, TicketAccess } from './transport/core/auth-options';
export type { Handshake } from './transport/core/handshake';
export type { OriginOptions } from './transport/core/origin';
export type { FrameLimits } from './transport/core/rate-limit';
export {
  type ExpressHitl,
  type ExpressHitlOptions,
  expressHitl,
  type HttpOptions,
  type LimitOptions,
  type PageOptions,
} from './transport/express/express-hitl';
export type { HandledHub, HandlerReference } from './transport/express/handler-reference';
export type { SocketHandler } from './transport/express/socket-route';
export type { AttachOptions } from './transport/express/upgrade';
export type { ChartsOptions } from './transport/pages/charts/charts-router';
export type { ConsoleOptions } from './transport/pages/console';
