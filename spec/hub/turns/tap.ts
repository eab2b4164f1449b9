/** A source of text in the test's hand: gives what it is given, when it is given. */
export class Tap implements AsyncIterable<string> {
  /** The reader has left before the end. */
  isLeft = false;
  /** Reads that wait. */
  private readonly waiting: ((result: Promise<IteratorResult<string>>) => void)[] = [];
  private readonly ready: Promise<IteratorResult<string>>[] = [];

  // biome-ignore lint/suspicious/noExplicitAny: what is no text too
  give(...texts: any[]): void {
    for (const value of texts) this.push(Promise.resolve({ done: false, value }));
  }

  end(): void {
    this.push(Promise.resolve({ done: true, value: undefined }));
  }

  fail(error: unknown): void {
    const failing = Promise.reject(error);
    failing.catch(() => {});
    this.push(failing);
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return {
      next: () => {
        const [first] = this.ready.splice(0, 1);
        return first ?? new Promise((resolve) => this.waiting.push(resolve));
      },
      // As of a generator that waits for something: it does not come back.
      return: () => {
        this.isLeft = true;
        return new Promise(() => {});
      },
    };
  }

  private push(result: Promise<IteratorResult<string>>): void {
    const [first] = this.waiting.splice(0, 1);
    if (first) first(result);
    else this.ready.push(result);
  }
}
