/** Calls a callback of the app and fails closed: what it throws is logged and denies access; `Identities` and `Access` ask the app here. */
import { HubError, isHubError, messageOf, stackOf } from '../../errors';
import type { Logger } from '../../hub/options/logger';

/**
 * What the app's callback gives.
 * @param name of the callback, for the log
 * @throws HubError that the callback throws; `unavailable` for whatever else it throws
 */
export async function askApp<T>(logger: Logger, name: string, callback: () => Promise<T>): Promise<T> {
  try {
    return await callback();
  } catch (cause) {
    if (isHubError(cause)) throw cause;
    // Its message and place only: what an app's error carries beside may hold what must not be logged.
    logger.error(`${name} failed; access is refused`, {
      error: messageOf(cause),
      stack: stackOf(cause),
    });
    throw new HubError('unavailable', { cause });
  }
}
