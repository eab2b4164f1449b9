/** A whole Express app with a hub, on real sockets at a free port, for tests; it can be restarted on the same store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express, { type Express, type Request } from 'express';
import { createLogger, transports } from 'winston';
import { portOf } from '../hub/hub';
import type { HitlTypes, Kinds, NoTypes } from '../hub/kinds/app-types';
import { type Duration, toMillis } from '../hub/options/duration';
import type { Logger } from '../hub/options/logger';
import type { User } from '../protocol/records';
import { memoryStore } from '../store/memory/memory-store';
import { sqliteStore } from '../store/sqlite/sqlite-store';
import type { Store } from '../store/store';
import type { AuthOptions } from '../transport/core/auth-options';
import { type ExpressHitl, type ExpressHitlOptions, expressHitl } from '../transport/express/express-hitl';
import { ManualClock } from './manual-clock';
import { MortalStore } from './mortal-store';
import { type Refused, TestClient, type TestClientOptions } from './test-client';

/** What a test has to be in control of. */
export type GivenOptions = Required<
  Pick<ExpressHitlOptions, 'store' | 'clock' | 'logger' | 'http' | 'limits'>
>;

// biome-ignore lint/complexity/noBannedTypes: no kinds at all
export interface TestHubOptions<K extends Kinds = {}, U extends User = User>
  extends Partial<Omit<ExpressHitlOptions<K, U>, 'auth'>> {
  /** Defaults: the user in the header `x-user`, every ticket allowed and in every inbox. */
  auth?: Partial<AuthOptions<Request, U>>;
  /** Creates the store, again at every restart; a durable one opens the same file. Default: one memory store for all. */
  makeStore?: () => Store;
  /** Store everything in a SQLite file of this hub's own, which is deleted when the hub is closed. Default false: in memory. */
  sqlite?: boolean;
  /** Where the router is mounted. Default `/`. */
  mount?: string;
  /**
   * The app under test, in place of a bare one: created again at every start, with these options for its `expressHitl`. Its own
   * `auth`, `agent`, `kinds` and so on are its own; those of the test hub are then not used.
   */
  create?: (given: GivenOptions) => { app: Express; hitl: ExpressHitl<{ kinds: K; user: U }> };
  /** Called at every start, before the first client: to register an agent or listeners. */
  prepare?: (hitl: ExpressHitl<NoInfer<{ kinds: K; user: U }>>) => void;
  /** Middleware and routes of the app itself, before the router. */
  app?: (app: Express) => void;
}

export interface ConnectOptions extends TestClientOptions {
  /** Default `T-1`. */
  ticketId?: string;
  /** Who connects; default `alice`. Null: no one is signed in. */
  user?: string | null;
  /** Their groups, which the default `auth.identify` reads with the user; no name has a comma. Default: none. */
  groups?: readonly string[];
  tab?: string;
  /** `<epoch>:<seq>`, to resume. */
  after?: string;
  sessionId?: string;
}

export interface InboxConnectOptions extends TestClientOptions {
  /** As for a ticket. */
  user?: string | null;
  groups?: readonly string[];
  /** From the question mark on: `?type=question&order=urgent`. */
  query?: string;
}

/** The default `auth.identify` of a test hub: the header `x-user`, with groups after a colon (`alice:lead,analyst`). */
export function userFromHeader(req: { get(name: string): string | undefined }) {
  const header = req.get('x-user');
  if (!header) return null;
  const [id = '', groups] = header.split(':');
  return { id, name: id, groups: groups ? groups.split(',') : [] };
}

/** What is there between two restarts. */
interface Running {
  hitl: ExpressHitl;
  app: Express;
  server: Server;
  store: Store;
  mortal: MortalStore;
}

/** A hub in an app of its own; `App` has the kinds and users that it was started with. */
export class TestHub<App extends HitlTypes = NoTypes> {
  readonly clock: ManualClock;
  private running: Running | undefined;
  private readonly clients = new Set<TestClient<App>>();
  private readonly sockets = new Set<Socket>();
  private folder: string | undefined;

  private constructor(private readonly options: TestHubOptions) {
    this.clock = options.clock instanceof ManualClock ? options.clock : new ManualClock();
  }

  /** Every ticket is allowed and in every inbox, no agent answers and no frame is too many, unless the options say otherwise. */
  static async start<App extends HitlTypes>(options: TestHubOptions): Promise<TestHub<App>> {
    const keptInMemory = memoryStore();
    // A closed memory store loses its data; over a restart the test hub leaves it open.
    const kept: Store = Object.assign(Object.create(keptInMemory), { close: async () => {} });
    const hub: TestHub<App> = new TestHub<App>({
      makeStore: () => options.store ?? (options.sqlite ? sqliteStore(hub.databasePath()) : kept),
      ...options,
    });
    await hub.boot();
    return hub;
  }

  get hitl(): ExpressHitl<App> {
    return this.parts.hitl as unknown as ExpressHitl<App>;
  }

  get app(): Express {
    return this.parts.app;
  }

  get server(): Server {
    return this.parts.server;
  }

  /** The store in use; another object, on the same data, after a restart. */
  get store(): Store {
    return this.parts.store;
  }

  get hub(): ExpressHitl<App>['hub'] {
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
  async connect(options: ConnectOptions = {}): Promise<TestClient<App>> {
    const opened = await this.tryConnect(options);
    if (opened instanceof TestClient) return opened;
    throw refusalOf(opened);
  }

  /** A client that is in, or how it was refused. */
  async tryConnect(options: ConnectOptions = {}): Promise<TestClient<App> | Refused> {
    const { ticketId = 'T-1', user = 'alice', groups, tab, after, sessionId, ...rest } = options;
    const query = new URLSearchParams({
      ...(tab !== undefined && { tab }),
      ...(after !== undefined && { after }),
      ...(sessionId !== undefined && { session_id: sessionId }),
    });
    return this.open(`/ws/chat/ticket/${encodeURIComponent(ticketId)}?${query}`, { user, groups }, rest);
  }

  /** A user's inbox; throws if it was refused. */
  async connectInbox(options: InboxConnectOptions = {}): Promise<TestClient<App>> {
    const opened = await this.tryConnectInbox(options);
    if (opened instanceof TestClient) return opened;
    throw refusalOf(opened);
  }

  /** A user's inbox, or how it was refused. */
  async tryConnectInbox(options: InboxConnectOptions = {}): Promise<TestClient<App> | Refused> {
    const { user = 'alice', groups, query = '', ...rest } = options;
    return this.open(`/ws/inbox${query}`, { user, groups }, rest);
  }

  private async open(
    path: string,
    { user, groups }: { user: string | null; groups: readonly string[] | undefined },
    options: TestClientOptions,
  ): Promise<TestClient<App> | Refused> {
    const named = user && groups ? `${user}:${groups.join(',')}` : user;
    const headers = { ...(named && { 'x-user': named }), ...options.headers };
    const opened = await TestClient.open<App>(`${this.url.replace('http', 'ws')}${path}`, {
      requestOf: (id) => this.hub.requests.get(id),
      ...options,
      headers,
    });
    if (opened instanceof TestClient) this.clients.add(opened);
    return opened;
  }

  /** Time passes, by milliseconds or `'15m'`; what is due on the way has happened when it resolves. */
  async advance(by: Duration): Promise<void> {
    this.clock.advance(typeof by === 'number' ? by : toMillis(by));
    await this.settled();
    // Timers that were set in the meantime and are due already.
    while (this.clock.hasDue()) {
      this.clock.advance(0);
      await this.settled();
    }
  }

  /** Resolves when everything decided so far is stored and delivered. */
  settled(): Promise<void> {
    return portOf(this.hub).settled();
  }

  /** Ends the hub in good order and starts another on the same store. */
  async restart(): Promise<void> {
    await this.shut();
    await this.boot();
  }

  /**
   * Ends the hub as when its process dies, and starts another on what was committed: nothing is ended in good order, every
   * socket is cut, and nothing that the dead one still does in this process is stored any more.
   */
  async crash(): Promise<void> {
    const { mortal } = this.parts;
    this.clock.dropTimers();
    await mortal.die();
    await this.cut();
    await this.boot();
  }

  async close(): Promise<void> {
    await this.shut();
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true, force: true });
    this.folder = undefined;
  }

  private databasePath(): string {
    this.folder ??= mkdtempSync(join(tmpdir(), 'express-hitl-test-'));
    return join(this.folder, 'hitl.db');
  }

  private get parts(): Running {
    if (!this.running) throw new Error('The test hub is not running');
    return this.running;
  }

  private get mount(): string {
    return this.options.mount === undefined || this.options.mount === '/' ? '' : this.options.mount;
  }

  private async boot(): Promise<void> {
    const { makeStore, create, prepare, clock = this.clock, logger = silentLogger() } = this.options;
    // A clock that is moved by hand goes past many heartbeats at once, and no peer can answer in between; and a test sends
    // more in a second than a person in an hour.
    const http = { heartbeat: '20d', ...this.options.http } as const;
    const limits = { frames: false, ...this.options.limits } as const;
    const store = makeStore?.() ?? memoryStore();
    const mortal = new MortalStore(store);
    const given = { store: mortal.store, clock, logger, http, limits };
    const { app, hitl } = create ? create(given) : bareApp(this.options, given);
    const server = createServer(app);
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    this.running = { hitl, app, server, store, mortal };
    prepare?.(hitl);
    hitl.attach(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await hitl.start();
  }

  private async shut(): Promise<void> {
    await this.hitl.close();
    await this.cut();
  }

  private async cut(): Promise<void> {
    const { server } = this;
    for (const client of this.clients) client.socket.terminate();
    this.clients.clear();
    // A server does not count those among its connections that were upgraded, and waits for them all the same.
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/**
 * A hub for a test, in an app of its own or in the app under test (`create`); close it when the test is over. It has the kinds
 * and users of its options, or of that app.
 */
// biome-ignore lint/complexity/noBannedTypes: no kinds at all
export function startTestHub<K extends Kinds = {}, U extends User = User>(
  options: TestHubOptions<K, U> = {},
): Promise<TestHub<{ kinds: K; user: U }>> {
  // Inside, kinds and users are as they come.
  return TestHub.start(options as unknown as TestHubOptions);
}

/** A client of any server of ours; `url` is that of its ticket's socket. @throws Error with what the server said if it was refused */
export async function connectTestClient(url: string, options: TestClientOptions = {}): Promise<TestClient> {
  const opened = await TestClient.open(url, options);
  if (opened instanceof TestClient) return opened;
  throw refusalOf(opened);
}

/** Moves a test hub's clock on and waits until every deadline on the way has fired. */
export function fireDeadlines(hub: Pick<TestHub, 'advance'>, by: Duration): Promise<void> {
  return hub.advance(by);
}

/** Ends a test hub in good order and starts another on the same store. */
export function restartHub(hub: Pick<TestHub, 'restart'>): Promise<void> {
  return hub.restart();
}

/** An app with nothing but a hub, and what the options add. */
function bareApp(options: TestHubOptions, given: GivenOptions): { app: Express; hitl: ExpressHitl } {
  const {
    makeStore: _makeStore,
    sqlite: _sqlite,
    create: _create,
    prepare: _prepare,
    mount = '/',
    app: extend,
    auth,
    ...own
  } = options;
  const hitl = expressHitl({
    auth: { identify: userFromHeader, authorize: () => 'allow', inboxTickets: () => 'all', ...auth },
    ...own,
    ...given,
  });
  const app = express();
  extend?.(app);
  app.use(mount, hitl.router);
  return { app, hitl };
}

function refusalOf({ status, body }: Refused): Error {
  return new Error(`Refused with ${status}: ${JSON.stringify(body)}`);
}

function silentLogger(): Logger {
  return createLogger({ silent: true, transports: [new transports.Console()] });
}
