/** The routes of sockets inside our router: handshakes that `Upgrades` leads here, sockets that an app's own express-ws has opened, what stands in for them over plain HTTP, and other plain requests, which are refused. */
import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import express, { type RequestHandler, type Router } from 'express';
import expressWs, { type WithWebsocketMethod } from 'express-ws';
import { HubError } from '../../errors';
import type { Logger } from '../../hub/options/logger';
import { socketUrl } from '../../insides/express-ws';
import { assertHandshake, isHandshake } from './handshake';
import { PendingUpgrade } from './pending-upgrade';
import { inboxPath, pathnameOf, ticketPath } from './socket-paths';
import type { SocketRoute } from './socket-route';
import type { StreamRoute } from './stream-route';

export interface SocketRouterParts {
  tickets: Pick<SocketRoute, 'handler'>;
  inboxes: Pick<SocketRoute, 'handler'>;
  ticketStreams: Pick<StreamRoute, 'mount'>;
  inboxStreams: Pick<StreamRoute, 'mount'>;
  logger: Logger;
  /** Whether the hub lets nobody in any more. */
  isClosing(): boolean;
}

export function socketRouter(parts: SocketRouterParts): Router {
  const sockets = withSockets(express.Router());
  sockets.ws(ticketPath, parts.tickets.handler);
  sockets.ws(inboxPath, parts.inboxes.handler);

  const router = express.Router();
  router.use((req, res, next) => {
    const ws = PendingUpgrade.of(req);
    if (!ws) return sockets(req, res, next);
    // The app has seen the request as it was sent; express-ws has to find its route, at the path that Express sees.
    const { url, path } = req;
    req.url = socketUrl(path, url.slice(pathnameOf(url).length));
    Object.assign(req, { ws });
    sockets(req, res, (error?: unknown) => {
      req.url = url;
      Reflect.deleteProperty(req, 'ws');
      next(error);
    });
  });
  parts.ticketStreams.mount(router, ticketPath);
  parts.inboxStreams.mount(router, inboxPath);
  router.all([ticketPath, inboxPath], plainRequests(parts));
  router.use('/ws', (req, _res, next) =>
    next(isHandshake(req) ? new HubError('not_found', { message: 'There is no WebSocket here' }) : undefined),
  );
  return router;
}

/** What comes to the address of a socket and is no handshake, or one that nothing has taken from the app. */
function plainRequests({ logger, isClosing }: SocketRouterParts): RequestHandler {
  const logged = new Set<string>();
  return (req, res, next) => {
    if (isClosing()) throw new HubError('closing');
    if (req.headers.upgrade !== undefined && !isHandshake(req)) {
      res.set('Connection', 'close');
      assertHandshake(req);
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') return next();
    const cause = causeOf(req);
    if (!logged.has(cause)) logger.warn(`A socket was asked for and not opened: ${cause}`);
    logged.add(cause);
    res.set({ Connection: 'Upgrade', Upgrade: 'websocket' });
    throw new HubError('upgrade_required');
  };
}

/** Why a handshake came as a plain request, for whoever runs the app. */
function causeOf(req: IncomingMessage): string {
  const { upgrade, connection = '', 'sec-websocket-key': key } = req.headers;
  if (upgrade !== undefined && /\bupgrade\b/i.test(connection))
    return 'hitl.attach was not called on this server, or with the path of another mount';
  if (key !== undefined) return 'something in front of the app does not pass on Upgrade and Connection';
  return 'the request was no WebSocket handshake';
}

/**
 * express-ws adds its `.ws` to the router, and cannot take the server's upgrades: the emitter it gets instead of a server
 * never fires.
 */
function withSockets(router: Router): Router & WithWebsocketMethod {
  const gate = new EventEmitter() as Server;
  const { applyTo } = expressWs(express(), gate, { leaveRouterUntouched: true });
  applyTo(router);
  return router as Router & WithWebsocketMethod;
}
