/** A whole Express app with a hub, on real sockets at a free port, for tests; it can be restarted on the same store. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { createLogger, type Logger, transports } from 'winston';
import { memoryStore } from '../store/memory';
import type { Store } from '../store/store';
import { type ExpressHitl, type ExpressHitlOptions, expressHitl } from '../transport/express-hitl';
import { ManualClock } from './manual-clock';
import { type Refused, TestClient, type TestClientOptions } from './test-client';

export interface TestHubOptions extends Partial<ExpressHitlOptions> {
  /** Makes the store, anew at every restart; a durable one opens the same file. Default: one memory store for all. */
  makeStore?: () => Store;
  /** Where the router is mounted. Default `/`. */
  mount?: string;
  /** Middleware and routes of the app itself, before the router. */
  app?: (app: Express) => void;
}

export interface ConnectOptions extends TestClientOptions {
  /** Default `T-1`. */
  ticketId?: string;
  /** Who connects; default `alice`. Null: nobody. */
  user?: string | null;
  tab?: string;
  /** `<epoch>:<seq>`, to resume. */
  after?: string;
  sessionId?: string;
}

/** The default `user` of a test hub: the header `x-user`, with groups after a colon (`alice:lead,analyst`). */
export function userFromHeader(req: { get(name: string): string | undefined }) {
  const header = req.get('x-user');
  if (!header) return null;
  const [id = '', groups] = header.split(':');
  return { id, name: id, groups: groups ? groups.split(',') : [] };
}

export class TestHub {
  hitl!: ExpressHitl;
  app!: Express;
  server!: Server;
  readonly clock: ManualClock;
  private readonly clients = new Set<TestClient>();

  private constructor(private readonly options: TestHubOptions) {
    this.clock = options.clock instanceof ManualClock ? options.clock : new ManualClock();
  }

  /** Every ticket is allowed and no agent answers, unless the options say otherwise. */
  static async start(options: TestHubOptions = {}): Promise<TestHub> {
    const keptInMemory = memoryStore();
    // A memory store that is closed has forgotten; over a restart the test hub keeps it open.
    const kept: Store = Object.assign(Object.create(keptInMemory), { close: async () => {} });
    const hub = new TestHub({ makeStore: () => options.store ?? kept, ...options });
    await hub.boot();
    return hub;
  }

  get hub(): ExpressHitl['hub'] {
    return this.hitl.hub;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** With the mount path, without a trailing slash. */
  get url(): string {
    return `http://127.0.0.1:${this.port}${this.mount}`;
  }

  /** A client that is in; throws if it was refused. */
  async connect(options: ConnectOptions = {}): Promise<TestClient> {
    const opened = await this.tryConnect(options);
    if (opened instanceof TestClient) return opened;
    throw new Error(`Refused with ${opened.status}: ${JSON.stringify(opened.body)}`);
  }

  /** A client that is in, or how it was refused. */
  async tryConnect(options: ConnectOptions = {}): Promise<TestClient | Refused> {
    const { ticketId = 'T-1', user = 'alice', tab, after, sessionId, ...rest } = options;
    const query = new URLSearchParams({
      ...(tab !== undefined && { tab }),
      ...(after !== undefined && { after }),
      ...(sessionId !== undefined && { session_id: sessionId }),
    });
    const url = `${this.url.replace('http', 'ws')}/ws/chat/ticket/${encodeURIComponent(ticketId)}?${query}`;
    const headers = { ...(user && { 'x-user': user }), ...rest.headers };
    const opened = await TestClient.open(url, { ...rest, headers });
    if (opened instanceof TestClient) this.clients.add(opened);
    return opened;
  }

  /** Moves the clock on and waits until every deadline on the way has been told. */
  async fireDeadlines(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.hub.settled();
    // What was set meanwhile and is due already.
    while (this.clock.hasDue()) {
      this.clock.advance(0);
      await this.hub.settled();
    }
  }

  /** Ends the hub in good order and starts another on the same store. */
  async restart(): Promise<void> {
    await this.shut();
    await this.boot();
  }

  async close(): Promise<void> {
    await this.shut();
  }

  private get mount(): string {
    return this.options.mount === undefined || this.options.mount === '/' ? '' : this.options.mount;
  }

  private async boot(): Promise<void> {
    const { makeStore, mount = '/', app: extend, ...options } = this.options;
    this.hitl = expressHitl({
      user: userFromHeader,
      ticket: () => 'allow',
      logger: silentLogger(),
      // A clock that is moved by hand goes past many heartbeats at once, and no peer can answer in between.
      heartbeat: '20d',
      ...options,
      clock: options.clock ?? this.clock,
      ...(makeStore && { store: makeStore() }),
    });
    this.app = express();
    extend?.(this.app);
    this.app.use(mount, this.hitl.router);
    this.server = createServer(this.app);
    this.hitl.attach(this.server);
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    await this.hitl.hub.start();
  }

  private async shut(): Promise<void> {
    await this.hitl.close();
    for (const client of this.clients) client.socket.terminate();
    this.clients.clear();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A hub for a test; close it when the test is over. */
export function startTestHub(options: TestHubOptions = {}): Promise<TestHub> {
  return TestHub.start(options);
}

function silentLogger(): Logger {
  return createLogger({ silent: true, transports: [new transports.Console()] });
}
