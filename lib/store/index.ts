/** `express-hitl/store`: the port of a store, with the types it is made of and the rules every store needs; for stores that others write. */
export { damaged, type ErrorCode, HubError } from '../errors';
export type { AuditEntry, AuditRecord } from '../protocol/audit';
export type { LoggableEnvelope, LoggedEnvelope, LogPlace } from '../protocol/envelopes';
export type {
  Answerers,
  Author,
  GrantRecord,
  MessageRecord as Message,
  MessageRevision,
  Millis,
  RequestRecord,
  RequestStatus,
  SessionRecord as Session,
  TurnProblem,
  TurnRecord,
  TurnRun,
  TurnStatus,
  TurnWaitsFor,
  User,
} from '../protocol/records';
export * from './shared/audit-chain';
export * from './shared/cursor';
export * from './shared/epoch';
export * from './shared/grant-writes';
export * from './shared/inbox';
export * from './shared/inbox-lists';
export * from './shared/limits';
export * from './shared/log-parts';
export * from './shared/order';
export * from './shared/ordered-list';
export * from './shared/page';
export * from './shared/preconditions';
export * from './shared/turns';
export type * from './store';
