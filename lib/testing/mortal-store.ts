/** A store as one process has it: when the process dies, nothing it still does is stored; the test hub gives its hubs one each. */
import { HubError } from '../errors';
import type { Store } from '../store/store';

export class MortalStore {
  /** The same store, for as long as its process lives. */
  readonly store: Store;
  private isDead = false;

  constructor(private readonly kept: Store) {
    this.store = new Proxy(kept, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown =>
          this.isDead ? Promise.reject(new HubError('unavailable')) : Reflect.apply(value, target, args);
      },
    });
  }

  /** From now on every call rejects with `unavailable`. */
  async die(): Promise<void> {
    this.isDead = true;
    await this.kept.close();
  }
}
