/** Where a ticket's log stands, as an envelope; frames answer a ping with it, the heartbeat sends it unasked. */
import type { HubPort } from '../../hub/port';
import type { Pong } from '../../protocol/envelopes';

/**
 * Where a ticket's log stands, read after the end of the tick: by then all that was committed before has gone out, and an
 * envelope that is only late does not look lost. @throws HubError `storage_failed`, `unavailable`
 */
export async function pongOf(hub: HubPort, ticketId: string): Promise<Pong> {
  const { seq } = await hub.position(ticketId);
  await new Promise((resolve) => setImmediate(resolve));
  return { event: 'pong', seq };
}
