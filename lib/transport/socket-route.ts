/** The socket route: from a request that reached it to a client that is in its ticket; express-ws calls it. */
import type { NextFunction, Request } from 'express';
import type { Logger } from 'winston';
import type { RawData, WebSocket } from 'ws';
import { describe, HubError, toHubError } from '../errors';
import type { Client } from '../hub/client';
import type { Clock } from '../hub/clock';
import type { Hub } from '../hub/hub';
import type { ChatUser } from '../protocol/chat-frames';
import { maxFrameBytes } from '../protocol/client-frames';
import type { CloseName } from '../protocol/close-codes';
import { type Dialect, subprotocol } from '../protocol/codec';
import type { DirectEnvelope } from '../protocol/envelopes';
import type { Access } from './access';
import { Connection } from './connection';
import { Frames } from './frames';
import { Heartbeat } from './heartbeat';
import type { OriginPolicy } from './origin';
import type { RateLimit } from './rate-limit';
import { closeNameFor, logRefusal } from './refusal';
import { PendingUpgrade } from './upgrade';

/** Frames that arrive while the app still decides about a socket that express-ws has opened already; one more closes it. */
const maxEarlyFrames = 16;

export interface SocketRouteParts {
  hub: Hub;
  access: Access;
  origins: OriginPolicy;
  clock: Clock;
  logger: Logger;
  agent: ChatUser;
  heartbeatMs: number;
  handshakeTimeoutMs: number;
  limit?: RateLimit | undefined;
}

/** What the address says beside the ticket. */
interface Query {
  tabId: string;
  sessionId: string | undefined;
  after: { epoch: string; seq: number } | undefined;
}

/** Somebody who may come in. */
interface Admitted {
  client: Client;
  query: Query;
}

export class SocketRoute {
  private readonly heartbeat: Heartbeat;
  private readonly listeners = listenersOf(this);

  constructor(private readonly parts: SocketRouteParts) {
    this.heartbeat = new Heartbeat(parts.hub, parts.clock, parts.heartbeatMs);
  }

  /** For `router.ws` of our own router and for `app.ws` of an app that runs express-ws itself. Needs `:ticketId` in the path. */
  readonly handler = (socket: WebSocket | PendingUpgrade, req: Request, next: NextFunction): void => {
    if (socket instanceof PendingUpgrade) void this.admit(socket, req, next);
    else void this.admitOpen(socket, req);
  };

  /** Before the handshake: whatever is wrong goes to `next`, and becomes an HTTP answer. */
  private async admit(upgrade: PendingUpgrade, req: Request, next: NextFunction): Promise<void> {
    const { dialect } = upgrade;
    const connection = new Connection(dialect, this.parts.clock, this.parts.agent);
    let admitted: Admitted;
    try {
      admitted = await this.examine(req, connection);
      // From here to the handshake nothing waits, so that nothing can come between.
      if (!upgrade.isOpen) return upgrade.abandon();
      this.enter(admitted.client, connection, () => this.watch(upgrade.accept(), connection));
    } catch (thrown) {
      if (!upgrade.isOpen) return upgrade.abandon();
      logRefusal(this.parts.logger, toHubError(thrown), req);
      next(thrown);
      return;
    }
    await this.open(admitted, connection);
  }

  /** After a handshake that somebody else has done: refusals are close codes. */
  private async admitOpen(socket: WebSocket, req: Request): Promise<void> {
    const { clock, logger, handshakeTimeoutMs } = this.parts;
    const dialect: Dialect = socket.protocol === subprotocol ? subprotocol : 'classic';
    const connection = new Connection(dialect, clock, this.parts.agent);
    this.watch(socket, connection);
    // It may go before it has its seat.
    socket.on('close', () => connection.ended());
    const early: [RawData | string, boolean?][] = [];
    const hold = (...frame: [RawData | string, boolean?]) => {
      if (isTooLarge(frame[0])) connection.close('too_large');
      else if (early.length >= maxEarlyFrames) connection.close('rate_limited');
      else early.push(frame);
    };
    socket.on('message', hold);
    const cancel = clock.later(handshakeTimeoutMs, () => connection.close('unavailable'));
    let admitted: Admitted;
    try {
      admitted = await this.examine(req, connection);
      if (socket.readyState !== socket.OPEN) return;
      this.enter(admitted.client, connection, () => socket);
    } catch (thrown) {
      const error = toHubError(thrown);
      logRefusal(logger, error, req);
      connection.close(closeNameFor(error));
      return;
    } finally {
      cancel();
      socket.off('message', hold);
    }
    for (const frame of early) this.receive(socket, ...frame);
    await this.open(admitted, connection);
  }

  /** Everything that has to be known before somebody comes in; nothing is changed by it. */
  private async examine(req: Request, connection: Connection): Promise<Admitted> {
    const { hub, access, origins } = this.parts;
    // Asked here too, since a request may have been led here by another hub on the same server.
    origins.assertSocket(req);
    if (hub.closing) throw new HubError('closing');
    await hub.start();
    const user = await access.identify(req);
    const query = readQuery(req);
    const client = hub.newClientWithTabId(ticketIdOf(req), user, query.tabId, connection, req.ip);
    await access.authorize(client.ticketId, user);
    return { client, query };
  }

  /** Lets the client in and listens to it. @throws HubError `ticket_full`, `closing`, `unavailable`; then nothing has changed */
  private enter(client: Client, connection: Connection, shakeHands: () => WebSocket): void {
    const { hub } = this.parts;
    hub.register(client);
    let socket: WebSocket;
    try {
      socket = shakeHands();
    } catch (error) {
      hub.unregister(client);
      throw error;
    }
    this.heartbeat.add(socket, new Frames(this.parts, client, connection));
    socket.on('message', this.listeners.message);
    socket.on('pong', this.listeners.pong);
  }

  /** A frame has come. ws 7 has no flag for binary ones and hands text over as a string. */
  receive(socket: WebSocket, data: RawData | string, isBinary = typeof data !== 'string'): void {
    const seat = this.heartbeat.at(socket);
    // A tab that was replaced or sent away may still have had frames on their way.
    if (!seat || !this.parts.hub.isRegistered(seat.client)) return;
    seat.connection.heard();
    if (isBinary) this.dismiss(seat.client, 'unsupported_data');
    else if (isTooLarge(data)) this.dismiss(seat.client, 'too_large');
    else void seat.receive(data.toString());
  }

  /** A socket has answered a ping. */
  heard(socket: WebSocket): void {
    this.heartbeat.at(socket)?.connection.heard();
  }

  /** A socket is gone. */
  leave(socket: WebSocket): void {
    const seat = this.heartbeat.at(socket);
    if (!seat) return;
    this.heartbeat.remove(socket);
    seat.connection.ended();
    this.parts.hub.unregister(seat.client);
  }

  private watch(socket: WebSocket, connection: Connection): WebSocket {
    connection.open(socket);
    socket.on('error', this.onError);
    socket.on('close', this.listeners.close);
    return socket;
  }

  /** ws closes the socket with the code that fits (1007, 1009, 1002) right after it says so. */
  private readonly onError = (error: Error & { code?: string }): void => {
    this.parts.logger.debug('A socket failed', { code: error.code });
  };

  private dismiss(client: Client, name: CloseName): void {
    this.parts.hub.disconnect((each) => each === client, name);
  }

  /** Tells the client what was before it came. Never rejects. */
  private async open({ client, query }: Admitted, connection: Connection): Promise<void> {
    const { hub, logger } = this.parts;
    try {
      const failure = query.sessionId ? await hub.resumeSession(client, query.sessionId) : undefined;
      const opening = await hub.opening(client.ticketId, query.after);
      const { position } = opening;
      const welcome: DirectEnvelope = {
        event: 'welcome',
        ticket_id: client.ticketId,
        epoch: position.epoch,
        seq: position.seq,
        client_id: client.clientId,
        user: { id: client.user.id, name: client.user.name },
        resumed: 'missed' in opening,
        heartbeat_ms: this.heartbeat.intervalMs,
      };
      const session = query.sessionId ? [this.sessionAnswer(client, query.sessionId, failure)] : [];
      const rest = 'missed' in opening ? [...opening.missed, opening.presence] : [opening.snapshot];
      const keepsUp = connection.goLive(
        [welcome, ...session.filter(() => connection.dialect !== 'classic'), ...rest],
        position.seq,
      );
      if (!keepsUp) this.dismiss(client, 'resync');
    } catch (thrown) {
      const { ticketId } = client;
      logger.error('A client could not be told what was before it came', {
        ticketId,
        error: describe(thrown),
      });
      this.dismiss(client, 'unavailable');
    }
  }

  private sessionAnswer(client: Client, sessionId: string, failure: string | undefined): DirectEnvelope {
    if (failure === undefined) {
      const timestamp = new Date(this.parts.clock.now()).toISOString();
      return { event: 'session_resumed', timestamp, ticket_id: client.ticketId, session_id: sessionId };
    }
    const { code, message } = new HubError('session_resume_failed').toBody();
    return { event: 'error', code, message, details: { reason: failure } };
  }
}

/** One set for all sockets: with listeners of its own, each would cost as much again as all else that is kept of it. */
function listenersOf(route: SocketRoute) {
  return {
    message(this: WebSocket, data: RawData | string, isBinary?: boolean) {
      route.receive(this, data, isBinary);
    },
    pong(this: WebSocket) {
      route.heard(this);
    },
    close(this: WebSocket) {
      route.leave(this);
    },
  };
}

/** Our own handshake sets this limit, and then ws never hands over more; an app's own express-ws has another. */
function isTooLarge(data: RawData | string): boolean {
  if (typeof data === 'string') return Buffer.byteLength(data) > maxFrameBytes;
  return !Array.isArray(data) && data.byteLength > maxFrameBytes;
}

function ticketIdOf(req: Request): string {
  const { ticketId } = req.params;
  if (typeof ticketId !== 'string')
    throw new HubError('internal', 'The socket route needs :ticketId in its path');
  return ticketId;
}

/** @throws HubError `invalid_id` for an `after` that is none */
function readQuery(req: Request): Query {
  const [pathname = ''] = req.url.split('?', 1);
  const params = new URLSearchParams(req.url.slice(pathname.length));
  const after = params.get('after');
  const match = after === null ? undefined : /^(?<epoch>[\w-]{1,64}):(?<seq>\d{1,15})$/.exec(after);
  if (match === null)
    throw new HubError('invalid_id', 'after must be <epoch>:<seq> as the last envelope said');
  const { epoch = '', seq = '0' } = match?.groups ?? {};
  return {
    tabId: params.get('tab') || 'default',
    sessionId: params.get('session_id') || undefined,
    after: match ? { epoch, seq: Number(seq) } : undefined,
  };
}
