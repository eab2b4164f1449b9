/** The response to an upgrade request, whose socket Node has let go of; it begins and ends as any other response does. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A real response that is written to `socket`; nothing where an earlier request still waits for its own, and the socket is destroyed. */
export function respondOn(socket: Socket, req: IncomingMessage): ServerResponse | undefined {
  // A peer that disconnects at this point is no error of ours.
  socket.on('error', destroySocket);
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  try {
    res.assignSocket(socket);
  } catch {
    // Its peer would get both answers in one.
    socket.destroy();
    return undefined;
  }
  // The response stays with its socket: when that closes, Node has it emit `close`.
  res.once('finish', endSocket);
  return res;
}

/**
 * Parts the two, since the socket is now one of another protocol. The response ends with the socket all the same; as a
 * connection may live for days, nothing of its request stays in memory unless something waits for that end.
 */
export function letGo(res: ServerResponse, socket: Socket): void {
  const { req } = res;
  res.off('finish', endSocket);
  res.detachSocket(socket);
  socket.off('error', destroySocket);
  if (res.listenerCount('close') + req.listenerCount('close') + req.listenerCount('end') === 0) return;
  socket.once('close', () => {
    // What Node does with a response whose socket closes: this one is no longer known to have it.
    Object.assign(res, { destroyed: true, _closed: true });
    res.emit('close');
    req.resume();
  });
}

function destroySocket(this: Socket): void {
  this.destroy();
}

function endSocket(this: ServerResponse): void {
  // A request ends with its response, even if its body was not read.
  this.req.resume();
  this.socket?.destroySoon();
}
