/** What the app is told of requests beside the wire: to page someone, or to go on where nobody waits any more. */

import { messageOf } from '../errors';
import type { RequestRecord } from '../protocol/records';
import type { Logger } from './options/logger';

/** Called after what they tell of is kept and delivered. What they throw is logged and changes nothing. */
export interface RequestHooks {
  /** A reminder of the request is due: nudge someone. */
  reminded?(request: Readonly<RequestRecord>): unknown;
  /** More people may answer from now on: page them. */
  escalated?(request: Readonly<RequestRecord>): unknown;
  /** The request has ended, whether or not anybody still waits for it. */
  resolved?(request: Readonly<RequestRecord>): unknown;
}

/** Calls one hook and lets nothing it does get through. */
export function callHook(
  hooks: RequestHooks,
  name: keyof RequestHooks,
  request: RequestRecord,
  logger: Logger,
): void {
  const call = async () => hooks[name]?.(request);
  call().catch((error: unknown) =>
    logger.error('A request hook failed', {
      hook: name,
      requestId: request.id,
      error: messageOf(error),
    }),
  );
}
