/** Chat that survives power loss, three ways: through our hub, as one would write it by hand, and SQLite with nobody around it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import express from 'express';
import { createLogger, transports } from 'winston';
import type WebSocket from 'ws';
import { WebSocketServer } from 'ws';
import { expressHitl, sqliteStore } from '../../lib/index';
import { type Cost, costOf, endOfTick, listen, serve } from './serving';

const folder = mkdtempSync(join(tmpdir(), 'express-hitl-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'bench.db');
const server = createServer();

/** Between `begin` and `end`. */
let cost: Promise<Cost>;
let stop = () => {};
const metering = {
  begin() {
    cost = costOf(() => new Promise((resolve) => (stop = resolve)));
  },
  end() {
    stop();
    return cost;
  },
};

async function hub(): Promise<void> {
  const hitl = expressHitl({
    store: sqliteStore(file),
    auth: { identify: (req) => ({ id: req.get('x-user') ?? 'nobody' }), authorize: () => 'allow' },
    limits: { frames: false, clientsPerTicket: 20, clientsPerUserInTicket: 20, clientsPerUser: 1_000_000 },
    http: { heartbeat: '1h' },
    logger: createLogger({ level: 'warn', transports: [new transports.Console({ stderrLevels: ['warn'] })] }),
  });
  const app = express();
  app.use(hitl.router);
  server.on('request', app);
  hitl.attach(server);
  await hitl.start();
  serve({ port: await listen(server) }, metering);
}

/** A row, then everybody, then an ack; each message in a transaction of its own, as durable as ours. */
async function byHand(): Promise<void> {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(
    'CREATE TABLE messages (n INTEGER PRIMARY KEY, ticket_id TEXT, user_id TEXT, content TEXT, at INTEGER)',
  );
  const insert = db.prepare('INSERT INTO messages (ticket_id, user_id, content, at) VALUES (?, ?, ?, ?)');
  const tickets = new Map<string, Set<WebSocket>>();
  server.on('request', express());
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket, req) => {
    const ticketId = req.url?.split('/').at(-1) ?? '';
    const everybody = tickets.get(ticketId) ?? new Set();
    tickets.set(ticketId, everybody.add(socket));
    socket.on('message', (data) => {
      const { id, content } = JSON.parse(data.toString());
      const at = Date.now();
      const { lastInsertRowid: seq } = insert.run(ticketId, String(req.headers['x-user']), content, at);
      const message = {
        id: String(seq),
        type: 'user',
        author: req.headers['x-user'],
        content,
        created_at: at,
      };
      const text = JSON.stringify({
        event: 'session_message_added',
        ticket_id: ticketId,
        seq: Number(seq),
        message,
      });
      for (const each of everybody) each.send(text);
      socket.send(JSON.stringify({ event: 'ack', re: id }));
    });
  });
  serve({ port: await listen(server) }, metering);
}

/** The commits that the hub makes of messages, given to its store in groups of so many, by nobody and for nobody. */
async function sqliteAlone(): Promise<void> {
  const store = sqliteStore(file);
  await store.open();
  let made = 0;
  const session = (n: number) => ({
    id: `session-${n % 100}`,
    ticketId: `T-${n % 10}`,
    source: 'web' as const,
    userId: `user-${n % 100}`,
    tabId: 'default',
    createdAt: 1,
    lastActiveAt: Date.now(),
  });
  const commitOf = (content: string) => {
    made += 1;
    const at = Date.now();
    const ofSession = session(made);
    const { ticketId, userId, id: sessionId } = ofSession;
    const author = { userId, displayName: userId };
    const id = `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`;
    const message = {
      id,
      ticketId,
      sessionId,
      type: 'user' as const,
      author,
      content,
      createdAt: at,
      revisions: [],
    };
    const view = {
      id,
      session_id: sessionId,
      type: 'user' as const,
      author: { user_id: userId, display_name: userId },
      content,
      created_at: new Date(at).toISOString(),
    };
    const timestamp = new Date(at).toISOString();
    const envelope = {
      event: 'session_message_added' as const,
      timestamp,
      session_id: sessionId,
      message: view,
    };
    const frame = { userId, frameId: String(made), ack: { message_id: id, session_id: sessionId } };
    return { ticketId, at, sessions: [ofSession], messages: [message], envelopes: [envelope], frame };
  };
  serve(
    {},
    {
      async commit({ ms, group, content }: { ms: number; group: number; content: number }) {
        const text = '.'.repeat(content);
        let messages = 0;
        const spent = await costOf(async () => {
          for (const end = performance.now() + ms; performance.now() < end; messages += group) {
            await store.commit(Array.from({ length: group }, () => commitOf(text)));
            await endOfTick();
          }
        });
        return { messages, ...spent };
      },
    },
  );
}

const servers: Record<string, () => Promise<void>> = {
  'express-hitl': hub,
  'Express + ws + SQLite by hand': byHand,
  'SQLite alone': sqliteAlone,
};
void servers[process.argv[3] ?? '']?.();
