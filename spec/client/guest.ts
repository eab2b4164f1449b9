/** The client under test in a test hub's ticket: records what it was sent, and its sockets can be watched, cut and tampered with. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import {
  type ClientState,
  connectTicket,
  type Envelope,
  type SocketConstructor,
  type TicketClient,
  type TicketOptions,
} from '../../lib/client';
import { portOf } from '../../lib/hub/hub';
import type { TestHub } from '../../lib/testing/test-hub';

export interface GuestOptions extends Partial<TicketOptions> {
  /** Sent as `x-user`. Default `alice`; null: no user. */
  user?: string | null;
  /** True for what gets lost on the way to this client. */
  loses?: (envelope: Envelope) => boolean;
}

/** Notifies every client that it will be disconnected, and is to come back after this time. */
export function announceEnd(hub: TestHub, retryAfterMs: number): void {
  tellGoingAway(hub, retryAfterMs, false);
}

/** Sends every client away, to come back after this time. */
export function sendAway(hub: TestHub, retryAfterMs: number): void {
  tellGoingAway(hub, retryAfterMs, true);
}

function tellGoingAway(hub: TestHub, retryAfterMs: number, isNow: boolean): void {
  portOf(hub.hub).disconnect(({ sink }) => {
    sink.send({ event: 'going_away', reason: 'restart', retry_after_ms: retryAfterMs });
    return isNow;
  }, 'restart');
}

/** The connections of a server, to be cut off by `cutAll`. */
const connections = new WeakMap<Server, Set<Socket>>();

/** Ends every connection on the server's side, without a close frame, as when a cable is pulled. */
export function cutAll(hub: TestHub): void {
  for (const socket of connections.get(hub.server) ?? []) socket.destroy();
}

function watch(server: Server): void {
  if (connections.has(server)) return;
  const open = new Set<Socket>();
  connections.set(server, open);
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
}

/**
 * A `WebSocket` that goes to the hub's present port, since a restarted one has another, and to the last one while there
 * is none.
 */
export function testSocket(
  hub: TestHub,
  {
    user = 'alice',
    loses = () => false,
    sockets = [],
    wake = () => {},
  }: Pick<GuestOptions, 'user' | 'loses'> & {
    /** Every socket ever made is put here. */
    sockets?: WebSocket[];
    /** Called when one was opened or closed. */
    wake?: () => void;
  } = {},
): SocketConstructor {
  let { port } = hub;
  watch(hub.server);
  return class extends WebSocket {
    constructor(address: string, protocols: string[]) {
      if (hub.server.listening) {
        watch(hub.server);
        port = hub.port;
      }
      const url = new URL(address);
      url.port = String(port);
      super(url, protocols, { headers: user === null ? {} : { 'x-user': user } });
      sockets.push(this);
      this.on('open', wake);
      this.on('close', wake);
    }

    override emit(event: string | symbol, ...args: unknown[]): boolean {
      if (event === 'message' && loses(JSON.parse(String(args[0])))) return false;
      return super.emit(event, ...args);
    }
  };
}

export class Guest {
  readonly heard: Envelope[] = [];
  readonly states: ClientState[] = [];
  readonly sockets: WebSocket[] = [];
  readonly client: TicketClient;
  private readonly waiting = new Set<() => void>();

  private constructor(hub: TestHub, { user, loses, ...options }: GuestOptions) {
    const { sockets, wake } = this;
    const tampered = { ...(user !== undefined && { user }), ...(loses && { loses }) };
    this.client = connectTicket({
      url: hub.url,
      ticketId: 'T-1',
      WebSocket: testSocket(hub, { ...tampered, sockets, wake }),
      random: () => 0,
      ...options,
    });
    this.client.on('envelope', (envelope) => {
      this.heard.push(envelope);
      this.wake();
    });
    this.client.on('state', (state) => {
      this.states.push(state);
      this.wake();
    });
  }

  /** A client on its way in; comes back without waiting unless `random` says otherwise. */
  static start(hub: TestHub, options: GuestOptions = {}): Guest {
    const guest = new Guest(hub, options);
    guests.add(guest);
    return guest;
  }

  /** A client that has joined. */
  static async join(hub: TestHub, options: GuestOptions = {}): Promise<Guest> {
    const guest = Guest.start(hub, options);
    await guest.until(() => guest.client.state === 'live', 'state live');
    return guest;
  }

  /** Every envelope of that name so far. */
  all<E extends Envelope['event']>(event: E): Extract<Envelope, { event: E }>[] {
    return this.heard.filter((each): each is Extract<Envelope, { event: E }> => each.event === event);
  }

  /** The first envelope of that name after the `skip` first ones; waits for it. */
  async nth<E extends Envelope['event']>(event: E, skip = 0): Promise<Extract<Envelope, { event: E }>> {
    await this.until(() => this.all(event).length > skip, `${event} number ${skip + 1}`);
    const found = this.all(event)[skip];
    if (!found) throw new Error(`${event} is gone`);
    return found;
  }

  /** Waits for a state, from now on. */
  state(state: ClientState): Promise<void> {
    return this.until(() => this.client.state === state, `state ${state}`);
  }

  /** The `seq` of every logged envelope that was emitted, in order. */
  seqs(): number[] {
    return this.heard.flatMap((each) => ('session_id' in each && 'seq' in each ? [Number(each.seq)] : []));
  }

  /** What was said, in order. */
  contents(): string[] {
    return this.all('session_message_added').map(({ message }) => message.content);
  }

  /** @throws Error after 5 seconds */
  until(isTrue: () => boolean, what: string): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(check);
        const events = this.heard.map(({ event }) => event).join(', ');
        reject(new Error(`No ${what} within 5 s; states: ${this.states.join(', ')}; heard: ${events}`));
      }, 5_000);
      const check = () => {
        if (!isTrue()) return;
        clearTimeout(timer);
        this.waiting.delete(check);
        resolve();
      };
      this.waiting.add(check);
    });
  }

  /** Ends it on this side, in any state. */
  leave(): void {
    this.client.close();
    for (const socket of this.sockets) socket.terminate();
    guests.delete(this);
  }

  private readonly wake = (): void => {
    for (const each of [...this.waiting]) each();
  };
}

const guests = new Set<Guest>();

/** For `afterEach`. */
export function leaveAll(): void {
  for (const guest of guests) guest.leave();
}
