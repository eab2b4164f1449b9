/** Chance that can be repeated: whatever a stress scenario decides it decides by this, so that its seed decides the same again. */

export class Random {
  private state: number;

  /** @param seed any whole number; the same gives the same row of decisions */
  constructor(readonly seed: number) {
    this.state = seed >>> 0;
  }

  /** 0 or more, below 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** @throws Error for an empty list */
  pick<T>(list: readonly T[]): T {
    const [picked] = list.slice(this.int(0, list.length - 1));
    if (picked === undefined) throw new Error('Nothing to pick from');
    return picked;
  }

  /** Bytes of no meaning. */
  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.int(0, 255)));
  }

  /** Another row of decisions, which depends on the seed and the label only and not on what was decided before. */
  fork(label: string | number): Random {
    let hash = this.seed ^ 0x811c9dc5;
    for (const byte of Buffer.from(String(label))) hash = Math.imul(hash ^ byte, 0x01000193);
    return new Random(hash);
  }
}
