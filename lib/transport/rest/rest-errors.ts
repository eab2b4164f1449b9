/** The end of the router: errors of REST as coded JSON. */
import type { ErrorRequestHandler } from 'express';
import { describe, HubError, isDamage, toHubError } from '../../errors';
import { Hints } from '../../hub/options/hints';
import type { Logger } from '../../hub/options/logger';
import { maxFrameBytes } from '../../protocol/client-frames';
import { refuse } from '../core/refusal';

/** The last handler of the router: our errors as coded JSON, those of the app's own middleware left to the app. */
export function restErrors(logger: Logger): ErrorRequestHandler {
  return (thrown, req, res, next) => {
    if (res.headersSent) return next(thrown);
    const error = fromBodyParser(thrown) ?? toHubError(thrown);
    // When the store no longer accepts commits, the funnel logs it, once.
    if (error.code === 'internal' || isDamage(error))
      logger.error('A request failed', { path: req.path, error: describe(error) });
    const hint = Hints.of(logger).take(error);
    if (hint !== undefined) logger.warn(hint);
    refuse(res, error);
  };
}

export function tooLarge(): HubError {
  return new HubError('too_large', { message: `The body is larger than ${maxFrameBytes} bytes` });
}

function fromBodyParser(thrown: unknown): HubError | undefined {
  const type = typeof thrown === 'object' && thrown !== null && 'type' in thrown ? thrown.type : undefined;
  if (type === 'entity.too.large') return tooLarge();
  if (typeof type === 'string')
    return new HubError('invalid_frame', { message: 'The body is not acceptable JSON' });
  return thrown instanceof URIError
    ? new HubError('invalid_id', { message: 'The address is not properly percent-encoded' })
    : undefined;
}
