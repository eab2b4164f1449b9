/** What is committed for an event that a request has taken: emissions become envelopes, grants and deliveries, beside the record and its audit. */
import { answerersOf } from '../../actors/answerers';
import { nextDeadline, type RequestEmitted, requestRecord } from '../../actors/hitl-request';
import type { AuditRecord } from '../../protocol/audit';
import { hitlRequest, type LoggableEnvelope } from '../../protocol/envelopes';
import type { Millis, RequestRecord } from '../../protocol/records';
import type { DeliveryWrite, GrantWrite, ProcessedFrame, RequestWrite } from '../../store/store';
import type { RequestChange } from '../commit/after-commit';
import type { Beside } from '../commit/occasion';
import { grantGiven } from '../kinds/grant-terms';
import { deliveriesOf } from './deliveries';
import type { Live } from './live-requests';

/** What is committed for one event: the request it changed, or that and the one it superseded. */
export interface Change extends Beside {
  requests: readonly [RequestWrite, ...RequestWrite[]];
  /** The same for those who follow the commit, in the order of `requests`. */
  changes: readonly RequestChange[];
  envelopes: readonly LoggableEnvelope[];
  grants: readonly GrantWrite[];
  deliveries: readonly DeliveryWrite[];
  audit: readonly AuditRecord[];
  frame?: ProcessedFrame;
}

/** What an event has done, as far as it goes into a commit. */
export interface Deed {
  write: RequestWrite;
  emitted: readonly RequestEmitted[];
  audit: AuditRecord;
  before?: RequestRecord | undefined;
}

/** A request as it stands, to be stored. @param record its projection, where that was made already */
export function writeOf({ actor, version }: Live, record = requestRecord(actor.snapshot)): RequestWrite {
  const dueAt = nextDeadline(actor.snapshot)?.at;
  const answerers = answerersOf(record);
  const snapshot = actor.stored(record);
  return {
    record,
    ...(answerers && { answerers }),
    ...(snapshot && { snapshot }),
    version,
    ...(dueAt !== undefined && { dueAt }),
  };
}

/** @param channels by name: the channels that are notified of requests */
export function changeOf(
  { write, emitted, audit, before }: Deed,
  channels: readonly string[],
  now: Millis,
): Change {
  const { record } = write;
  const envelopes = emitted.flatMap(({ type }) =>
    type === 'hitl_request_pending' || type === 'hitl_request_updated' || type === 'hitl_request_resolved'
      ? [hitlRequest(type, record, now, audit)]
      : [],
  );
  const grants = emitted.flatMap(({ type }) => grantWrites(type, record));
  const deliveries = deliveriesOf(channels, emitted, write);
  const types = emitted.map(({ type }) => type);
  const changes = [{ before, record, emitted: types, event: audit.event, dueAt: write.dueAt }];
  return { requests: [write], changes, envelopes, grants, deliveries, audit: [audit] };
}

/** Both in one commit: the first is superseded by the second. */
export function together(older: Change, newer: Change): Change {
  const { requests, changes, envelopes, grants, deliveries, audit, ...beside } = newer;
  return {
    ...beside,
    requests: [...older.requests, ...requests],
    changes: [...older.changes, ...changes],
    envelopes: [...older.envelopes, ...envelopes],
    grants: [...older.grants, ...grants],
    deliveries: [...older.deliveries, ...deliveries],
    audit: [...older.audit, ...audit],
  };
}

/** The grants of a request, as they are stored with it. */
function grantWrites(type: RequestEmitted['type'], record: RequestRecord): GrantWrite[] {
  const { grant, usedGrant } = record;
  if (type === 'grant_given') return [{ type: 'give', grant: grantGiven(record) }];
  if (type === 'grant_used' && usedGrant) return [{ type: 'use', id: usedGrant.id }];
  if (type === 'grant_revoked' && grant?.revokedBy)
    return [{ type: 'revoke', id: grant.id, by: grant.revokedBy }];
  return [];
}
