/** What happens after a commit: one list of subscribers, called in the order in which they were added; the funnel publishes here, and `compose` says who subscribes. */
import type { RequestEmitted } from '../../actors/hitl-request';
import { describe } from '../../errors';
import type { AuditEvent } from '../../protocol/audit';
import type { LoggedEnvelope } from '../../protocol/envelopes';
import type { Millis, RequestRecord } from '../../protocol/records';
import type { Commit, JournalEntry } from '../../store/store';
import type { Logger } from '../options/logger';

/** What a commit changed of one request. */
export interface RequestChange {
  /** None at its birth. */
  before?: RequestRecord | undefined;
  record: RequestRecord;
  /** What its machine emitted. */
  emitted: readonly RequestEmitted['type'][];
  /** What the audit calls the change. */
  event: AuditEvent;
  /** Its next deadline. */
  dueAt?: Millis | undefined;
}

/** One commit that is stored. */
export interface Committed {
  commit: Commit;
  /** Its envelopes with their places in the ticket's log. */
  envelopes: readonly LoggedEnvelope[];
  requests: readonly RequestChange[];
  /** What came into journals of turns by it. */
  journal: readonly JournalEntry[];
}

/** Called after each commit, in the order of the log. What it throws is logged, and the subscribers after it are called all the same. */
export type Subscriber = (committed: Committed) => void;

export class AfterCommit {
  private readonly subscribers: (readonly [name: string, subscriber: Subscriber])[] = [];

  constructor(private readonly logger: Logger) {}

  /** Adds one behind the others. @param name for the log */
  add(name: string, subscriber: Subscriber): void {
    this.subscribers.push([name, subscriber]);
  }

  /** Never throws: what is stored is stored, and a client that missed it sees the gap in `seq` and asks the store. */
  publish(committed: Committed): void {
    for (const [name, subscriber] of this.subscribers) {
      try {
        subscriber(committed);
      } catch (error) {
        const { ticketId } = committed.commit;
        this.logger.error('What follows a commit failed', {
          subscriber: name,
          ticketId,
          error: describe(error),
        });
      }
    }
  }
}
