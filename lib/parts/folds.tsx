/** What of a request is folded away and has not been looked at: texts and values say so, and the buttons that approve wait for it. */
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useId,
  useMemo,
  useState,
  useSyncExternalStore,
} from 'react';

/** The places that hide something now, and whether everything is to be shown. */
class Folds {
  private readonly hidden = new Set<string>();
  private readonly listeners = new Set<() => void>();
  isAllOpen = false;

  readonly on = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  readonly count = (): number => this.hidden.size;

  put(id: string, isHidden: boolean): void {
    if (isHidden === this.hidden.has(id)) return;
    if (isHidden) this.hidden.add(id);
    else this.hidden.delete(id);
    this.notify();
  }

  openAll(): void {
    this.isAllOpen = true;
    this.notify();
  }

  private notify(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

const Here = createContext<Folds | undefined>(undefined);
const nowhere = new Folds();

/** Around all that has to be looked at before it is approved. */
export function Foldable({ children }: { children: ReactNode }) {
  const [folds] = useState(() => new Folds());
  return <Here.Provider value={folds}>{children}</Here.Provider>;
}

/** Around what may stay folded: it is not needed for a decision. */
export function MayStayFolded({ children }: { children: ReactNode }) {
  return <Here.Provider value={undefined}>{children}</Here.Provider>;
}

/** Says that something is hidden here until it was looked at. @returns whether everything has been asked for */
export function useFold(isHidden: boolean): boolean {
  const folds = useContext(Here);
  const id = useId();
  const isAllOpen = useSyncExternalStore(
    (folds ?? nowhere).on,
    () => folds?.isAllOpen ?? false,
    () => false,
  );
  useEffect(() => {
    folds?.put(id, isHidden && !isAllOpen);
  }, [folds, id, isHidden, isAllOpen]);
  useEffect(() => () => folds?.put(id, false), [folds, id]);
  return isAllOpen;
}

export interface Unseen {
  /** How many places hide something that was not looked at. */
  readonly count: number;
  /** Shows all of it. */
  openAll(): void;
}

export function useUnseen(): Unseen {
  const folds = useContext(Here);
  const count = useSyncExternalStore(
    (folds ?? nowhere).on,
    () => folds?.count() ?? 0,
    () => 0,
  );
  return useMemo(() => ({ count, openAll: () => folds?.openAll() }), [folds, count]);
}
