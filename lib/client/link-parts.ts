/** What a link is made of and what it says of itself; both clients give these when they create one. */
import type { Envelope } from '../protocol/envelopes';
import type { InboxEnvelope } from '../protocol/inbox-envelopes';
import type { Clock } from './clock';
import type { Refusal } from './ending';
import type { LogPosition } from './follower';
import type { Fetch, PageEvents, SocketConstructor } from './page';

/**
 * `connecting`: not connected so far. `live`: connected, and everything that was missed has arrived. `resuming`: was connected, reconnects.
 * `closed`: over for good.
 */
export type ClientState = 'connecting' | 'live' | 'resuming' | 'closed';

/** What the connection goes over: a WebSocket, or server-sent events and POST where no upgrade gets through. */
export type Transport = 'websocket' | 'sse';

export interface LinkParts {
  /** Where to connect, for one who knows everything up to there. @throws TypeError for a `url` that is none */
  address(after: LogPosition | undefined): string;
  /** There while the address is not certain yet. */
  certain?(): Promise<void> | undefined;
  /** Another client has this name: takes another name, or says that there is none. */
  renew?(): boolean;
  after: LogPosition | undefined;
  WebSocket: SocketConstructor;
  fetch: Fetch | undefined;
  events: PageEvents | undefined;
  clock: Clock;
  random(): number;
  onState(state: ClientState): void;
  /** A try was refused, and the next one may not be. */
  onRefusal(refusal: Refusal): void;
  /** Logged ones once each and without a gap. */
  onEnvelope(envelope: Envelope | InboxEnvelope): void;
  /** What is no envelope. */
  onRaw(text: string): void;
}
