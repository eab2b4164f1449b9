/** Leads an upgrade request through the app's own middleware before any handshake, so that a refusal is a real HTTP answer. */
import type { IncomingMessage, Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { HubError, toHubError } from '../../errors';
import type { Clock } from '../../hub/commit/clock';
import { Hints } from '../../hub/options/hints';
import type { Logger } from '../../hub/options/logger';
import { maxFrameBytes } from '../../protocol/client-frames';
import { subprotocol } from '../../protocol/codec';
import type { OriginPolicy } from '../core/origin';
import { logRefusal, refuse } from '../core/refusal';
import { assertHandshake, dialectOf, isHandshake } from './handshake';
import { isAnswered, PendingUpgrade } from './pending-upgrade';
import { matcherOf, pathnameOf } from './socket-paths';
import { UpgradeGate } from './upgrade-gate';
import { respondOn } from './upgrade-response';

export interface AttachOptions {
  /**
   * Where the router is mounted, as it was given to `app.use`: `/soc`, `/org/:org/soc`. Default: any mount; several hubs on
   * one server each need theirs.
   */
  path?: string;
}

export class Upgrades {
  private readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxFrameBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  });
  private readonly attached = new Set<() => void>();
  /** Of each `attach` so far. */
  private readonly paths: (string | undefined)[] = [];
  private hasWarned = false;

  constructor(
    private readonly parts: {
      origins: OriginPolicy;
      clock: Clock;
      logger: Logger;
      /** How long the app's middleware may take to let an upgrade through. */
      handshakeTimeoutMs: number;
      /** Called with each upgrade before the app is. */
      onArrival(req: IncomingMessage): void;
    },
  ) {}

  /**
   * Takes the handshakes of tickets and inboxes on `server` and leaves everything else to the app and to other listeners;
   * returns what stops it.
   * @throws HubError `invalid_request` for something that is no server, and for a path at which Express can mount nothing
   */
  attach(server: Server | SecureServer, { path }: AttachOptions = {}): () => void {
    // An Express app has the methods of an emitter too, and never an upgrade.
    if (typeof server !== 'object' || typeof server?.on !== 'function')
      throw new HubError('invalid_request', {
        message: `attach takes the server that app.listen gives, not ${nameOf(server)}: write hitl.attach(app.listen(3000))`,
      });
    this.paths.push(path);
    const isSocket = matcherOf(path, server);
    const detach = UpgradeGate.of(server).add({
      takes: (req) => isHandshake(req) && isSocket(req.url ?? ''),
      take: (req, socket, head) => this.lead(server, req, socket, head),
    });
    this.attached.add(detach);
    return () => {
      this.attached.delete(detach);
      detach();
    };
  }

  /** Why a handshake was not taken from an app that got it, for the person who runs the app. */
  whyNotTaken(url: string): string {
    const place = pathnameOf(url).slice(0, 200);
    const paths = this.paths.filter((path) => path !== undefined);
    if (this.paths.length === 0)
      return 'hitl.attach was not called: write hitl.attach(app.listen(3000)), with the server that listens';
    const others = paths.map((path) => `'${path}'`).join(', ');
    return paths.length === this.paths.length
      ? `hitl.attach was called with the path ${others}, and this is ${place}: the path is that of app.use(path, hitl.router)`
      : 'hitl.attach was not called on this server: it needs each server that listens';
  }

  /** Takes no more upgrades on any server. */
  stop(): void {
    for (const detach of this.attached) detach();
    this.attached.clear();
  }

  private lead(server: Server | SecureServer, req: IncomingMessage, socket: Socket, head: Buffer): void {
    const { origins, clock, logger, handshakeTimeoutMs, onArrival } = this.parts;
    if (isAnswered(socket)) this.warnOfAnother();
    if (isAnswered(socket) || socket.destroyed) return;
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
      assertDecodable(pathnameOf(req.url));
      const dialect = dialectOf(req);
      const cancel = clock.later(handshakeTimeoutMs, () => {
        if (pending.isOpen) turnDown(new HubError('unavailable', { message: 'The handshake took too long' }));
        else if (pending.isTaken) pending.abandon();
        else socket.destroy();
      });
      socket.once('close', cancel);
      const pending = new PendingUpgrade(this.server, req, res, socket, head, dialect, () => {
        cancel();
        socket.off('close', cancel);
      });
      res.once('finish', () => {
        if (!pending.hasReachedRouter) this.hintAtMount(req, res.statusCode);
      });
      onArrival(req);
      server.emit('request', req, res);
      // The listeners behind this one are called in the same tick.
      process.nextTick(() => {
        if (!pending.isTaken) return;
        pending.abandon();
        this.warnOfAnother();
      });
    } catch (thrown) {
      turnDown(thrown);
    }
  }

  /** What the app has answered itself; where it refuses, that is its right. */
  private hintAtMount({ url }: IncomingMessage, status: number): void {
    if (status !== 404 && status >= 300) return;
    Hints.of(this.parts.logger).give(
      'mount',
      `A socket at ${pathnameOf(url).slice(0, 200)} did not get to the hub, since the app answered with ${status}: write app.use(path, hitl.router), before what answers every address`,
    );
  }

  private warnOfAnother(): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    this.parts.logger.warn(
      'Another upgrade listener of this server answers the handshakes of tickets: give it only its own, with noServer',
    );
  }
}

/** @throws HubError `invalid_id` for broken percent-encoding */
function assertDecodable(pathname: string): void {
  try {
    decodeURIComponent(pathname);
  } catch (cause) {
    throw new HubError('invalid_id', { message: 'The ticket id is not properly percent-encoded', cause });
  }
}

/** What was given in place of a server. */
function nameOf(given: unknown): string {
  if (typeof given === 'function') return 'use' in given ? 'the app' : 'a function';
  return typeof given === 'object' && given !== null ? 'an object that is none' : `${given}`;
}
