/** Makes the audit record of a change of a request, and reads a trail of them; request actors write, REST and the app read. */
import type { RequestEvent } from '../../actors/hitl-request';
import type { HubError } from '../../errors';
import type { AuditEntry, AuditEvent, AuditRecord } from '../../protocol/audit';
import type { Author, Millis, RequestRecord, User } from '../../protocol/records';
import type { AuditFilter, Store } from '../../store/store';
import type { Occasion } from '../commit/occasion';

/** What each event of the machine is called in the audit. */
const names: Record<RequestEvent['type'], AuditEvent> = {
  respond: 'responded',
  claim: 'claimed',
  renew: 'claimed',
  release: 'released',
  leave: 'released',
  lease_end: 'lease_ended',
  remind: 'reminded',
  escalate: 'escalated',
  amend: 'amended',
  cancel: 'cancelled',
  withdraw: 'cancelled',
  turn_end: 'cancelled',
  supersede: 'superseded',
  expire: 'expired',
  execute: 'executing',
  executed: 'executed',
  execution_failed: 'failed',
  execution_lost: 'unknown',
  execution_lease_end: 'unknown',
  retry: 'retried',
  use_grant: 'requested',
  revoke_grant: 'grant_revoked',
  asker_leave: 'asker_left',
  asker_return: 'asker_returned',
  not_run: 'not_run',
};

/** The event of the machine behind one of the audit; `respond` for a refused answer. */
export function machineEventOf(event: AuditEvent): string {
  const [type = 'respond'] = Object.entries(names).find(([, name]) => name === event) ?? [];
  return type;
}

/** The record of a request's birth. */
export function auditOfBirth(record: RequestRecord, state: string, occasion: Occasion): AuditRecord {
  const { usedGrant, approvedDigest, display } = record;
  const by = occasion.by ?? { id: record.userId };
  return {
    ...common(record, 'requested', record.createdAt, { ...occasion, by }),
    toState: state,
    ...(display && { display }),
    ...(usedGrant && { approvedDigest, grantId: usedGrant.id }),
  };
}

/** The record of an event that changed a request; that of an answer has all that was sent with it, so that a changed verdict is never lost. */
export function auditOf(
  record: RequestRecord,
  event: RequestEvent,
  states: { fromState: string; toState: string },
  occasion: Occasion,
): AuditRecord {
  const response = event.type === 'respond' && event.response && { response: event.response };
  return {
    ...common(record, names[event.type], event.at, occasion),
    ...states,
    ...said(event, record),
    ...response,
  };
}

/** Whether only the end of a lease changed: that is sent, but is no step of the request and so not stored. */
export function isRenewal({ event, fromState, toState }: AuditRecord): boolean {
  return (event === 'claimed' || event === 'executing') && fromState === toState;
}

/** The record of an answer that was refused because its sender may not give it. */
export function auditOfRefusal(
  record: RequestRecord,
  event: RequestEvent,
  state: string,
  occasion: Occasion,
  { code, details }: HubError<'not_allowed'>,
): AuditRecord {
  const refused = common(record, 'refused', event.at, occasion);
  const rule = details.rule !== undefined && { rule: details.rule };
  return { ...refused, fromState: state, toState: state, ...said(event, record), code, ...rule };
}

/** All of a trail, oldest first, read page by page as it is taken. */
export async function* auditTrail(store: Store, filter: AuditFilter): AsyncGenerator<AuditEntry> {
  let cursor: string | undefined;
  do {
    const page = await store.audit(filter, pageSize, cursor);
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

const pageSize = 200;

function common(record: RequestRecord, event: AuditEvent, at: Millis, { by, via, from }: Occasion) {
  const { ticketId, id: requestId, status, revision, digest } = record;
  const who = by && { by: toAuthor(by) };
  const where = from !== undefined && { from };
  return { ticketId, requestId, at, event, status, ...who, via: via ?? 'app', ...where, revision, digest };
}

/** What an event itself says of who, what and why. */
function said(event: RequestEvent, record: RequestRecord): Partial<AuditRecord> {
  const by = 'by' in event && {
    by: { userId: event.by.userId, displayName: event.by.displayName },
  };
  const approved = record.approvedDigest && { approvedDigest: record.approvedDigest };
  switch (event.type) {
    case 'respond': {
      const comment = event.response?.comment;
      const grant = record.grant && { grantId: record.grant.id };
      const words = comment !== undefined && { comment };
      return { ...by, verdict: event.status, ...approved, ...words, ...grant };
    }
    case 'amend':
      return { ...(record.display && { display: record.display }) };
    case 'leave':
      return { ...by, reason: 'left the ticket' };
    case 'cancel':
    case 'withdraw':
    case 'turn_end':
    case 'supersede':
      return { ...by, reason: event.reason };
    case 'revoke_grant':
      return { ...by, ...(record.grant && { grantId: record.grant.id }) };
    case 'expire':
      return { ...approved, ...(record.reason !== undefined && { reason: record.reason }) };
    case 'execution_failed':
    case 'execution_lost':
    case 'not_run':
      return { reason: event.error };
    default:
      return { ...by };
  }
}

function toAuthor({ id, name }: User): Author {
  return { userId: id, displayName: name ?? id };
}
