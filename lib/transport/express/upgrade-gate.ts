/**
 * Decides which requests with an `Upgrade` header a server hands out as upgrades. Node by itself takes all of them from the
 * app as soon as anything listens for `upgrade`; the hubs of a server share one, so that only their handshakes are taken.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { HubError } from '../../errors';
import { refuse } from '../core/refusal';
import { respondOn } from './upgrade-response';

type WebServer = Server | SecureServer;
type Claim = (req: IncomingMessage) => boolean;

/** What of Node's servers and sockets is looked at here; the first is documented as an option, the second is not documented. */
interface Insides {
  /** Node 22.21, 24.9 and later: whether a request is an upgrade. */
  shouldUpgradeCallback?: Claim;
  /** Of a socket, in every Node so far: `onIncoming` is called with each request, once its head is read. */
  parser?: {
    onIncoming?: (req: IncomingMessage & { upgrade?: boolean }, keepAlive: boolean) => number;
  } | null;
}

/** Where the one gate of a server is found, also by another copy of this package in the same process. */
const key = Symbol.for('express-hitl.upgrade-gate.1');
type Gated = WebServer & { [key]?: UpgradeGate };

/** The name of what Java's and curl's clients offer with plain requests: HTTP/2 in clear text. */
const http2Offer = 'h2c';

/** What a hub takes from the app, and what it does with it. */
export interface Taker {
  takes: Claim;
  take(req: IncomingMessage, socket: Socket, head: Buffer): void;
}

export class UpgradeGate {
  private readonly takers = new Set<Taker>();
  private restore = () => {};

  private constructor(private readonly server: Gated) {}

  /** The gate of this server; created by the first call. */
  static of(server: WebServer): UpgradeGate {
    const gated: Gated = server;
    gated[key] ??= new UpgradeGate(gated);
    return gated[key];
  }

  /** The first taker of an upgrade gets it. Returns what removes this one; with the last of them all is as before. */
  add(taker: Taker): () => void {
    if (this.takers.size === 0) {
      this.restore = this.decide();
      this.server.on('upgrade', this.onUpgrade);
    }
    this.takers.add(taker);
    return () => {
      if (!this.takers.delete(taker) || this.takers.size > 0) return;
      this.server.off('upgrade', this.onUpgrade);
      this.restore();
    };
  }

  private readonly onUpgrade = (req: IncomingMessage, duplex: Duplex, head: Buffer): void => {
    // express-ws, run by the app itself, has opened it.
    if ('ws' in req) return;
    // Node types the socket of an upgrade as a Duplex; http and https hand over net and TLS sockets.
    const socket = duplex as Socket;
    const taker = this.takerOf(req);
    if (taker) taker.take(req, socket, head);
    else if (!this.isUpgrade(req)) passOn(this.server, req, socket);
  };

  private takerOf(req: IncomingMessage): Taker | undefined {
    for (const taker of this.takers) if (taker.takes(req)) return taker;
    return undefined;
  }

  /**
   * Whether a request is taken from the app: as a handshake of a hub, or because others listen too, as without us. An offer
   * of HTTP/2 never is, since nothing that listens in Node could accept it.
   * @param byDefault what would be done without us
   */
  private isUpgrade(req: IncomingMessage, byDefault: Claim = () => true): boolean {
    if (this.takerOf(req)) return true;
    if (req.headers.upgrade?.toLowerCase() === http2Offer) return false;
    return this.server.listenerCount('upgrade') > 1 && byDefault(req);
  }

  private decide(): () => void {
    const { shouldUpgradeCallback } = this.server as Insides;
    return shouldUpgradeCallback ? this.wrapCallback(shouldUpgradeCallback) : this.wrapParsers();
  }

  private wrapCallback(original: Claim): () => void {
    const insides = this.server as Insides;
    const wrapped: Claim = (req) => this.isUpgrade(req, (each) => original.call(this.server, each));
    insides.shouldUpgradeCallback = wrapped;
    return () => {
      if (insides.shouldUpgradeCallback === wrapped) insides.shouldUpgradeCallback = original;
    };
  }

  /** Older Nodes look for listeners only, so each connection's parser is asked to forget the header that is no upgrade. */
  private wrapParsers(): () => void {
    const onConnection = (socket: Insides) => {
      const { parser } = socket;
      const original = parser?.onIncoming;
      if (!parser || !original) return;
      parser.onIncoming = (req, keepAlive) => {
        // A connection outlives the last hub, and is then Node's alone.
        if (req.upgrade && req.method !== 'CONNECT' && this.takers.size > 0)
          req.upgrade = this.isUpgrade(req);
        return original(req, keepAlive);
      };
    };
    const events = ['connection', 'secureConnection'] as const;
    for (const event of events) this.server.on(event, onConnection);
    return () => {
      for (const event of events) this.server.off(event, onConnection);
    };
  }
}

/**
 * What is no upgrade, on a connection that was open before there was a gate: Node has stopped reading it as HTTP. The app
 * answers it where it is complete, and the connection ends with that.
 */
function passOn(server: WebServer, req: IncomingMessage, socket: Socket): void {
  const res = respondOn(socket, req);
  if (!res) return;
  const { 'transfer-encoding': encoding, 'content-length': length = '0' } = req.headers;
  if (encoding === undefined && length === '0') server.emit('request', req, res);
  else refuse(res, new HubError('unavailable', { message: 'Send this again, on a new connection' }));
}
