/** A handshake on its way through the app: `Upgrades` sends it, and the socket route that it reaches accepts it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket, WebSocketServer } from 'ws';
import { HubError } from '../../errors';
import type { Dialect } from '../../protocol/codec';
import { letGo } from './upgrade-response';

/** Where a request carries it: found by every copy of this package in the process, since any of them may have the route. */
const key = Symbol.for('express-hitl.pending-upgrade.1');
type Request = IncomingMessage & { [key]?: PendingUpgrade };

/** Whether a listener for upgrades has ended this socket, or reads it: Node itself has let go of it by then. */
export function isAnswered(socket: Socket): boolean {
  return socket.writableEnded || socket.listenerCount('data') > 0;
}

export class PendingUpgrade {
  /** Whether the app has led it to a router of ours. */
  hasReachedRouter = false;
  private hasLetGo = false;

  /** @param onLetGo called when the socket is no longer ours to answer in HTTP */
  constructor(
    private readonly server: WebSocketServer,
    private readonly req: IncomingMessage,
    private readonly res: ServerResponse,
    private readonly socket: Socket,
    private readonly head: Buffer,
    readonly dialect: Dialect,
    private readonly onLetGo: () => void,
  ) {
    (req as Request)[key] = this;
  }

  /** The handshake that a request is, if `Upgrades` of this or another copy has sent it. */
  static of(req: IncomingMessage): PendingUpgrade | undefined {
    return (req as Request)[key];
  }

  /** False once it has been answered or its peer has gone. */
  get isOpen(): boolean {
    const { res, socket } = this;
    const isUsable = !socket.destroyed && socket.readable && socket.writable;
    return isUsable && !this.hasLetGo && !res.headersSent && !this.isTaken;
  }

  /** Whether another listener of the server has answered it. */
  get isTaken(): boolean {
    const { res, socket } = this;
    return !this.hasLetGo && !res.headersSent && isAnswered(socket);
  }

  /** For one that is not open any more: a peer that has only hung up would hold its socket until the handshake's time is over. */
  abandon(): void {
    if (this.isTaken) this.letGo();
    else if (!this.hasLetGo && !this.res.headersSent) this.socket.destroy();
  }

  /** Shakes hands, at once. @throws HubError `unavailable` unless it `isOpen` */
  accept(): WebSocket {
    if (!this.isOpen) throw new HubError('unavailable');
    this.letGo();
    const accepted: WebSocket[] = [];
    this.server.handleUpgrade(this.req, this.socket, this.head, (webSocket) => accepted.push(webSocket));
    const [webSocket] = accepted;
    if (!webSocket) throw new HubError('internal', { message: 'A checked handshake was not accepted' });
    return webSocket;
  }

  private letGo(): void {
    this.hasLetGo = true;
    this.onLetGo();
    letGo(this.res, this.socket);
  }
}
