/** Serializes the events of one entity: every change of a request, a session or a key runs in the lane of that entity. */

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

  /** Resolves when no work is in progress in any lane, including work that was added in the meantime. */
  async settled(): Promise<void> {
    while (this.tails.size > 0) await Promise.allSettled(this.tails.values());
  }
}
