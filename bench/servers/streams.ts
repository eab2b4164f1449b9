/** Answers that grow token by token, several at once in one ticket: through our hub, and as one would send each token by ws and by Socket.IO; the bench names which. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { Server as SocketIo } from 'socket.io';
import { createLogger, transports } from 'winston';
import type WebSocket from 'ws';
import { WebSocketServer } from 'ws';
import { expressHitl, sqliteStore, type Turn } from '../../lib/index';
import { type Cost, costOf, endOfTick, heldBack, listen, pause, serve, socketsOf } from './serving';

/** One answer under way. */
interface Answer {
  write(token: string): unknown;
  end(): unknown;
}

/** So many answers at once, so many tokens of each: one of each in a tick, or so many a second of each, each at its own time. */
export interface Order {
  answers: number;
  tokens: number;
  rate?: number;
}

export interface Written extends Cost {
  /**
   * Microseconds of CPU for a token of each, around the hundredth, and over the last fifth. Both have the commits they owe: an early
   * one is one of a hundred between two commits, a late one of four hundred.
   */
  early: number;
  late: number;
}

/** Five characters, as a token of a model has with its space. */
const token = 'word ';
/** The tokens of which an early one is taken; they reach from one commit of a text to the next. */
const early = { from: 50, to: 150 };
/** Bytes that may wait in any socket, so that nothing is dropped: this measures what is delivered. */
const maxHeldBack = 32_768;

const server = createServer();
const sockets = socketsOf(server);

const cpuNow = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

async function write(begin: () => Answer, { answers, tokens, rate }: Order): Promise<Written> {
  const all = Array.from({ length: answers }, begin);
  const late = { from: Math.floor(tokens * 0.8), to: tokens };
  /** CPU that was spent when so many tokens were written. */
  const spent = new Map<number, number>();
  const edges = new Set([early.from, early.to, late.from, late.to]);
  const flatOut = async () => {
    for (let n = 0; n < tokens; n += 1) {
      await Promise.all(all.map((answer) => answer.write(token)));
      await endOfTick();
      while (heldBack(sockets) > maxHeldBack) await pause(1);
      if (edges.has(n + 1)) spent.set(n + 1, cpuNow());
    }
  };
  const paced = (each: Answer, at: number, perSecond: number) =>
    new Promise<void>((resolve) => {
      let left = tokens;
      const one = () => {
        void each.write(token);
        left -= 1;
        if (left === 0) resolve();
        else setTimeout(one, 1_000 / perSecond);
      };
      setTimeout(one, (at / answers) * (1_000 / perSecond));
    });
  const cost = await costOf(async () => {
    if (rate === undefined) await flatOut();
    else await Promise.all(all.map((each, at) => paced(each, at, rate)));
    await Promise.all(all.map((answer) => answer.end()));
    while (heldBack(sockets) > 0) await pause(1);
  });
  const between = ({ from, to }: { from: number; to: number }) =>
    ((spent.get(to) ?? 0) - (spent.get(from) ?? 0)) / (to - from);
  return { ...cost, early: between(early), late: between(late) };
}

function hub(): () => Answer {
  const folder = mkdtempSync(join(tmpdir(), 'express-hitl-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  let turn: Turn | undefined;
  const hitl = expressHitl({
    store: sqliteStore(join(folder, 'bench.db')),
    auth: { identify: (req) => ({ id: req.get('x-user') ?? 'nobody' }), authorize: () => 'allow' },
    limits: { clientsPerTicket: 100, clientsPerUserInTicket: 100 },
    http: { heartbeat: '1h' },
    agent: (its) => {
      turn = its;
      return new Promise(() => {});
    },
    logger: createLogger({ level: 'warn', transports: [new transports.Console({ stderrLevels: ['warn'] })] }),
  });
  const app = express();
  app.use(hitl.router);
  server.on('request', app);
  hitl.attach(server);
  return () => {
    if (!turn) throw new Error('Nobody has written yet');
    return turn.stream();
  };
}

/** What travels of a token in both: where it belongs. */
function tokensOf(send: (message: { id: number; offset: number; text: string }) => void): () => Answer {
  let last = 0;
  return () => {
    last += 1;
    const id = last;
    let offset = 0;
    return {
      write(text) {
        send({ id, offset, text });
        offset += text.length;
      },
      end: () => {},
    };
  };
}

function plainWs(): () => Answer {
  const clients = new Set<WebSocket>();
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => clients.add(socket));
  return tokensOf((message) => {
    const text = JSON.stringify({ event: 'token', ...message });
    for (const client of clients) client.send(text);
  });
}

function socketIo(): () => Answer {
  const io = new SocketIo(server, { transports: ['websocket'], pingInterval: 3_600_000 });
  return tokensOf((message) => void io.emit('token', message));
}

const servers: Record<string, () => () => Answer> = {
  'express-hitl': hub,
  ws: plainWs,
  'Socket.IO': socketIo,
};

async function main(): Promise<void> {
  const begin = servers[process.argv[3] ?? '']?.();
  if (!begin) throw new Error(`No server ${process.argv[3]}`);
  serve({ port: await listen(server) }, { write: (order: Order) => write(begin, order) });
}

void main();
