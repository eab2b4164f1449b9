/** Reads a state outside React so that a component renders again only for what it reads of it; the hooks are made of these two. */
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';

/** Something outside React. `get` may make a new object each time; its fields must stay the same while nothing changes. */
export interface Source<S extends object> {
  subscribe(listener: () => void): () => void;
  get(): S;
  /** On a server, and until its markup has been taken over. */
  initial: S;
}

/**
 * The state, whose fields note that they were read. What was ever read by a component, or by those it handed the object
 * to, makes it render again when it changes; nothing else does.
 * @param always fields that count as read
 */
export function useTracked<S extends object>(source: Source<S>, always: readonly (keyof S)[] = []): S {
  const [read] = useState(() => new Set<keyof S>(always));
  const rendered = source.get();
  // What this render shows stays the snapshot until something of it changes.
  const snapshot = () => {
    const now = source.get();
    return [...read].every((field) => Object.is(now[field], rendered[field])) ? rendered : now;
  };
  const state = useSyncExternalStore(source.subscribe, snapshot, () => source.initial);
  return watched(state, read);
}

/** What `select` makes of the state; renders again when that is no longer the same by `isSame`. */
export function useSelected<S extends object, T>(
  source: Source<S>,
  select: (state: S) => T,
  isSame: (a: T, b: T) => boolean,
): T {
  const shown = useRef<{ value: T }>(undefined);
  const pick = (state: S) => {
    const value = select(state);
    return shown.current && isSame(shown.current.value, value) ? shown.current.value : value;
  };
  const rendered = source.get();
  const picked = pick(rendered);
  const snapshot = () => {
    const now = source.get();
    if (now === rendered) return picked;
    const value = select(now);
    return isSame(picked, value) ? picked : value;
  };
  const [initial] = useState(() => select(source.initial));
  const value = useSyncExternalStore(source.subscribe, snapshot, () => initial);
  useEffect(() => {
    shown.current = { value };
  });
  return value;
}

function watched<S extends object>(state: S, read: Set<keyof S>): S {
  const view = {} as S;
  // Object.keys() widens to string; the keys are exactly the fields.
  for (const field of Object.keys(state) as (keyof S)[]) {
    Object.defineProperty(view, field, {
      enumerable: true,
      get: () => {
        read.add(field);
        return state[field];
      },
    });
  }
  return view;
}
