/** What the surroundings offer, a browser's page or Node; read only here, so that nothing else has to know where it runs. */

/** An event of a socket; which of these it has depends on its type. */
export interface SocketEvent {
  readonly type: string;
  /** Of `message`. */
  readonly data?: unknown;
  /** Of `close`. */
  readonly code?: number;
  readonly reason?: string;
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

/** What keeps the tab's name over a reload. */
export interface TabStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Where `online`, `offline` and `pagehide` are heard. */
export interface PageEvents {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** What is asked of `fetch`: why a handshake failed, which a browser does not tell; by the hooks also what only REST has. */
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
  /** Of which `Date` is read, to tell the server's time where no socket does. */
  headers?: { get(name: string): string | null };
}>;

interface Surroundings extends Partial<PageEvents> {
  WebSocket?: SocketConstructor;
  sessionStorage?: TabStorage;
  location?: { href: string };
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

export function pageEvents(): PageEvents | undefined {
  return here.addEventListener && here.removeEventListener ? (here as PageEvents) : undefined;
}

/** Only in browsers, where it sends the same cookies as the handshake; elsewhere it would come as somebody else. */
export function pageFetch(): Fetch | undefined {
  return here.location && ((url, init) => here.fetch(url, init));
}

/** What relative addresses are relative to. */
export function pageAddress(): string | undefined {
  return here.location?.href;
}
