/** Follows a ticket's log: which envelope is new, which was handled before, and when one is missing. */

/** A place in a ticket's log; what a client resumes with. */
export interface LogPosition {
  epoch: string;
  seq: number;
}

export class Follower {
  /** Where the last gap was. */
  private gapAt: number | undefined;
  /** A snapshot was begun and its last page has not come: a client cannot resume from here. */
  private isPartial = false;

  /** @param position up to which everything is handled; none: nothing is known */
  constructor(private at: LogPosition | undefined) {}

  /** Up to here everything has been handled. */
  get position(): LogPosition | undefined {
    return this.isPartial ? undefined : this.at;
  }

  /** A snapshot: everything up to there is known at once; or, if pages of it follow, with the last of these. */
  jump(to: LogPosition, { isPartial = false } = {}): void {
    this.at = { epoch: to.epoch, seq: to.seq };
    this.gapAt = undefined;
    this.isPartial = isPartial;
  }

  /** The last page of the snapshot has come. */
  complete(): void {
    this.isPartial = false;
  }

  /** The connection is gone. Half a snapshot is nothing to resume from. */
  drop(): void {
    if (this.isPartial) this.at = undefined;
    this.isPartial = false;
  }

  /** The place of the next envelope: `new` is to be handled now, `seen` was before, with `gap` one is missing before it. */
  take({ epoch, seq }: LogPosition): 'new' | 'seen' | 'gap' {
    if (!this.at || epoch !== this.at.epoch || seq > this.at.seq + 1) return 'gap';
    if (seq <= this.at.seq) return 'seen';
    this.at = { epoch, seq };
    return 'new';
  }

  /** Whether the log, whose top is `seq`, continues after what was handled; also while nothing is known. */
  isBehind(seq: number): boolean {
    return this.at === undefined || this.at.seq < seq;
  }

  /** One is missing. If it is the same as last time, resuming does not help: forget, so that a snapshot comes. */
  missed(): void {
    if (this.at === undefined || this.gapAt === this.at.seq) this.at = undefined;
    this.gapAt = this.at?.seq;
  }
}
