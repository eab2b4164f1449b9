/** The frames of each user that were carried out, of which the last are remembered; commits note them. */
import type { Millis } from '../../protocol/records';
import { frameSlack, maxFramesPerUser } from '../shared/limits';
import type { ProcessedFrame } from '../store';
import type { Statements } from './statements';

/** Users whose count is in memory at most; all are forgotten at once, and counted again. */
const maxCountedUsers = 10_000;

export class Frames {
  private readonly counts = new Map<string, number>();

  constructor(private readonly s: Statements) {}

  /** Inside a transaction that writes. */
  remember({ userId, frameId, ack }: ProcessedFrame, at: Millis): void {
    this.s.addFrame.run(userId, frameId, at, JSON.stringify(ack));
    const count = (this.counts.get(userId) ?? this.counted(userId) - 1) + 1;
    // Not each time: all of the user are looked through for it.
    const isFull = count >= maxFramesPerUser + frameSlack;
    if (isFull) this.s.dropFrames.run(userId, userId, maxFramesPerUser);
    if (this.counts.size >= maxCountedUsers) this.forget();
    this.counts.set(userId, isFull ? maxFramesPerUser : count);
  }

  /** Forgets the counts: the transaction in which they grew is rolled back. */
  forget(): void {
    this.counts.clear();
  }

  private counted(userId: string): number {
    return this.s.countFrames.get(userId)?.count ?? 0;
  }
}
