/** Refused answers in the audit: an answer that is not allowed is stored, once per person and rule; `Decisions` calls it. */
import { type RequestEvent, requestRecord, stateName } from '../../actors/hitl-request';
import { HubError } from '../../errors';
import type { Funnel } from '../commit/funnel';
import type { Occasion } from '../commit/occasion';
import type { Logger } from '../options/logger';
import { auditOfRefusal } from './audit';
import type { Live } from './live-requests';

/** Refused answers of one request that are stored for the audit while its actor is in memory. */
export const maxRefusals = 100;

export class Refusals {
  constructor(private readonly parts: { funnel: Funnel; logger: Logger }) {}

  /** A refused answer is stored too, once per person and rule; a failure to store it changes nothing. */
  async commitRefusal(live: Live, event: RequestEvent, occasion: Occasion, refusal: HubError): Promise<void> {
    if (event.type !== 'respond' || !HubError.is(refusal, 'not_allowed')) return;
    live.refusals ??= new Set();
    const tried = `${event.by.userId}\n${refusal.details.rule}`;
    if (live.refusals.has(tried) || live.refusals.size >= maxRefusals) return;
    live.refusals.add(tried);
    const record = requestRecord(live.actor.snapshot);
    const audit = auditOfRefusal(record, event, stateName(live.actor.snapshot), occasion, refusal);
    const { funnel, logger } = this.parts;
    await funnel
      .commit({ ticketId: record.ticketId, at: event.at, envelopes: [], audit: [audit] })
      .catch((error: HubError) =>
        logger.error('A refused answer could not be stored for the audit', {
          requestId: record.id,
          error: error.code,
        }),
      );
  }
}
