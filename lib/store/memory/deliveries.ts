/** The deliveries of the memory store: what waits for each channel, and what was given up. */
import type { Millis } from '../../protocol/records';
import { bounded, maxDeadDeliveries } from '../shared/limits';
import { byText } from '../shared/order';
import { OrderedList } from '../shared/ordered-list';
import type { DeadDelivery, DeliveryOutcome, DeliveryWrite, WaitingDelivery } from '../store';

interface Place {
  at: Millis;
  channel: string;
  requestId: string;
}

interface Stored extends Place, DeliveryWrite {
  attempts: number;
  /** Of one that was given up. */
  error?: string;
}

export class MemoryDeliveries {
  private readonly byKey = new Map<string, Stored>();
  private readonly waiting = new Map<string, OrderedList<Place, Stored>>();
  private readonly given = byTime();

  write(write: DeliveryWrite, at: Millis): void {
    const before = this.byKey.get(keyOf(write));
    const isUnseen = before?.event === 'present' && write.event === 'update';
    const { channel, requestId, version } = write;
    const event = isUnseen ? 'present' : write.event;
    this.put({ channel, requestId, event, version, attempts: 0, at });
  }

  /** As `Store.deliveries`. */
  list(channel: string, limit: number): WaitingDelivery[] {
    return take(this.waiting.get(channel)?.from() ?? [], limit).map(({ at: dueAt, ...rest }) => ({
      ...rest,
      dueAt,
    }));
  }

  /** As `Store.noteDelivery`. */
  note(tried: DeliveryWrite, outcome: DeliveryOutcome): boolean {
    const stored = this.byKey.get(keyOf(tried));
    if (stored?.version !== tried.version) {
      if (stored?.event === 'present' && outcome === 'delivered') stored.event = 'update';
      return false;
    }
    if (outcome === 'delivered') this.drop(stored);
    else if ('dueAt' in outcome) this.put({ ...stored, attempts: outcome.attempts, at: outcome.dueAt });
    else {
      const { attempts, deadAt, error } = outcome;
      this.put({ ...stored, attempts, at: deadAt, error });
      const oldest = this.given.first();
      if (oldest && this.given.size > maxDeadDeliveries) this.drop(oldest);
    }
    return true;
  }

  /** As `Store.deadDeliveries`. */
  dead(limit: number): DeadDelivery[] {
    const newest = take(
      this.given.backFrom({ at: Number.POSITIVE_INFINITY, channel: '', requestId: '' }),
      limit,
    );
    return newest.map(({ at: deadAt, error = '', ...rest }) => ({ ...rest, deadAt, error }));
  }

  private put(next: Stored): void {
    const before = this.byKey.get(keyOf(next));
    if (before) this.drop(before);
    this.byKey.set(keyOf(next), next);
    this.listOf(next).add(next);
  }

  private drop(stored: Stored): void {
    this.byKey.delete(keyOf(stored));
    this.listOf(stored).remove(stored);
  }

  private listOf({ channel, error }: Stored): OrderedList<Place, Stored> {
    if (error !== undefined) return this.given;
    const list = this.waiting.get(channel) ?? byTime();
    this.waiting.set(channel, list);
    return list;
  }
}

function keyOf({ channel, requestId }: DeliveryWrite): string {
  return `${channel}\n${requestId}`;
}

function take<T>(items: Iterable<T>, limit: number): T[] {
  const taken: T[] = [];
  const size = bounded(limit);
  for (const item of items) {
    if (taken.length >= size) break;
    taken.push(item);
  }
  return taken;
}

function byTime(): OrderedList<Place, Stored> {
  return new OrderedList(
    (a, b) => a.at - b.at || byText(a.channel, b.channel) || byText(a.requestId, b.requestId),
  );
}
