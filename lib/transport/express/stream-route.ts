/** What stands in for a socket where no upgrade gets through: server-sent events down, one POST per frame up, at the socket's own address; the plugin mounts one per socket route. */
import express, {
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import { HubError, toHubError } from '../../errors';
import type { Clock } from '../../hub/commit/clock';
import type { Logger } from '../../hub/options/logger';
import type { ChatUser } from '../../protocol/chat-frames';
import { maxFrameBytes } from '../../protocol/client-frames';
import { jsonBytes, readableJson, subprotocol } from '../../protocol/codec';
import { assertPlain } from '../../protocol/exact-json';
import type { Access } from '../core/access';
import { Connection } from '../core/connection';
import { Heartbeat } from '../core/heartbeat';
import type { OriginPolicy } from '../core/origin';
import { queryOf } from '../core/query';
import { closeNameFor, logRefusal } from '../core/refusal';
import type { Seat } from '../core/seat';
import { StreamSocket } from '../core/stream-socket';
import { tooLarge } from '../rest/rest-errors';
import type { SocketRoute } from './socket-route';

export interface StreamRouteParts {
  access: Access;
  origins: OriginPolicy;
  clock: Clock;
  logger: Logger;
  agent: ChatUser;
  /** How often clients are asked whether they are there. */
  heartbeatMs: number;
}

interface Stream {
  seat: Seat;
  socket: StreamSocket;
}

export class StreamRoute {
  private readonly streams = new Map<string, Stream>();
  private readonly heartbeat: Heartbeat;

  /** @param sockets the route of the sockets that this stands in for: it says who may connect */
  constructor(
    private readonly parts: StreamRouteParts,
    private readonly sockets: Pick<SocketRoute, 'examine'>,
  ) {
    this.heartbeat = new Heartbeat(parts.clock, parts.heartbeatMs);
  }

  /** Streams open now. */
  get size(): number {
    return this.streams.size;
  }

  /** Serves the address of the socket to plain requests. */
  mount(router: Router, path: string): void {
    router.get(path, (req, res, next) => {
      // A page opened in a browser asks for neither.
      const wanted = (req.method === 'GET' && req.get('accept')) || '';
      if (wanted.includes('text/event-stream')) void this.open(req, res, next);
      else if (wanted.includes('application/json')) void this.say(req, res, next);
      else next();
    });
    router.post(path, isFrame, this.assertFrame, readBytes, (req, res, next) => {
      this.take(req).then(() => res.status(204).end(), next);
    });
  }

  /** What the handshake would say. */
  private async say(req: Request, res: Response, next: NextFunction): Promise<void> {
    try {
      await this.examine(req);
      res.set({ Connection: 'Upgrade', Upgrade: 'websocket' });
      next(new HubError('upgrade_required'));
    } catch (error) {
      next(error);
    }
  }

  private async open(req: Request, res: Response, next: NextFunction): Promise<void> {
    let stream: Stream;
    try {
      const { seat, connection } = await this.examine(req);
      // It may have hung up while the app was asked, or the app's own middleware has lost patience.
      if (res.closed || req.socket.destroyed || res.headersSent) return;
      seat.enter();
      stream = { seat, socket: this.begin(seat, res) };
      connection.open(stream.socket);
    } catch (thrown) {
      logRefusal(this.parts.logger, toHubError(thrown), req);
      next(thrown);
      return;
    }
    const { seat, socket } = stream;
    this.streams.set(seat.client.clientId, stream);
    this.heartbeat.add(socket, seat);
    res.once('close', () => this.leave(stream));
    await seat.tryToOpen();
  }

  /** @throws what the app's middleware has made `writeHead` throw; then the client is out again */
  private begin(seat: Seat, res: Response): StreamSocket {
    try {
      return new StreamSocket(res, seat.client.clientId);
    } catch (error) {
      seat.leave();
      throw error;
    }
  }

  private async examine(req: Request): Promise<{ seat: Seat; connection: Connection }> {
    const { origins, clock, agent } = this.parts;
    const connection = new Connection(subprotocol, clock, agent);
    const seat = await this.sockets.examine(req, connection, () => origins.assertStream(req));
    return { seat, connection };
  }

  private leave({ seat, socket }: Stream): void {
    this.streams.delete(seat.client.clientId);
    this.heartbeat.remove(socket);
    seat.connection.ended();
    seat.leave();
  }

  /** What a form on another site could send comes as another content type, or with that site's Origin. */
  private readonly assertFrame: RequestHandler = (req, _res, next) => {
    try {
      this.parts.origins.assertSocket(req);
      if (!req.is('application/json'))
        throw new HubError('invalid_frame', { message: 'Send the frame as application/json' });
      next();
    } catch (error) {
      next(error);
    }
  };

  /** A frame has arrived. Its errors are sent on the stream. @throws HubError where its sender may not send any */
  private async take(req: Request): Promise<void> {
    const { access } = this.parts;
    const text = frameOf(req);
    const user = await access.identities.identify(req);
    const seat = this.streams.get(queryOf(req).get('client_id') ?? '')?.seat;
    const ticketId = typeof req.params.ticketId === 'string' ? req.params.ticketId : undefined;
    if (seat?.client.user.id !== user.id || seat.client.ticketId !== ticketId)
      throw new HubError('client_not_found');
    if (ticketId !== undefined) await this.assertAccess(seat, ticketId, user);
    // The client may have been replaced or removed in the meantime.
    if (!seat.isIn) throw new HubError('client_not_found');
    seat.connection.heard();
    void seat.receive(text);
  }

  private async assertAccess(seat: Seat, ticketId: string, user: Seat['client']['user']): Promise<void> {
    try {
      await this.parts.access.authorize(ticketId, user);
    } catch (thrown) {
      const error = toHubError(thrown);
      if (error.status < 500) seat.dismiss(closeNameFor(error));
      throw error;
    }
  }
}

/** What names no stream is the app's. */
const isFrame: RequestHandler = (req, _res, next) =>
  next(queryOf(req).has('client_id') ? undefined : 'route');

/** Unless a parser of the app's own was first. */
const readBytes = express.raw({ type: () => true, limit: maxFrameBytes });

/** The text of the frame, its numbers and keys as they were written wherever that can still be had. @throws HubError `invalid_frame`, `too_large` */
function frameOf(req: Request): string {
  const body: unknown = req.body ?? '';
  const isText = typeof body === 'string' || Buffer.isBuffer(body);
  if ((isText ? Buffer.byteLength(body) : jsonBytes(body)) > maxFrameBytes) throw tooLarge();
  if (typeof body === 'string') return body;
  if (!Buffer.isBuffer(body)) {
    assertPlain(body);
    return readableJson(body);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new HubError('invalid_frame', { message: 'Send the frame as UTF-8', cause });
  }
}
