/** A store in memory that takes its time: the clock moves on while it commits. What it has stored outlives a restart. */
import { type Commit, memoryStore, type Store } from '../../lib';

export interface SlowStore {
  store: Store;
  /** What happens during the next commit. */
  meanwhile(happens: () => void): void;
}

export function slowStore(): SlowStore {
  const store = memoryStore();
  let next: (() => void) | undefined;
  store.close = async () => {};
  const commit = store.commit.bind(store);
  store.commit = (commits: readonly Commit[]) => {
    next?.();
    next = undefined;
    return commit(commits);
  };
  return {
    store,
    meanwhile: (happens) => {
      next = happens;
    },
  };
}
