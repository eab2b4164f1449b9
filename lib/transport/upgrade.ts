/** Leads an upgrade request through the app's own middleware before any handshake, so that a refusal is a real HTTP answer. */
import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'winston';
import { type WebSocket, WebSocketServer } from 'ws';
import { HubError, toHubError } from '../errors';
import type { Clock } from '../hub/clock';
import { maxFrameBytes } from '../protocol/client-frames';
import { type Dialect, subprotocol } from '../protocol/codec';
import type { OriginPolicy } from './origin';
import { logRefusal, refuse } from './refusal';

/** Where below the mount tickets and the inbox are found; the tail of every upgrade that is ours. */
const route = /^(?<mount>.*)\/ws\/(?:chat\/ticket\/(?<ticketId>[^/]+)|inbox)\/?$/;

export interface AttachOptions {
  /** Where the router is mounted (`/soc`). Default: any mount; several hubs on one server each need theirs. */
  path?: string;
}

/**
 * An upgrade on its way through the app; it stands in `req.ws` where express-ws expects a socket, and becomes one when
 * the route is reached and says `accept`.
 */
export class PendingUpgrade {
  constructor(
    private readonly server: WebSocketServer,
    private readonly req: IncomingMessage,
    private readonly res: ServerResponse,
    private readonly socket: Socket,
    private readonly head: Buffer,
    readonly dialect: Dialect,
    private readonly onAccepted: () => void,
  ) {}

  /** False once it has been answered or its peer has gone. */
  get isOpen(): boolean {
    const { res, socket } = this;
    return !res.headersSent && !socket.destroyed && socket.readable && socket.writable;
  }

  /** For one that is not open any more: a peer that has only hung up would hold its socket until the handshake's time is over. */
  abandon(): void {
    if (!this.res.headersSent) this.socket.destroy();
  }

  /** Shakes hands, at once. @throws HubError `unavailable` unless it `isOpen` */
  accept(): WebSocket {
    if (!this.isOpen) throw new HubError('unavailable');
    // A connection may live for days; nothing of its request is kept for so long.
    this.onAccepted();
    const accepted: WebSocket[] = [];
    this.server.handleUpgrade(this.req, this.socket, this.head, (webSocket) => accepted.push(webSocket));
    const [webSocket] = accepted;
    if (!webSocket) throw new HubError('internal', 'A checked handshake was not accepted');
    return webSocket;
  }
}

/** The upgrade listeners of all hubs in this process, to tell them from those of others. */
const ourListeners = new WeakSet<object>();

export class Upgrades {
  private readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxFrameBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  });

  constructor(
    private readonly parts: {
      origins: OriginPolicy;
      clock: Clock;
      logger: Logger;
      /** How long the app's middleware may take to let an upgrade through. */
      handshakeTimeoutMs: number;
      /** Told of each upgrade before the app is. */
      onArrival(req: IncomingMessage): void;
    },
  ) {}

  /**
   * Listens for upgrades of tickets and inboxes on `server` and leaves all others alone; returns what stops it.
   * @throws HubError `invalid_request` for a path that does not begin with a slash
   */
  attach(server: Server | SecureServer, options: AttachOptions = {}): () => void {
    const mount = options.path?.replace(/\/$/, '');
    if (mount && !mount.startsWith('/'))
      throw new HubError('invalid_request', 'path begins with a slash, as where the router is mounted');
    const onUpgrade = (req: IncomingMessage, duplex: Duplex, head: Buffer) => {
      // Another hub has taken it, or express-ws run by the app itself.
      if ('ws' in req) return;
      // Node types the socket of an upgrade as a Duplex; http and https hand over net and TLS sockets.
      const socket = duplex as Socket;
      const [pathname = ''] = (req.url ?? '').split('?', 1);
      const match = route.exec(pathname);
      if (match && (mount === undefined || match.groups?.mount === mount)) {
        this.lead(server, req, socket, head, match.groups?.ticketId ?? '');
      } else if (isLastOfOursOnly(server, onUpgrade)) {
        // Nobody else is there to answer it, and it would hang for ever.
        const res = respondOn(socket, req);
        if (res) refuse(res, new HubError('not_found', 'There is no WebSocket here'));
      }
    };
    ourListeners.add(onUpgrade);
    server.on('upgrade', onUpgrade);
    return () => void server.off('upgrade', onUpgrade);
  }

  private lead(
    server: Server | SecureServer,
    req: IncomingMessage,
    socket: Socket,
    head: Buffer,
    ticketId: string,
  ): void {
    const { origins, clock, logger, handshakeTimeoutMs, onArrival } = this.parts;
    const res = respondOn(socket, req);
    if (!res) return;
    const turnDown = (thrown: unknown) => {
      const error = toHubError(thrown);
      logRefusal(logger, error, req);
      refuse(res, error);
    };
    try {
      origins.assertSocket(req);
      assertHandshake(req);
      assertDecodable(ticketId);
      const dialect = dialectOf(req);
      const cancel = clock.later(handshakeTimeoutMs, () => {
        if (res.headersSent) socket.destroy();
        else turnDown(new HubError('unavailable', 'The handshake took too long'));
      });
      socket.once('close', cancel);
      const pending = new PendingUpgrade(this.server, req, res, socket, head, dialect, () => {
        cancel();
        socket.off('close', cancel);
        letGo(res, socket);
      });
      // What express-ws does to find its route, done before the handshake instead of after it.
      const originalUrl = req.url ?? '';
      const [pathname = ''] = originalUrl.split('?', 1);
      req.url = `${pathname.replace(/\/$/, '')}/.websocket${originalUrl.slice(pathname.length)}`;
      Object.assign(req, { ws: pending, originalUrl });
      onArrival(req);
      server.emit('request', req, res);
    } catch (thrown) {
      turnDown(thrown);
    }
  }
}

/** Whether every listener is a hub's and this is the last of them, so that each has had its chance. */
function isLastOfOursOnly(server: Server | SecureServer, listener: object): boolean {
  const listeners = server.listeners('upgrade');
  return listeners.at(-1) === listener && listeners.every((each) => ourListeners.has(each));
}

/** A real response for a request whose socket Node has let go of; none where an earlier request still waits for its own. */
function respondOn(socket: Socket, req: IncomingMessage): ServerResponse | undefined {
  // A peer that goes away here is no error of ours.
  socket.on('error', destroySocket);
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  try {
    res.assignSocket(socket);
  } catch {
    // Whoever sends a handshake behind a request that is not yet answered would get both answers in one.
    socket.destroy();
    return undefined;
  }
  res.once('finish', endSocket);
  return res;
}

/** Undoes `respondOn`: the socket is no longer one that is answered in HTTP. */
function letGo(res: ServerResponse, socket: Socket): void {
  res.off('finish', endSocket);
  res.detachSocket(socket);
  socket.off('error', destroySocket);
}

function destroySocket(this: Socket): void {
  this.destroy();
}

function endSocket(this: ServerResponse): void {
  const { socket } = this;
  if (!socket) return;
  this.detachSocket(socket);
  socket.destroySoon();
}

/** RFC 6455 §4.2.1. @throws HubError `invalid_handshake` */
function assertHandshake(req: IncomingMessage): void {
  const { headers } = req;
  const wrong =
    (req.method !== 'GET' && 'The method must be GET') ||
    (headers.upgrade?.toLowerCase() !== 'websocket' && 'Upgrade must be websocket') ||
    // Version 8 also names its origin in another header, which nobody would check.
    (headers['sec-websocket-version'] !== '13' && 'Sec-WebSocket-Version must be 13') ||
    (!/^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '') &&
      'Sec-WebSocket-Key is missing or malformed');
  if (wrong) throw new HubError('invalid_handshake', wrong);
}

/** @throws HubError `invalid_id` for broken percent-encoding */
function assertDecodable(segment: string): void {
  try {
    decodeURIComponent(segment);
  } catch (cause) {
    throw new HubError('invalid_id', 'The ticket id is not properly percent-encoded', undefined, { cause });
  }
}

/**
 * No subprotocol offered means the classic dialect.
 * @throws HubError `invalid_handshake` for a header that is no list of different names, `unsupported_subprotocol`
 */
function dialectOf(req: IncomingMessage): Dialect {
  const offered = req.headers['sec-websocket-protocol'];
  if (offered === undefined) return 'classic';
  const names = offered.split(',').map((name) => name.trim());
  if (
    !names.every((name) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) ||
    new Set(names).size < names.length
  )
    throw new HubError('invalid_handshake', 'Sec-WebSocket-Protocol is malformed');
  if (!names.includes(subprotocol)) {
    throw new HubError('unsupported_subprotocol', `Offer ${subprotocol}, or none for the classic dialect`);
  }
  return subprotocol;
}
