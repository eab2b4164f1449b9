/** The ack of a frame about a request, as it is stored: what the record of the request may say otherwise later; what stores acks and what reads them back meet here. */
import { damaged } from '../../errors';
import { jsonBytes } from '../../protocol/codec';
import type { RequestRecord } from '../../protocol/records';
import { type RequestView, requestView } from '../../protocol/request-view';

type Field = keyof RequestRecord;
/** The fields of a request that its ack is made from, as they stood then. */
type Then = Pick<RequestRecord, 'id'> & Partial<RequestRecord>;

/** These stay what they are from the request's birth on. */
const always = [
  'id',
  'ticketId',
  'sessionId',
  'turnId',
  'messageId',
  'type',
  'userId',
  'createdAt',
  'expiresAt',
] as const satisfies readonly Field[];
/** And these within a revision. */
const ofRevision = ['payload', 'display', 'responseSchema'] as const satisfies readonly Field[];
/** These change while it is pending. */
const whilePending = [
  'status',
  'revision',
  'digest',
  'policy',
  'stage',
  'verdicts',
  'claim',
  'asker',
] as const satisfies readonly Field[];
/** And these once it is settled; nothing else does then, so that the record says the rest for good. */
const onceSettled = ['asker', 'execution', 'grant'] as const satisfies readonly Field[];
/** Bytes of a field, as JSON, from which on an ack is stored without it: an id may be repeated for as long as it is remembered. */
export const minLeftOut = 1_024;

/** What is stored of the ack that says how a request stands. */
export function storedAck(record: RequestRecord): Record<string, unknown> {
  const { id, status } = record;
  if (status !== 'pending') return { request: { id, ...only(record, onceSettled) } };
  // It may be amended, and then its record has another payload.
  const small = ofRevision.filter((field) => record[field] && jsonBytes(record[field]) < minLeftOut);
  return { request: { id, ...only(record, whilePending), ...only(record, small) } };
}

/**
 * The ack as it was given, made from what is stored of it. Of a request that was amended since, what was left out stays
 * left out, since it would be of another revision.
 * @param request reads the request as it is now
 * @throws HubError `storage_failed` where that is no longer there; what `request` throws
 */
export async function givenAck(
  stored: Record<string, unknown>,
  request: (id: string) => Promise<RequestRecord | undefined>,
): Promise<Record<string, unknown>> {
  const { request: then, hitl } = stored as { request?: Then; hitl?: RequestView };
  if (hitl) return wholeAck(stored, hitl, request);
  if (!then) return stored;
  const now = await request(then.id);
  if (!now) throw damaged('requests', then.id);
  return { hitl: requestView(asItWas(now, then), now.createdAt) };
}

function asItWas(now: RequestRecord, then: Then): RequestRecord {
  const { status, revision } = then;
  if (status !== 'pending') return { ...without(now, onceSettled), ...then } as RequestRecord;
  const asked = now.revision === revision ? only(now, ofRevision) : { payload: {} };
  return { ...only(now, always), ...asked, ...then } as RequestRecord;
}

/** An ack that an earlier version stored: whole, with null for what was large. */
async function wholeAck(
  stored: Record<string, unknown>,
  hitl: RequestView,
  request: (id: string) => Promise<RequestRecord | undefined>,
): Promise<Record<string, unknown>> {
  const leftOut = (['payload', 'display', 'response_schema'] as const).filter(
    (field) => hitl[field] === null,
  );
  if (leftOut.length === 0) return stored;
  const record = await request(hitl.id);
  // Also of one that is settled: what it had while it was pending.
  const view =
    record?.revision === hitl.revision ? requestView({ ...record, status: 'pending' }, 0) : undefined;
  const fields = Object.fromEntries(leftOut.map((field) => [field, view?.[field]]));
  return { ...stored, hitl: { ...hitl, ...fields } };
}

/** Of these fields those that are there. */
function only(record: RequestRecord, fields: readonly Field[]): Partial<RequestRecord> {
  return Object.fromEntries(
    fields.flatMap((field) => (record[field] === undefined ? [] : [[field, record[field]]])),
  );
}

function without(record: RequestRecord, fields: readonly Field[]): Partial<RequestRecord> {
  return { ...record, ...Object.fromEntries(fields.map((field) => [field, undefined])) };
}
