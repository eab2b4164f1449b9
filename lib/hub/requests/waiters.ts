/** The promises that wait for the outcome of a request in this process. */
import { HubError } from '../../errors';
import type { RequestRecord } from '../../protocol/records';

interface Waiter {
  resolve(record: RequestRecord): void;
  reject(reason: unknown): void;
}

export class Waiters {
  private readonly byRequest = new Map<string, Set<Waiter>>();
  private closed = false;

  /** @param note called when the first waiter comes, and when none is left */
  constructor(private readonly note: (isWaiting: boolean) => void = () => {}) {}

  /** The requests that are waited for. */
  requests(): IterableIterator<string> {
    return this.byRequest.keys();
  }

  /** How many promises are waiting. */
  get size(): number {
    let size = 0;
    for (const waiters of this.byRequest.values()) size += waiters.size;
    return size;
  }

  /**
   * The settled record, from `read` if it is settled already.
   * @throws HubError `closing` when the hub closes first; what `read` throws; the signal's reason if it aborts first
   */
  async wait(id: string, read: () => Promise<RequestRecord>, signal?: AbortSignal): Promise<RequestRecord> {
    signal?.throwIfAborted();
    if (this.closed) throw new HubError('closing');
    const { promise, waiter } = deferred();
    const waiters = this.byRequest.get(id) ?? new Set();
    const isFirst = this.byRequest.size === 0;
    this.byRequest.set(id, waiters.add(waiter));
    if (isFirst) this.note(true);
    const onAbort = () => waiter.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      // Registered first, read second: an answer in between is seen by the one or the other.
      const record = await read();
      return record.status === 'pending' ? await promise : record;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      waiters.delete(waiter);
      if (waiters.size === 0 && this.byRequest.get(id) === waiters) {
        this.byRequest.delete(id);
        if (this.byRequest.size === 0) this.note(false);
      }
    }
  }

  settle(record: RequestRecord): void {
    for (const waiter of this.byRequest.get(record.id) ?? []) waiter.resolve(record);
  }

  /** Ends every wait; the requests stay as they are. */
  close(): void {
    this.closed = true;
    for (const waiters of this.byRequest.values()) {
      for (const waiter of waiters) waiter.reject(new HubError('closing'));
    }
  }
}

function deferred(): { promise: Promise<RequestRecord>; waiter: Waiter } {
  let waiter: Waiter | undefined;
  const promise = new Promise<RequestRecord>((resolve, reject) => {
    waiter = { resolve, reject };
  });
  // A waiter sees the rejection; without one it must not reach the host's process as unhandled.
  promise.catch(() => {});
  return { promise, waiter: waiter as unknown as Waiter };
}
