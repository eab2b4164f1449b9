/** How much the answers to one request may hold together, since each envelope about it carries all of them; `Answering.respond` asks. */
import { verdictsBeside } from '../../actors/agreement';
import { HubError } from '../../errors';
import { jsonBytes } from '../../protocol/codec';
import type { RequestRecord, RequestResponse } from '../../protocol/records';

/** Bytes of an answer's response and the verdicts it is counted beside, as JSON. As many as a payload, so that one answer always fits. */
export const maxAnswersBytes = 262_144;

/**
 * An answer without a response is never refused: there is always room for a plain yes or no.
 * @param response what the person sent, in place of what they may have sent before
 * @throws HubError `too_large` saying what to send instead
 */
export function assertFitsBeside(request: RequestRecord, userId: string, response?: RequestResponse): void {
  const others = verdictsBeside(request, userId);
  if (!response || others.length === 0) return;
  if (jsonBytes(others) + jsonBytes(response) <= maxAnswersBytes) return;
  throw new HubError('too_large', {
    message: `The answers to a request are together at most ${maxAnswersBytes} bytes as JSON: send a shorter one, or a denial without a comment`,
  });
}
