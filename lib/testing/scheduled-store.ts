/** A store whose calls wait for their turn, so that a race search can put anything between them. */
import type { Store } from '../store/store';
import type { Schedule } from './model-options';

/** The same store; every call but `open` and `close` is done when `schedule` says so. */
export function scheduledStore(store: Store, schedule: Schedule): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      if (name === 'open' || name === 'close') return call;
      // Every other function of a store is asynchronous.
      return (...args: unknown[]) => schedule(String(name), () => call(...args) as Promise<unknown>);
    },
  });
}
