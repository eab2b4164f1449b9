/** What a request for a seat, or for an answer over REST, says, whatever server has received it; seats and access read this. */
import type { IncomingHttpHeaders } from 'node:http';

/** The app's callbacks get the same object, which for them is the request of their own framework. */
export interface Handshake {
  /** Path and query, below the mount. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** What the path names; that of a ticket's socket names `ticketId`. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Of TLS it has `encrypted`. */
  readonly socket: { readonly remoteAddress?: string | undefined };
  /** Whether the app's framework takes it for one over TLS. */
  readonly secure?: boolean | undefined;
  /** The address that a trusted proxy has given. */
  readonly ip?: string | undefined;
}
