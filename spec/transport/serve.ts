/** An Express app of a test's own on a free port, where `startTestHub` decides too much; the transport specs that mount and attach use it. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Express } from 'express';
import { createLogger, type Logger, transports } from 'winston';
import { memoryStore } from '../../lib/store/memory/memory-store';
import { TestClient, type TestClientOptions } from '../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions, userFromHeader } from '../../lib/testing/test-hub';
import {
  type ExpressHitl,
  type ExpressHitlOptions,
  expressHitl,
} from '../../lib/transport/express/express-hitl';

const silent: Logger = createLogger({ silent: true, transports: [new transports.Console()] });

const pem = (name: string) => readFileSync(join(__dirname, 'fixtures', `localhost.${name}.pem`), 'utf8');

/** A key and a certificate that only these tests trust, made for 127.0.0.1 and a hundred years. */
export const localhost = { key: pem('key'), cert: pem('cert') };

/** What a test says of its hub; the rest is as it usually is. */
export type HitlTestOptions = Partial<Omit<ExpressHitlOptions, 'auth'>> & {
  auth?: Partial<ExpressHitlOptions['auth']>;
};

/** A hub on the machine's own clock that lets everybody in under the name in `x-user`. */
export function makeHitl({ auth, ...options }: HitlTestOptions = {}): ExpressHitl {
  return expressHitl({
    store: memoryStore(),
    logger: silent,
    ...options,
    auth: { identify: userFromHeader, authorize: () => 'allow', ...auth },
  });
}

export class Served {
  private readonly clients: TestClient[] = [];

  private constructor(readonly server: Server) {}

  /** @param tls key and certificate, to serve https */
  static start(app: Express, tls?: { key: string; cert: string }): Promise<Served> {
    return Served.listen(tls ? createSecureServer(tls, app) : createServer(app));
  }

  static async listen(server: Server): Promise<Served> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Served(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** A client that has joined as alice; throws if it was refused. */
  async connect(path: string, options: TestClientOptions & { secure?: boolean } = {}): Promise<TestClient> {
    const { secure, headers, ...rest } = options;
    const url = `${secure ? 'wss' : 'ws'}://127.0.0.1:${this.port}${path}`;
    const client = await TestClient.open(url, { ...rest, headers: { 'x-user': 'alice', ...headers } });
    if (!(client instanceof TestClient)) throw new Error(`Refused with ${client.status}`);
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.socket.terminate();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Makes what a spec's tests need, and ends it after each of them, the latest first. */
export function endedAfterEach() {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  return {
    ends,
    async startHub(options?: TestHubOptions): Promise<TestHub> {
      const hub = await startTestHub(options);
      ends.push(() => hub.close());
      return hub;
    },
    hitlOf(options?: HitlTestOptions): ExpressHitl {
      const hitl = makeHitl(options);
      ends.push(() => hitl.close());
      return hitl;
    },
    async serve(...args: Parameters<typeof Served.start>): Promise<Served> {
      const served = await Served.start(...args);
      ends.push(() => served.close());
      return served;
    },
  };
}
