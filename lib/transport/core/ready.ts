/** Waits until the hub can serve; every route that answers a peer calls it. */
import { HubError, toHubError } from '../../errors';
import type { HubPort } from '../../hub/port';

/** @throws HubError with the code alone: what hinders the start (paths, processes, hosts) is for the app's log, as the cause */
export async function ready(hub: Pick<HubPort, 'start'>): Promise<void> {
  await hub.start().catch((cause: unknown) => {
    throw new HubError(toHubError(cause).code, { cause });
  });
}
