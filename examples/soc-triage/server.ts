/** The SOC triage demo: an Express app with its own login, and a hub mounted behind it; `npm start` runs it. */
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express, { type RequestHandler } from 'express';
import { type ExpressHitl, expressHitl, sqliteStore } from 'express-hitl';
import { createLogger, format, transports } from 'winston';
import { blockArgs, triageAgent } from './agent';
import { loadAlerts } from './alerts';
import { Firewall } from './firewall';
import { homePage } from './home';
import { currentUser, loginRoutes, requireLogin } from './login';
import { incidentReport } from './report';
import { serviceWith, tester } from './service';

/** A ticket that exists and that no user of the demo may see. */
const sealedTicket = 'T-9403';

export interface Demo {
  server: Server;
  hitl: Pick<ExpressHitl, 'start' | 'drain' | 'close'>;
}

/**
 * The whole app, not yet listening.
 * @param dataDir where the database and the firewall's file are stored; made if missing
 * @param assets a build of the console other than the one that ships
 * @param serviceToken what the service `tester` comes with; without it there is no service
 */
export function createDemo(dataDir: string, assets?: string, serviceToken?: string): Demo {
  mkdirSync(dataDir, { recursive: true });
  const alerts = loadAlerts();
  const firewall = new Firewall(join(dataDir, 'firewall.jsonl'));
  const service = serviceWith(serviceToken);

  const hitl = expressHitl({
    store: sqliteStore(join(dataDir, 'hitl.db')),
    logger: warningsToStderr(),
    auth: {
      identify: (req) => {
        const person = currentUser(req);
        // A program has an id that no person has, or that person could cancel what it asks.
        return serviceToken && person?.id === tester.id ? null : person;
      },
      identifyService: service,
      authorize: ({ ticketId }) => {
        if (ticketId === sealedTicket) return 'forbidden';
        return alerts.has(ticketId) ? 'allow' : 'not_found';
      },
      // Everybody here works on every alert, so what waits in any of them is in everybody's inbox.
      inboxTickets: () => [...alerts.keys()],
    },
    kinds: { incident_report: incidentReport },
    pages: { console: assets === undefined ? true : { assets } },
    agentName: { id: 'warren', name: 'Warren' },
    http: {
      // Scripts send the login cookie without an Origin, as no browser does; a page of another site still sends its own
      // and is refused. Leave this out in an app that only browsers use.
      allowMissingOrigin: true,
    },
  });
  // A turn goes on after a restart, so an approval that comes then is still carried out, by the turn that asked for it.
  hitl.agent(triageAgent({ alerts, firewall }));

  // What people edit has to be an address too.
  hitl.tool({ name: 'block_ip', args: blockArgs, run: ({ ip }) => firewall.block(ip, 'the agent') });

  const app = express();
  app.disable('x-powered-by');
  app.use(securityHeaders);
  app.get('/', (req, res) => {
    const person = currentUser(req);
    if (person) res.type('html').send(homePage(person, alerts.values()));
    else res.sendFile(join(__dirname, 'public', 'login.html'));
  });
  app.use('/assets', express.static(join(__dirname, 'public'), { index: false }));
  app.use(loginRoutes((userId) => hitl.hub.clients.disconnect({ userId })));
  app.use(
    requireLogin((req) => service(req) !== null),
    hitl.router,
  );

  const server = createServer(app);
  hitl.attach(server);
  return { server, hitl };
}

/** Nothing but the pages' own files and their own server; no script at all. The console brings its own policy. */
const securityHeaders: RequestHandler = (_req, res, next) => {
  res.set({
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src 'self'; " +
      "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  });
  next();
};

/** Standard output is for the one line with the address. */
function warningsToStderr() {
  return createLogger({
    level: 'warn',
    format: format.combine(format.timestamp(), format.simple()),
    transports: [new transports.Console({ stderrLevels: ['error', 'warn'] })],
  });
}

async function main(): Promise<void> {
  const { DATA_DIR, CONSOLE_ASSETS, DEMO_SERVICE_TOKEN } = process.env;
  const { server, hitl } = createDemo(DATA_DIR || './data', CONSOLE_ASSETS, DEMO_SERVICE_TOKEN);
  await hitl.start();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(process.env.PORT || 3000), resolve);
  });

  // A deployment lets turns finish and sends clients the time to come back; Ctrl-C, also in the middle of that, does not wait.
  process.once('SIGTERM', () => void hitl.drain({ over: '2s' }).then(() => process.exit(0)));
  process.once('SIGINT', () => void hitl.close().then(() => process.exit(0)));
  // An AddressInfo, since it listens on a port and not on a pipe.
  console.log(`SOC triage demo: http://localhost:${(server.address() as AddressInfo).port}`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
