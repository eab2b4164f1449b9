/** The routes of sockets inside our router: handshakes that `Upgrades` leads here, sockets that an app's own express-ws has opened, what stands in for them over plain HTTP, and other plain requests, which are refused. */
import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import express, { type Request, type RequestHandler, type Router } from 'express';
import expressWs, { type WithWebsocketMethod } from 'express-ws';
import { type ErrorDetails, HubError } from '../../errors';
import type { Hints } from '../../hub/options/hints';
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
  hints: Pick<Hints, 'give'>;
  /** Why a handshake to this address came as a plain request, where nothing in front of the app is to blame. */
  whyNotTaken(url: string): string;
  /** Whether the hub admits no more clients. */
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
    ws.hasReachedRouter = true;
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
function plainRequests({ hints, whyNotTaken, isClosing }: SocketRouterParts): RequestHandler {
  return (req, res, next) => {
    if (isClosing()) throw new HubError('closing');
    if (req.headers.upgrade !== undefined && !isHandshake(req)) {
      res.set('Connection', 'close');
      assertHandshake(req);
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') return next();
    const cause = causeOf(req);
    hints.give(
      cause ?? 'no handshake',
      `A socket was asked for and not opened: ${sentenceOf(cause, req, whyNotTaken)}`,
    );
    res.set({ Connection: 'Upgrade', Upgrade: 'websocket' });
    throw new HubError('upgrade_required', cause && { details: { cause } });
  };
}

/** What to write where a proxy opens no sockets. */
const strippedUpgrade =
  'something in front of the app does not pass on Upgrade and Connection; for nginx write proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_set_header Host $host;';

type Cause = NonNullable<ErrorDetails['upgrade_required']>['cause'];

/** Why a handshake came as a plain request; nothing where it was none. */
function causeOf({ headers }: IncomingMessage): Cause | undefined {
  const { upgrade, connection = '', 'sec-websocket-key': key } = headers;
  if (upgrade !== undefined && /\bupgrade\b/i.test(connection)) return 'not_attached';
  return key === undefined ? undefined : 'stripped_upgrade';
}

/** The same for the person who runs the app. */
function sentenceOf(
  cause: Cause | undefined,
  { originalUrl }: Request,
  whyNotTaken: SocketRouterParts['whyNotTaken'],
): string {
  if (cause === 'not_attached') return whyNotTaken(originalUrl);
  return cause === 'stripped_upgrade' ? strippedUpgrade : 'the request was no WebSocket handshake';
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
