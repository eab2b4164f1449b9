/** What the person has begun to write and not sent, stored for this tab, so that leaving a field or loading the page again loses nothing; the fields of the parts use it. */
import { useCallback, useEffect, useSyncExternalStore } from 'react';
import { TicketError } from '../client';
import { type Rest, useMount, useRest } from '../react';

/** Drafts of one person at one hub; of more, the one untouched longest is forgotten. */
export const maxDrafts = 50;
/** Characters of all of them, as JSON. A draft that alone is longer stays in the page and is not stored. */
export const maxStored = 256_000;
/** Before the names of what is stored. */
const prefix = 'express-hitl-drafts ';
const againMs = 3_000;

export class Drafts {
  /** The one touched last is last. */
  private values = new Map<string, unknown>();
  private readonly listeners = new Set<() => void>();
  /** What has been filled in again, or filled in in this page. */
  private readonly taken = new Set<string>();
  private owner: string | undefined;
  private store: ((text: string | undefined) => void) | undefined;
  /** Whose they are is known, and what was stored of theirs has been read. */
  isOpen = false;

  get(name: string): unknown {
    return this.values.get(name);
  }

  /** @param value what JSON can hold; `undefined` forgets it */
  put(name: string, value: unknown): void {
    if (value === undefined && !this.values.has(name)) return;
    this.values.delete(name);
    if (value !== undefined) this.values.set(name, value);
    const [oldest] = this.values.keys();
    if (this.values.size > maxDrafts && oldest !== undefined) this.values.delete(oldest);
    this.changed();
  }

  /** True once for each: nothing is filled in again that this page has dealt with. */
  take(name: string): boolean {
    if (this.taken.has(name)) return false;
    this.taken.add(name);
    return true;
  }

  /**
   * Reads what this person has stored, which what was written in this page in the meantime goes before. What another person
   * wrote, who was here before, is forgotten.
   */
  open(owner: string, stored: string | undefined, store: (text: string | undefined) => void): void {
    const isAnother = this.owner !== undefined && this.owner !== owner;
    this.values = new Map([...read(stored), ...(isAnother ? [] : this.values)]);
    if (isAnother) this.taken.clear();
    this.owner = owner;
    this.store = store;
    this.isOpen = true;
    this.changed();
  }

  on(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private changed(): void {
    this.store?.(this.asText());
    for (const listener of [...this.listeners]) listener();
  }

  private asText(): string | undefined {
    const all: string[] = [];
    let length = 0;
    for (const entry of [...this.values].reverse()) {
      const text = JSON.stringify(entry);
      if (length + text.length > maxStored) continue;
      length += text.length;
      all.unshift(text);
    }
    return all.length === 0 ? undefined : `[${all.join()}]`;
  }
}

/** Whatever is stored that is not of the right shape counts as nothing. */
function read(stored: string | undefined): [string, unknown][] {
  try {
    const found: unknown = JSON.parse(stored ?? '[]');
    if (!Array.isArray(found)) return [];
    const entries = found.filter((each) => Array.isArray(each) && typeof each[0] === 'string');
    return entries.slice(-maxDrafts);
  } catch {
    return [];
  }
}

/** By mount; everything on the page shares those of its hub. */
const all = new Map<string, Shared>();

interface Shared {
  drafts: Drafts;
  /** How many components use them. */
  users: number;
  /** Ends the asking whose they are. */
  ended: AbortController | undefined;
}

export function useDrafts(): Drafts {
  const rest = useRest();
  const mount = useMount();
  const shared = all.get(mount) ?? { drafts: new Drafts(), users: 0, ended: undefined };
  all.set(mount, shared);
  useEffect(() => {
    shared.users += 1;
    // Another person may have signed in since the last of them was on the page.
    if (shared.users === 1) shared.ended = askWhose(shared.drafts, rest, mount);
    return () => {
      shared.users -= 1;
      if (shared.users === 0) shared.ended?.abort();
    };
  }, [shared, rest, mount]);
  return shared.drafts;
}

/** A value that is stored, and what stores another. */
export function useDraft(name: string): [value: unknown, put: (value: unknown) => void] {
  const drafts = useDrafts();
  const value = useSyncExternalStore(
    useCallback((listener) => drafts.on(listener), [drafts]),
    () => drafts.get(name),
    () => undefined,
  );
  return [value, useCallback((changed) => drafts.put(name, changed), [drafts, name])];
}

/** The same of a text, which is empty where nothing is stored. */
export function useDraftText(name: string): [text: string, put: (text: string) => void] {
  const [value, put] = useDraft(name);
  return [
    typeof value === 'string' ? value : '',
    useCallback((text) => put(text === '' ? undefined : text), [put]),
  ];
}

/** Asked of the server, so that no one is shown what another person wrote in this tab. */
function askWhose(drafts: Drafts, rest: Rest, mount: string): AbortController {
  const ended = new AbortController();
  const ask = () => {
    rest<{ user: { id: string } }>('/hitl/me', { signal: ended.signal }).then(
      ({ user }) => open(drafts, mount, user.id),
      (error: unknown) => {
        const isNobody = error instanceof TicketError && error.code === 'authentication_required';
        if (!isNobody && !ended.signal.aborted) setTimeout(ask, againMs);
      },
    );
  };
  ask();
  return ended;
}

function open(drafts: Drafts, mount: string, userId: string): void {
  const ofMount = `${prefix}${new URL(mount, location.href).href.replace(/^ws/, 'http')} `;
  const name = ofMount + userId;
  let stored: string | undefined;
  try {
    for (const each of Object.keys(sessionStorage)) {
      if (each.startsWith(ofMount) && each !== name) sessionStorage.removeItem(each);
    }
    stored = sessionStorage.getItem(name) ?? undefined;
  } catch {
    // A browser that forbids it forgets with the page.
  }
  drafts.open(userId, stored, (text) => {
    try {
      if (text === undefined) sessionStorage.removeItem(name);
      else sessionStorage.setItem(name, text);
    } catch {
      // Neither when it is full nor when it is forbidden is anything lost that is still on the page.
    }
  });
}
