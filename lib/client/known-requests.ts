/** The pending requests of a ticket as they were sent whole, for the updates that leave that out; the ticket client has one. */
import type { Envelope } from '../protocol/envelopes';
import type { RequestView } from '../protocol/request-view';
import { withUnchanged } from './whole-request';

export class KnownRequests {
  private readonly pending = new Map<string, RequestView>();

  /** Notes the request of an envelope, and returns the envelope with the whole request; as it came where the request is not known. */
  complete(envelope: Envelope): Envelope {
    const { event } = envelope;
    if (event === 'snapshot') this.pending.clear();
    if (event === 'snapshot' || event === 'snapshot_requests')
      for (const request of envelope.requests) this.pending.set(request.id, request);
    const whole = withUnchanged(envelope, (id) => this.pending.get(id));
    const { hitl, unchanged } = whole as { hitl?: RequestView; unchanged?: unknown };
    if (hitl && hitl.status !== 'pending') this.pending.delete(hitl.id);
    // One that lacks something would lack it for ever.
    else if (hitl && !unchanged) this.pending.set(hitl.id, hitl);
    return whole;
  }
}
