/** Notifies listeners that something has changed, at most once in a frame of the screen; each room of a provider has one. */
import type { Clock } from '../client';

/** What changes within this time is shown in one go: a resume brings hundreds of envelopes, an agent may stream. */
export const frameMs = 16;

export class Changes {
  private readonly listeners = new Set<() => void>();
  private hasMore = false;
  private cancelFrame: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  /** Returns what ends the listening. */
  on(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Notifies at once, unless that was done in this frame; then at its end. */
  notify(): void {
    this.hasMore = true;
    if (!this.cancelFrame) this.call();
  }

  /** Notifies no listener any more. */
  stop(): void {
    this.cancelFrame?.();
    this.listeners.clear();
  }

  private call(): void {
    this.hasMore = false;
    this.cancelFrame = this.clock.later(frameMs, () => {
      this.cancelFrame = undefined;
      if (this.hasMore) this.call();
    });
    for (const listener of [...this.listeners]) listener();
  }
}
