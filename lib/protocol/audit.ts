/** The audit of requests: what is stored of every change, who made it and from where; the hub writes it, REST shows it. */
import { z } from 'zod';
import { errorCodes, type WireCode } from '../errors';
import { authorSchema, authorView } from './author-view';
import { displaySchema, displayView } from './display-view';
import type { Author, Display, Millis, RequestResponse, RequestStatus } from './records';
import { requestStatusSchema } from './request-view';
import { toWireTime } from './wire-time';

/** The way a change came. `app`: the app's own code; `turn`: the agent's; `deadline`: no one, time has passed. */
export const viaSchema = z.enum(['socket', 'rest', 'link', 'channel', 'app', 'turn', 'deadline']);
/** The way a change came. */
export type Via = z.infer<typeof viaSchema>;

/** What happened to a request. `refused` changed nothing: a person answered who may not. */
export const auditEventSchema = z.enum([
  'requested',
  'responded',
  'claimed',
  'released',
  'lease_ended',
  'reminded',
  'escalated',
  'amended',
  'cancelled',
  'superseded',
  'expired',
  'executing',
  'executed',
  'failed',
  'unknown',
  'retried',
  'grant_revoked',
  'asker_left',
  'asker_returned',
  'not_run',
  'refused',
]);
/** What happened to a request; `refused`: nothing, a person answered who may not. */
export type AuditEvent = z.infer<typeof auditEventSchema>;

/** One change of a request, as it was committed with the change itself. */
export interface AuditRecord {
  ticketId: string;
  requestId: string;
  at: Millis;
  event: AuditEvent;
  /** The machine's state before, as in `pending.open`; none at the request's birth. */
  fromState?: string | undefined;
  toState: string;
  /** Of the request, after the change. */
  status: RequestStatus;
  /** None where time or the app's own code did it. */
  by?: Author | undefined;
  via: Via;
  /** The address of the peer. */
  from?: string | undefined;
  /** What was asked at that moment: what the person saw. */
  revision: number;
  digest: string;
  /** What people were shown beside that, from this change on; on `requested` and `amended`. */
  display?: Display | undefined;
  /** The answer of `responded` and `refused`. */
  verdict?: 'approved' | 'denied' | undefined;
  /** Of what was approved, once that is decided. */
  approvedDigest?: string | undefined;
  comment?: string | undefined;
  /** All that was sent with a verdict that was counted, the comment included; of a refused one only the comment is stored. */
  response?: RequestResponse | undefined;
  /** Why it was withdrawn or is over, or why a run failed. */
  reason?: string | undefined;
  /** The grant that was given with the answer, that approved the request, or that was revoked. */
  grantId?: string | undefined;
  /** Why it was `refused`. */
  code?: WireCode | undefined;
  rule?: string | undefined;
}

/** A stored record: `n` counts the records of its ticket from 1, without a gap. */
export type AuditEntry = AuditRecord & { n: number };

export const auditViewSchema = z.object({
  n: z.number().int().positive(),
  ticket_id: z.string(),
  request_id: z.string(),
  at: z.iso.datetime({ offset: true }),
  event: auditEventSchema,
  from_state: z.string().optional(),
  to_state: z.string(),
  status: requestStatusSchema,
  by: authorSchema.optional(),
  via: viaSchema,
  from: z.string().optional(),
  revision: z.number().int().positive(),
  digest: z.string(),
  display: displaySchema.optional(),
  verdict: z.enum(['approved', 'denied']).optional(),
  approved_digest: z.string().optional(),
  comment: z.string().optional(),
  response: z.record(z.string(), z.unknown()).optional(),
  reason: z.string().optional(),
  grant_id: z.string().optional(),
  code: z.enum(Object.keys(errorCodes) as [WireCode, ...WireCode[]]).optional(),
  rule: z.string().optional(),
});
export type AuditView = z.infer<typeof auditViewSchema>;

/** What is sent to every client of the ticket about a change. */
export const causeSchema = auditViewSchema.pick({ event: true, by: true, via: true });

export function causeView({ event, by, via }: AuditRecord): z.infer<typeof causeSchema> {
  return { event, ...(by && { by: authorView(by) }), via };
}

export function auditView(entry: AuditEntry): AuditView {
  const {
    fromState,
    by,
    from,
    display,
    verdict,
    approvedDigest,
    comment,
    response,
    reason,
    grantId,
    code,
    rule,
  } = entry;
  return {
    n: entry.n,
    ticket_id: entry.ticketId,
    request_id: entry.requestId,
    at: toWireTime(entry.at, entry.at),
    event: entry.event,
    ...(fromState && { from_state: fromState }),
    to_state: entry.toState,
    status: entry.status,
    ...(by && { by: authorView(by) }),
    via: entry.via,
    ...(from && { from }),
    revision: entry.revision,
    digest: entry.digest,
    ...(display && { display: displayView(display) }),
    ...(verdict && { verdict }),
    ...(approvedDigest && { approved_digest: approvedDigest }),
    ...(comment !== undefined && { comment }),
    ...(response && { response }),
    ...(reason !== undefined && { reason }),
    ...(grantId && { grant_id: grantId }),
    ...(code && { code }),
    ...(rule && { rule }),
  };
}
