/** A store that stands still before or after one commit, so that a test ends its process just there, or refuses some. */
import type { Commit, Store } from '../../lib/store/store';

export class Stops {
  private next: { isIt(commit: Commit): boolean; when: 'before' | 'after'; reach(): void } | undefined;
  private failing: { isIt(commit: Commit): boolean; times: number } | undefined;

  /** Resolves when a commit that fits was reached; it, and what follows, is never answered. */
  at(when: 'before' | 'after', isIt: (commit: Commit) => boolean): Promise<void> {
    return new Promise((reach) => {
      this.next = { isIt, when, reach };
    });
  }

  /** So many commits that fit are refused, as when the disk is full for a while. */
  fail(times: number, isIt: (commit: Commit) => boolean): void {
    this.failing = { isIt, times };
  }

  /** @param store of one process */
  watch(store: Store): Store {
    const commit: Store['commit'] = async (commits) => {
      const { next, failing } = this;
      if (failing && failing.times > 0 && commits.some((each) => failing.isIt(each))) {
        failing.times -= 1;
        throw new Error('disk full');
      }
      if (!next || !commits.some((each) => next.isIt(each))) return store.commit(commits);
      this.next = undefined;
      if (next.when === 'after') await store.commit(commits);
      next.reach();
      return new Promise(() => {});
    };
    return new Proxy(store, {
      get: (target, name) => {
        if (name === 'commit') return commit;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}

/** Whether a commit writes an entry of a call that begins so, and whose body has this field. */
export function writes(call: string, field: string): (commit: Commit) => boolean {
  return ({ journal = [] }) =>
    journal.some((entry) => entry.call.startsWith(call) && field in (entry.body as object));
}
