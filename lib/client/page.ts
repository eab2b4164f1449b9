/** What the surroundings offer, a browser's page or Node; read only here, so that nothing else has to know where it runs. */
import type { Refusal } from './ending';

/** An event of a socket; which of these it has depends on its type. */
export interface SocketEvent {
  readonly type: string;
  /** Of `message`. */
  readonly data?: unknown;
  /** Of `close`. */
  readonly code?: number;
  readonly reason?: string;
  /** Of `close` of an event stream that never opened: why, if the server said so. */
  readonly refusal?: Refusal | undefined;
}

/** What the client needs of a WebSocket; a browser's, Node's and that of `ws` have it. */
export interface ClientSocket {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  /** Only in Node: ends without waiting for a peer that does not answer. */
  terminate?(): void;
  addEventListener(
    type: 'open' | 'message' | 'close' | 'error',
    listener: (event: { readonly type: string }) => void,
  ): void;
}

/** `WebSocket`, or a subclass of that of `ws` which adds headers. */
export type SocketConstructor = new (url: string, protocols: string[]) => ClientSocket;

/** The storage that holds the tab's name over a reload. */
export interface TabStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Where `online`, `offline`, `visibilitychange`, `resume`, `pagehide` and `pageshow` are heard. */
export interface PageEvents {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** What of the Web Locks of a browser is used. */
export interface PageLocks {
  request(
    name: string,
    options: { ifAvailable: true } | { signal: AbortSignal },
    work: (lock: object | null) => Promise<void> | undefined,
  ): Promise<unknown>;
}

/** What comes of an answer, piece by piece. */
export interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
}

/**
 * What is asked of `fetch`: why a handshake failed, which a browser does not reveal; a stream where no upgrade gets through, and
 * its frames; by the hooks also what only REST has.
 */
export type Fetch = (
  url: string,
  init: {
    credentials: 'include';
    redirect: 'manual';
    headers: Record<string, string>;
    signal: AbortSignal;
    /** Default `GET`. */
    method?: 'POST';
    body?: string;
  },
) => Promise<{
  status: number;
  json(): Promise<unknown>;
  /** Of which `Date` is read, for the server's time where no socket gives it. */
  headers?: { get(name: string): string | null };
  /** `opaqueredirect` for a redirect in a browser, which does not show its status. */
  type?: string;
  /** Without it there are no streams. */
  body?: { getReader(): Reader } | null;
}>;

interface Surroundings extends Partial<PageEvents> {
  WebSocket?: SocketConstructor;
  sessionStorage?: TabStorage;
  location?: { href: string; origin: string };
  document?: { visibilityState: string };
  navigator?: { locks?: PageLocks };
  performance?: { getEntriesByType?(type: 'navigation'): { nextHopProtocol?: string }[] };
  fetch: Fetch;
}

// None of this is in the types of the language alone, and which of it is there differs from place to place.
const here = globalThis as unknown as Surroundings;

/** None in Node before 22. */
export function pageWebSocket(): SocketConstructor | undefined {
  return here.WebSocket;
}

/** None outside browsers, and where the user has forbidden it. */
export function pageStorage(): TabStorage | undefined {
  try {
    return here.location && here.sessionStorage;
  } catch {
    return undefined;
  }
}

/** Those of the window and, on their way down to it, those of the document. */
export function pageEvents(): PageEvents | undefined {
  const { addEventListener: add, removeEventListener: remove } = here as Partial<
    Record<keyof PageEvents, (type: string, listener: () => void, isCapturing: true) => void>
  >;
  if (!add || !remove) return undefined;
  return {
    addEventListener: (type, listener) => add.call(here, type, listener, true),
    removeEventListener: (type, listener) => remove.call(here, type, listener, true),
  };
}

/** The page is not visible. */
export function isPageHidden(): boolean {
  return here.document?.visibilityState === 'hidden';
}

/** None outside browsers, and in pages that came without TLS. */
export function pageLocks(): PageLocks | undefined {
  return here.location && here.navigator?.locks;
}

/** Whether one connection carries many requests to this address, as with HTTP/2; known of the page's own site. */
export function isMultiplexed(address: string): boolean {
  const [navigation] = (isOwnOrigin(address) && here.performance?.getEntriesByType?.('navigation')) || [];
  return /^h[23]/.test(navigation?.nextHopProtocol ?? '');
}

/** Whether requests to this address come from its own site, which not all browsers report to the server. */
export function isOwnOrigin(address: string): boolean {
  return here.location?.origin === new URL(address).origin;
}

/** Only in browsers, where it sends the same cookies as the handshake; elsewhere it would be sent as another user. */
export function pageFetch(): Fetch | undefined {
  return here.location && ((url, init) => here.fetch(url, init));
}

/** What relative addresses are relative to. */
export function pageAddress(): string | undefined {
  return here.location?.href;
}
