/** A socket route: from a request that reached it to a connected client, in a ticket or at an inbox; express-ws calls it. */
import type { NextFunction, Request } from 'express';
import type { RawData, WebSocket } from 'ws';
import { HubError, toHubError } from '../../errors';
import { limitFrames } from '../../insides/ws';
import type { ChatUser } from '../../protocol/chat-frames';
import { maxFrameBytes } from '../../protocol/client-frames';
import { type Dialect, subprotocol } from '../../protocol/codec';
import { Connection } from '../core/connection';
import { Heartbeat } from '../core/heartbeat';
import type { Known } from '../core/identities';
import type { OriginPolicy } from '../core/origin';
import { ready } from '../core/ready';
import { closeNameFor, logRefusal } from '../core/refusal';
import type { Seat, SeatParts } from '../core/seat';
import type { PendingUpgrade } from './pending-upgrade';

/** Frames that arrive while the app still decides about a socket that express-ws has opened already; one more closes it. */
const maxEarlyFrames = 16;

export interface SocketRouteParts extends SeatParts {
  origins: OriginPolicy;
  /** Whom the agent's frames are from in the classic dialect. */
  agent: ChatUser;
  handshakeTimeoutMs: number;
}

/** Makes the seat that the request asks for; nothing is changed by it. @throws HubError saying why there is none */
type SeatFor = (parts: SeatParts, req: Request, user: Known, connection: Connection) => Promise<Seat>;

/** Takes a socket that an app's own express-ws has opened. */
export type SocketHandler = (socket: WebSocket, req: Request, next: NextFunction) => void;

export class SocketRoute {
  private readonly heartbeat: Heartbeat;
  private readonly listeners = listenersOf(this);
  private hasWarned = false;

  constructor(
    private readonly parts: SocketRouteParts,
    private readonly seatFor: SeatFor,
  ) {
    this.heartbeat = new Heartbeat(parts.clock, parts.heartbeatMs);
  }

  /** For `router.ws` of our own router and for `app.ws` of an app that runs express-ws itself. That of tickets needs `:ticketId`. */
  readonly handler = (socket: WebSocket | PendingUpgrade, req: Request, next: NextFunction): void => {
    // Not by its class, of which each copy of this package has its own.
    if ('accept' in socket) void this.admit(socket, req, next);
    else void this.admitOpen(socket, req);
  };

  /** Before the handshake: whatever is wrong goes to `next`, and becomes an HTTP answer. */
  private async admit(upgrade: PendingUpgrade, req: Request, next: NextFunction): Promise<void> {
    const { dialect } = upgrade;
    const connection = new Connection(dialect, this.parts.clock, this.parts.agent);
    let seat: Seat;
    try {
      seat = await this.examine(req, connection);
      // From here to the handshake nothing waits, so that nothing can come between.
      if (!upgrade.isOpen) return upgrade.abandon();
      this.take(seat, () => this.watch(upgrade.accept(), connection));
    } catch (thrown) {
      if (!upgrade.isOpen) return upgrade.abandon();
      const error = toHubError(thrown);
      logRefusal(this.parts.logger, error, req);
      next(error);
      return;
    }
    await seat.tryToOpen();
  }

  /** After a handshake that another server completed: refusals are close codes. */
  private async admitOpen(socket: WebSocket, req: Request): Promise<void> {
    const { clock, logger, handshakeTimeoutMs } = this.parts;
    const dialect: Dialect = socket.protocol === subprotocol ? subprotocol : 'classic';
    const connection = new Connection(dialect, clock, this.parts.agent);
    this.watch(socket, connection);
    this.limit(socket, connection);
    // It may disconnect before it has its seat.
    socket.on('close', () => connection.ended());
    const early: [RawData | string, boolean?][] = [];
    const hold = (...frame: [RawData | string, boolean?]) => {
      if (isTooLarge(frame[0])) connection.close('too_large');
      else if (early.length >= maxEarlyFrames) connection.close('rate_limited');
      else early.push(frame);
    };
    socket.on('message', hold);
    const cancel = clock.later(handshakeTimeoutMs, () => connection.close('unavailable'));
    let seat: Seat;
    try {
      seat = await this.examine(req, connection);
      if (socket.readyState !== socket.OPEN) return;
      this.take(seat, () => socket);
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
    await seat.tryToOpen();
  }

  private limit(socket: WebSocket, connection: Connection): void {
    const wrong = limitFrames(socket);
    if (wrong === 'exceeded') connection.close('too_large');
    if (!wrong || this.hasWarned) return;
    this.hasWarned = true;
    this.parts.logger.warn(
      `The app's WebSocket server reads larger frames before the hub is asked: set wsOptions.maxPayload to ${maxFrameBytes}`,
    );
  }

  /**
   * Everything that has to be known before a client connects, by a socket or by what stands in for one; nothing is changed
   * by it. @throws HubError saying why not
   */
  async examine(
    req: Request,
    connection: Connection,
    // Asked of a socket here too, since a request may have been led here by another hub on the same server.
    assertOrigin = () => this.parts.origins.assertSocket(req),
  ): Promise<Seat> {
    const { hub, access } = this.parts;
    assertOrigin();
    if (hub.closing) throw new HubError('closing');
    hub.disconnects.arrivalOf(req);
    await ready(hub);
    const user = await access.identities.identify(req);
    return this.seatFor(this.parts, req, user, connection);
  }

  /** Lets the client in and listens to it. @throws HubError saying why not, `unavailable`; then nothing has changed */
  private take(seat: Seat, shakeHands: () => WebSocket): void {
    seat.enter();
    let socket: WebSocket;
    try {
      socket = shakeHands();
    } catch (error) {
      seat.leave();
      throw error;
    }
    this.heartbeat.add(socket, seat);
    socket.on('message', this.listeners.message);
    socket.on('pong', this.listeners.pong);
  }

  /** A frame has come. ws 7 has no flag for binary ones and hands text over as a string. */
  receive(socket: WebSocket, data: RawData | string, isBinary = typeof data !== 'string'): void {
    const seat = this.heartbeat.at(socket);
    // A tab that was replaced or removed may still have had frames on their way.
    if (!seat?.isIn) return;
    seat.connection.heard();
    if (isBinary) seat.dismiss('unsupported_data');
    else if (isTooLarge(data)) seat.dismiss('too_large');
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
    seat.leave();
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
}

/** One set for all sockets: with listeners of its own, each would cost as much memory again as the rest of the socket. */
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
