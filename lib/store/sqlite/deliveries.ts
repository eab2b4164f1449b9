/** What became of a delivery, written to SQLite; the store calls it inside a transaction. */
import { maxDeadDeliveries } from '../shared/limits';
import type { DeliveryOutcome, DeliveryWrite } from '../store';
import type { Statements } from './statements';

/** As `Store.noteDelivery`. */
export function noteDelivery(s: Statements, tried: DeliveryWrite, outcome: DeliveryOutcome): boolean {
  const { channel, requestId, version } = tried;
  const key = [channel, requestId, version] as const;
  if (outcome === 'delivered') {
    if (s.dropDelivery.get(...key)) return true;
    s.presented.run(channel, requestId);
    return false;
  }
  if ('dueAt' in outcome) return !!s.postponeDelivery.get(outcome.attempts, outcome.dueAt, ...key);
  const isNoted = !!s.buryDelivery.get(outcome.attempts, outcome.deadAt, outcome.error, ...key);
  s.dropDead.run(maxDeadDeliveries);
  return isNoted;
}
