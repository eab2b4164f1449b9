/** The ack of a frame about a request as it is stored: without what the request itself has and is large; what stores acks and what reads them back meet here. */
import { jsonBytes } from '../../protocol/codec';
import type { Millis, RequestRecord } from '../../protocol/records';
import { type RequestView, requestView } from '../../protocol/request-view';

/** Fields that stay what they are within a revision. */
const ofRevision = ['payload', 'display', 'response_schema'] as const;
/** Bytes of a field, as JSON, from which on an ack is stored without it: an id may be repeated for as long as it is remembered. */
export const minLeftOut = 1_024;

/** What is stored of the ack that says how a request stands: where a field is left out it has null. */
export function storedAck(record: RequestRecord, now: Millis): Record<string, unknown> {
  const hitl: Record<string, unknown> = requestView(record, now);
  for (const field of ofRevision)
    if (hitl[field] !== undefined && jsonBytes(hitl[field]) >= minLeftOut) hitl[field] = null;
  return { hitl };
}

/**
 * The ack as it was given, made from what is stored of it. Of a request that was amended since, what was left out stays
 * left out, since it would be of another revision.
 * @param request reads the request as it is now
 */
export async function givenAck(
  stored: Record<string, unknown>,
  request: (id: string) => Promise<RequestRecord | undefined>,
): Promise<Record<string, unknown>> {
  const { hitl } = stored as { hitl?: RequestView };
  const leftOut = ofRevision.filter((field) => hitl?.[field] === null);
  if (!hitl || leftOut.length === 0) return stored;
  const record = await request(hitl.id);
  // Also of one that is settled: what it had while it was pending.
  const view =
    record?.revision === hitl.revision ? requestView({ ...record, status: 'pending' }, 0) : undefined;
  const fields = Object.fromEntries(leftOut.map((field) => [field, view?.[field]]));
  return { ...stored, hitl: { ...hitl, ...fields } };
}
