/** The commit funnel: every state change is committed to the store by it and delivered afterwards; requests, turns and rooms use it. */
import { describe, HubError, isHubError } from '../../errors';
import type { LoggedEnvelope } from '../../protocol/envelopes';
import type { Commit, CommitResult, Store } from '../../store/store';
import type { Logger } from '../options/logger';
import type { AfterCommit, RequestChange } from './after-commit';
import { Lanes } from './lanes';

/** What is not stored and goes with a commit to those who follow it. */
export interface Following {
  /** What it changes of requests. */
  requests?: readonly RequestChange[];
  /** Called when it is stored, before the subscribers: what the committing code itself has to know first. Must not throw. */
  onStored?(): void;
}

interface Waiting {
  commit: Commit;
  following: Following;
  resolve(envelopes: readonly LoggedEnvelope[]): void;
  reject(error: HubError): void;
}

/** How many commits go into one store transaction: enough to share the disk's flush, few enough not to block the loop. */
const maxGroup = 100;
/** Commits waiting for the store; one more is refused as `busy`. */
export const maxWaitingCommits = 10_000;

export class Funnel {
  private readonly waiting: Waiting[] = [];
  private flushing: Promise<void> | undefined;
  /** Why the store fails at present; logged once, and not for each of what may be thousands of commits. */
  private outage: string | undefined;
  /** One lane for all commits on this node: a group is committed and delivered before the next one starts. */
  private readonly lane = new Lanes();

  constructor(
    private readonly store: Store,
    private readonly after: Pick<AfterCommit, 'publish'>,
    private readonly logger: Logger,
  ) {}

  /**
   * Commits one event's changes, delivers its envelopes, then resolves. Commits of one tick share a transaction.
   * @throws HubError `conflict`, `key_conflict`, `duplicate_id` (its details are the first `ack`), `storage_failed`, `busy`;
   *   then nothing was committed and nothing delivered
   */
  commit(commit: Commit, following: Following = {}): Promise<readonly LoggedEnvelope[]> {
    if (this.waiting.length >= maxWaitingCommits) return Promise.reject(new HubError('busy'));
    return new Promise((resolve, reject) => {
      this.waiting.push({ commit, following, resolve, reject });
      this.flushing ??= new Promise((done) => setImmediate(() => this.flush().then(done)));
    });
  }

  /** Runs work that needs the store at a moment when all that is committed has been delivered and no commit is in progress. */
  between<T>(work: () => Promise<T>): Promise<T> {
    return this.lane.run('', work);
  }

  /** Resolves when nothing is waiting any more. */
  async settled(): Promise<void> {
    while (this.flushing) await this.flushing;
  }

  private async flush(): Promise<void> {
    while (this.waiting.length > 0) {
      await this.between(() => this.commitGroup(this.waiting.splice(0, maxGroup)));
      // The loop gets its turn between groups, so that sockets are read and written.
      if (this.waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    this.flushing = undefined;
  }

  private async commitGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.store.commit(group.map(({ commit }) => commit));
      this.noteOutage(undefined);
      group.forEach((waiting, index) => {
        this.settle(waiting, results[index]);
      });
    } catch (thrown) {
      const error = isHubError(thrown) ? thrown : new HubError('storage_failed', { cause: thrown });
      if (error.code === 'storage_failed') this.noteOutage(describe(thrown));
      for (const { reject } of group) reject(error);
    }
  }

  private noteOutage(outage: string | undefined): void {
    if (outage === this.outage) return;
    this.outage = outage;
    if (outage === undefined) this.logger.warn('The store commits again');
    else this.logger.error('The store does not commit; changes are refused', { error: outage });
  }

  private settle({ commit, following, resolve, reject }: Waiting, result: CommitResult | undefined): void {
    if (!result?.ok) {
      reject(new HubError(result?.code ?? 'storage_failed', { details: result?.ack }));
      return;
    }
    const { requests = [], onStored } = following;
    const { envelopes, journal } = result;
    onStored?.();
    this.after.publish({ commit, envelopes, requests, journal });
    resolve(envelopes);
  }
}
