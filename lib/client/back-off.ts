/** How long to wait before coming back: random, up to a limit that doubles with every try; the link asks before each. */

/** The limit of the first wait. */
export const firstWaitMs = 1_000;
/** The limit that no wait exceeds, unless the server asked for longer. */
export const longestWaitMs = 30_000;

export class BackOff {
  private tries = 0;

  /** @param random from 0 up to, not including, 1 */
  constructor(private readonly random: () => number) {}

  /** The next wait, in milliseconds. The whole of it is random, so that clients that disconnected together reconnect at different times. */
  next(): number {
    const limit = Math.min(longestWaitMs, firstWaitMs * 2 ** this.tries);
    this.tries += 1;
    return this.random() * limit;
  }

  /** A wait of the longest kind; it counts as no try. */
  longest(): number {
    return this.random() * longestWaitMs;
  }

  reset(): void {
    this.tries = 0;
  }
}
