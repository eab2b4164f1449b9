/** Trims every ticket's log to its bounds as it grows; the hub calls it with what was committed. */
import { describe, HubError, isHubError } from '../../errors';
import type { LoggedEnvelope } from '../../protocol/envelopes';
import type { Store } from '../../store/store';
import { type Duration, toMillis } from '../options/duration';
import type { Logger } from '../options/logger';
import type { Clock } from './clock';

export interface LogBounds {
  /** Envelopes stored per ticket, at least; a client further behind gets a snapshot. Default 10,000. */
  envelopes?: number | undefined;
  /** Envelopes older than this go too, when the ticket's log grows. Default `'90d'`. */
  maxAge?: Duration | undefined;
}

/** A log is trimmed each time it has grown by this fraction of its bound, so it exceeds the bound by at most that much. */
const slack = 10;

export class Trimmer {
  private readonly maxEnvelopes: number;
  private readonly maxAgeMs: number;
  private readonly step: number;

  /** @throws HubError `invalid_request` for bounds that are none */
  constructor(
    private readonly parts: { store: Store; clock: Clock; logger: Logger },
    bounds: LogBounds = {},
  ) {
    this.maxEnvelopes = bounds.envelopes ?? 10_000;
    this.maxAgeMs = toMillis(bounds.maxAge ?? '90d');
    if (!Number.isInteger(this.maxEnvelopes) || this.maxEnvelopes < 1) {
      throw new HubError('invalid_request', {
        message: 'log.envelopes must be a whole number of at least 1',
      });
    }
    this.step = Math.max(1, Math.floor(this.maxEnvelopes / slack));
  }

  /** Envelopes were added to a ticket's log; trims it now and then. Never throws: what could not be trimmed is next time. */
  note(ticketId: string, envelopes: readonly LoggedEnvelope[]): void {
    const last = envelopes.at(-1)?.seq ?? 0;
    const before = last - envelopes.length;
    if (Math.floor(last / this.step) === Math.floor(before / this.step)) return;
    const { store, clock, logger } = this.parts;
    store.trim(ticketId, this.maxEnvelopes, clock.now() - this.maxAgeMs).catch((error: unknown) =>
      logger.warn('A log could not be trimmed', {
        ticketId,
        error: isHubError(error) ? error.code : describe(error),
      }),
    );
  }
}
