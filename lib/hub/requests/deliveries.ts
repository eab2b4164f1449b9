/** Which deliveries a change of a request means for the channels; request actors put them into the commit of that change. */
import type { RequestEmitted } from '../../actors/hitl-request';
import type { DeliveryWrite, RequestWrite } from '../../store/store';

/** What each channel has to send of a change that is about to be committed; nothing of a request that was never open. */
export function deliveriesOf(
  channels: readonly string[],
  emitted: readonly RequestEmitted[],
  { record, version }: RequestWrite,
): DeliveryWrite[] {
  const event = eventOf(emitted, record.status === 'pending');
  if (!event || (event === 'settle' && version === 0)) return [];
  return channels.map((channel) => ({ channel, requestId: record.id, event, version: version + 1 }));
}

function eventOf(emitted: readonly RequestEmitted[], isPending: boolean): DeliveryWrite['event'] | undefined {
  const types = new Set(emitted.map(({ type }) => type));
  if (types.has('hitl_request_resolved')) return 'settle';
  if (types.has('hitl_request_pending')) return 'present';
  // What becomes of an effect after the answer concerns no card.
  return isPending && types.has('hitl_request_updated') ? 'update' : undefined;
}
