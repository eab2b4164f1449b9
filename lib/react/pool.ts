/** What several components use at once: opened for the first, closed some time after the last; a provider has one per kind. */
import type { Clock } from '../client';

/** Something that is used; `release` gives it back, to be called once. */
export interface Held<T> {
  readonly value: T;
  release(): void;
}

interface Entry<T> {
  value: T;
  users: number;
  cancelLinger: (() => void) | undefined;
}

export class Pool<T extends { close(): void }> {
  private readonly entries = new Map<string, Entry<T>>();

  /** @param lingerMs how long something unused is retained: over a change of route, and React's double mount */
  constructor(
    private readonly lingerMs: number,
    private readonly clock: Clock,
  ) {}

  /** What is open under this key, if anything. Opens nothing, so that a render may ask. */
  get(key: string): T | undefined {
    return this.entries.get(key)?.value;
  }

  /** Everything that is open. */
  values(): T[] {
    return [...this.entries.values()].map(({ value }) => value);
  }

  /**
   * Opens what is under this key, or joins those who use it.
   * @throws what `open` throws; then nothing is held
   */
  hold(key: string, open: () => T): Held<T> {
    const entry = this.entries.get(key) ?? { value: open(), users: 0, cancelLinger: undefined };
    this.entries.set(key, entry);
    entry.users += 1;
    entry.cancelLinger?.();
    entry.cancelLinger = undefined;
    return { value: entry.value, release: () => this.release(key, entry) };
  }

  private release(key: string, entry: Entry<T>): void {
    entry.users -= 1;
    if (entry.users > 0) return;
    entry.cancelLinger = this.clock.later(this.lingerMs, () => {
      this.entries.delete(key);
      entry.value.close();
    });
  }
}
