/** Why a frame was not carried out: what the promises of the client reject with. */
import type { WireCode } from '../errors';

/**
 * The server's code, or one of the client's own: `closed` (the connection is over for good before there was an answer;
 * whether the frame was carried out is not known) and `queue_full` (`maxWaiting` frames have no answer yet; it was not
 * sent). A later server may send codes that are not listed here.
 */
export type TicketErrorCode = WireCode | 'closed' | 'queue_full';

/** Match on `code`, never on `message`. */
export class TicketError extends Error {
  override readonly name = 'TicketError';

  /** @param details facts that belong to the code; with `already_resolved`, `details.hitl` is the settled view */
  constructor(
    readonly code: TicketErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}
