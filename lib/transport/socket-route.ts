/** The socket route: from a request that reached it to a client that is in its ticket; express-ws calls it. */
import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request } from 'express';
import type { Logger } from 'winston';
import type { RawData, WebSocket } from 'ws';
import { HubError, toHubError } from '../errors';
import type { Client } from '../hub/client';
import type { Clock } from '../hub/clock';
import type { Hub } from '../hub/hub';
import type { ChatUser } from '../protocol/chat-frames';
import type { CloseName } from '../protocol/close-codes';
import { type Dialect, subprotocol } from '../protocol/codec';
import type { DirectEnvelope } from '../protocol/envelopes';
import type { Access } from './access';
import { Connection } from './connection';
import { Frames } from './frames';
import type { OriginPolicy } from './origin';
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
}

/** What the address says beside the ticket. */
interface Query {
  tabId: string;
  sessionId: string | undefined;
  after: { epoch: string; seq: number } | undefined;
}

export class SocketRoute {
  private readonly connections = new Set<Connection>();
  private cancelBeat: (() => void) | undefined;

  constructor(private readonly parts: SocketRouteParts) {}

  /** Connections open now. */
  get size(): number {
    return this.connections.size;
  }

  /** For `router.ws` of our own router and for `app.ws` of an app that runs express-ws itself. Needs `:ticketId` in the path. */
  readonly handler = (socket: WebSocket | PendingUpgrade, req: Request, next: NextFunction): void => {
    if (socket instanceof PendingUpgrade) this.admit(socket, req).catch(next);
    else this.admitOpen(socket, req);
  };

  /** Before the handshake: whatever is wrong is thrown, and becomes an HTTP answer. */
  private async admit(upgrade: PendingUpgrade, req: Request): Promise<void> {
    const { hub } = this.parts;
    const { user, query } = await this.authenticate(req);
    const { dialect } = upgrade;
    // From here to the handshake nothing waits, so that nothing can come between.
    const late: { socket?: WebSocket } = {};
    const connection = this.connect(dialect, () => late.socket);
    const client = hub.newClientWithTabId(ticketIdOf(req), user, query.tabId, connection);
    hub.register(client);
    try {
      late.socket = upgrade.accept();
    } catch (error) {
      hub.unregister(client);
      throw error;
    }
    this.listen(late.socket, connection, client, dialect);
    await this.open(client, connection, query, dialect);
  }

  /** After a handshake that somebody else has done: refusals are close codes. */
  private admitOpen(socket: WebSocket, req: Request): void {
    const { hub, origins } = this.parts;
    const dialect: Dialect = socket.protocol === subprotocol ? subprotocol : 'classic';
    const early: Parameters<typeof hold>[] = [];
    const connection = this.connect(dialect, () => socket);
    const hold = (data: RawData | string, isBinary?: boolean) => {
      early.push([data, isBinary]);
      if (early.length > maxEarlyFrames) connection.close('rate_limited');
    };
    socket.on('message', hold);
    socket.on('error', () => {});
    const enter = async () => {
      origins.assertSocket(req);
      const { user, query } = await this.authenticate(req);
      const client = hub.newClientWithTabId(ticketIdOf(req), user, query.tabId, connection);
      if (socket.readyState !== socket.OPEN) return;
      hub.register(client);
      socket.off('message', hold);
      const receive = this.listen(socket, connection, client, dialect);
      for (const [data, isBinary] of early) receive(data, isBinary);
      await this.open(client, connection, query, dialect);
    };
    enter().catch((thrown: unknown) => {
      const error = toHubError(thrown);
      this.logRefusal(error, req);
      connection.close(closeNameFor(error));
    });
  }

  private async authenticate(req: Request) {
    const { hub, access } = this.parts;
    if (hub.closing) throw new HubError('closing');
    await hub.start();
    const user = await access.identify(req);
    const query = readQuery(req);
    await access.authorize(ticketIdOf(req), user);
    return { user, query };
  }

  private connect(dialect: Dialect, socket: () => WebSocket | undefined): Connection {
    const { clock, agent } = this.parts;
    return new Connection(
      {
        get bufferedAmount() {
          return socket()?.bufferedAmount ?? 0;
        },
        send: (data) => socket()?.send(data, ignoreFailure),
        close: (code, reason) => socket()?.close(code, reason),
        terminate: () => socket()?.terminate(),
        ping: () => socket()?.ping(undefined, undefined, ignoreFailure),
      },
      dialect,
      clock,
      agent,
    );
  }

  private listen(socket: WebSocket, connection: Connection, client: Client, dialect: Dialect) {
    const { hub, access, logger, clock } = this.parts;
    const frames = new Frames({ hub, access, logger, client, dialect, now: () => clock.now() });
    // ws 7 has no flag and hands text over as a string.
    const onMessage = (data: RawData | string, isBinary = typeof data !== 'string') => {
      connection.heard();
      // A tab that was replaced or sent away may still have had frames on their way.
      if (!hub.isRegistered(client)) return;
      if (isBinary) hub.disconnect((each) => each === client, 'unsupported_data');
      else void frames.receive(data.toString());
    };
    this.track(connection);
    socket.on('message', onMessage);
    socket.on('pong', () => connection.heard());
    // ws closes the socket with the code that fits (1007, 1009, 1002) right after it says so.
    socket.on('error', (error: Error & { code?: string }) =>
      logger.debug('A socket failed', { code: error.code }),
    );
    socket.on('close', () => {
      this.untrack(connection);
      hub.unregister(client);
    });
    return onMessage;
  }

  private async open(client: Client, connection: Connection, query: Query, dialect: Dialect) {
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
        heartbeat_ms: this.parts.heartbeatMs,
      };
      const session = query.sessionId ? [this.sessionAnswer(client, query.sessionId, failure)] : [];
      const rest = 'missed' in opening ? opening.missed : [opening.snapshot];
      const keepsUp = connection.goLive(
        [welcome, ...session.filter(() => dialect !== 'classic'), ...rest],
        position.seq,
      );
      if (!keepsUp) hub.disconnect((each) => each === client, 'resync');
    } catch (thrown) {
      const error = toHubError(thrown);
      logger.error('A client could not be told what was before it came', { error: error.code });
      hub.disconnect((each) => each === client, 'unavailable');
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

  /** One timer for all: peers that were silent for a whole heartbeat after being pinged are gone. */
  private track(connection: Connection): void {
    this.connections.add(connection);
    this.cancelBeat ??= this.armBeat();
  }

  private untrack(connection: Connection): void {
    this.connections.delete(connection);
    if (this.connections.size > 0) return;
    this.cancelBeat?.();
    this.cancelBeat = undefined;
  }

  private armBeat(): () => void {
    return this.parts.clock.later(this.parts.heartbeatMs, () => {
      this.cancelBeat = this.armBeat();
      for (const connection of [...this.connections]) connection.beat();
    });
  }

  private logRefusal(error: HubError, req: IncomingMessage): void {
    const level = error.code === 'internal' ? 'error' : 'info';
    this.parts.logger.log(level, 'A socket was refused', {
      code: error.code,
      from: req.socket.remoteAddress,
    });
  }
}

/** A socket that fails while it is written to closes by itself. */
function ignoreFailure(): void {}

function ticketIdOf(req: Request): string {
  const { ticketId } = req.params;
  if (typeof ticketId !== 'string')
    throw new HubError('internal', 'The socket route needs :ticketId in its path');
  return ticketId;
}

/** @throws HubError `invalid_id` for an `after` that is none */
function readQuery(req: Request): Query {
  const params = new URL(req.url, 'http://localhost').searchParams;
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

/** The close code that says what the HTTP status would have said. */
function closeNameFor(error: HubError): CloseName {
  const byStatus: Partial<Record<number, CloseName>> = {
    400: 'bad_request',
    401: 'session_ended',
    403: 'forbidden',
    404: 'not_found',
    429: 'rate_limited',
    503: 'unavailable',
  };
  return byStatus[error.status] ?? 'internal';
}
