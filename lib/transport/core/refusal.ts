/** What becomes of a request that is refused: its HTTP answer, its close code where there is a socket already, its line in the log. */
import type { ServerResponse } from 'node:http';
import { type HubError, messageOf } from '../../errors';
import { Hints } from '../../hub/options/hints';
import type { Logger } from '../../hub/options/logger';
import type { CloseName } from '../../protocol/close-codes';
import { encodeRefusal } from '../../protocol/codec';
import type { Handshake } from './handshake';
import { addressOf, peerOf } from './peer';

/** Seconds after which a 503 asks to try again (`Retry-After`). */
const retryAfter = '5';

/** Answers with the error's status and its coded JSON body; does nothing where an answer has begun. */
export function refuse(res: ServerResponse, error: HubError): void {
  if (res.headersSent) return;
  res.statusCode = error.status;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Cache-Control', 'no-store');
  if (error.status === 503) res.setHeader('Retry-After', retryAfter);
  if (error.code === 'invalid_handshake') res.setHeader('Sec-WebSocket-Version', '13');
  res.end(encodeRefusal(error));
}

/** The close code that says what the HTTP status would have said. */
export function closeNameFor(error: HubError): CloseName {
  const byStatus: Partial<Record<number, CloseName>> = {
    400: 'bad_request',
    401: 'session_ended',
    403: 'forbidden',
    404: 'not_found',
    429: 'rate_limited',
    503: 'unavailable',
  };
  return byStatus[error.status] ?? 'internal';
}

/**
 * The code, the peer's address and, once, the likely mistake; nothing else that the peer has sent, whose headers hold its
 * credentials.
 */
export function logRefusal(
  logger: Logger,
  error: HubError,
  req: Pick<Handshake, 'headers' | 'socket' | 'ip'>,
): void {
  const from = addressOf(peerOf(req));
  if (error.code !== 'internal') {
    const hint = Hints.of(logger).take(error);
    logger.info('A socket was refused', { code: error.code, from, ...(hint !== undefined && { hint }) });
    return;
  }
  const cause = error.cause === undefined ? error.message : messageOf(error.cause);
  logger.error('A socket could not be let in', { error: cause, from });
}
