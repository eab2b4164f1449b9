/** Keeps the events of one thing in a row: whoever changes a request, a session or a key does it in that thing's lane. */

/** Runs asynchronous work one after another per key; different keys are independent. Idle keys cost nothing. */
export class Lanes {
  private readonly tails = new Map<string, Promise<unknown>>();

  /** Runs `work` after everything that was given for `key` before, whether that succeeded or not. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key);
    const result = before ? before.then(work, work) : work();
    this.tails.set(key, result);
    const tidy = () => {
      if (this.tails.get(key) === result) this.tails.delete(key);
    };
    result.then(tidy, tidy);
    return result;
  }

  /** Resolves when no work is under way in any lane, that which is given meanwhile included. */
  async settled(): Promise<void> {
    while (this.tails.size > 0) await Promise.allSettled(this.tails.values());
  }
}
