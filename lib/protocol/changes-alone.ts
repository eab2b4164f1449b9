/** Updates of a request without what the client knows; the transport leaves it out, the client puts it back. */
import type { EphemeralEnvelope, LoggedEnvelope } from './envelopes';
import { type FixedField, fixedFields, type RequestView } from './request-view';

/** A view, and which of its fields were left out; none were where nothing is named. */
export interface Changes {
  hitl: RequestView;
  unchanged?: FixedField[] | undefined;
}

/** The view without the fields that only an amendment changes; those it does not have are not named. */
export function changesOf(view: RequestView): Changes {
  const unchanged = fixedFields.filter((field) => view[field] !== undefined);
  if (unchanged.length === 0) return { hitl: view };
  const { payload: _payload, display: _display, response_schema: _schema, ...hitl } = view;
  return { hitl, unchanged };
}

/**
 * The envelope for a client that has every pending request of the ticket: of one that it has, without what has not changed.
 * A request that is settled, or was never pending, it may not have.
 */
export function withoutUnchanged<T extends LoggedEnvelope | EphemeralEnvelope>(envelope: T): T {
  if (envelope.event !== 'hitl_request_updated' && envelope.event !== 'hitl_request_resolved')
    return envelope;
  const { event, hitl, cause } = envelope;
  const isKnown =
    event === 'hitl_request_updated'
      ? hitl.status === 'pending' && cause !== undefined && cause.event !== 'amended'
      : hitl.used_grant === undefined;
  return isKnown ? { ...envelope, ...changesOf(hitl) } : envelope;
}
