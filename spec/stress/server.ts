/** The server under stress, in a process of its own so that it can be measured and killed; `ServerProcess` starts it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createLogger, format, transports } from 'winston';
import WebSocket from 'ws';
import { Actor } from 'xstate';
import { portOf } from '../../lib/hub/hub';
import { Client } from '../../lib/hub/tickets/client';
import { type Clock, expressHitl, sqliteStore, systemClock, type Turn } from '../../lib/index';
import { userFromHeader } from '../../lib/testing/test-hub';
import { Connection } from '../../lib/transport/core/connection';
import { type AppSettings, StressApp } from './app';
import { backlog } from './backlog';
import { alive, Peak, serveCommands, stats } from './server-report';
import { DelayMeter } from './soak/delay-meter';
import { Round } from './soak/round';

/** What `ServerProcess` hands over. */
export interface ServerSettings extends AppSettings {
  /** The database file. */
  file: string;
  /** Default 30 seconds. */
  heartbeatMs?: number;
  /** Default 10. */
  maxClientsPerTicket?: number;
  /** Envelopes retained per ticket. Default: all, so that the whole log can be read in the end. */
  keep?: number;
  /** How long a client may take to send its handshake. Default: Node's minute. */
  patienceMs?: number;
  /** How far the clock is ahead from the start. */
  aheadMs?: number;
  /** Whether frames are limited as they are by default. Default false: scenarios send as fast as they can. */
  limited?: boolean;
  /** What a line of the log begins with that the scenario itself brings about, and that is therefore no violation. */
  expected?: string;
  /** Whether delays inside the server are measured. Default false. */
  measured?: boolean;
  /** Megabytes of old space that the process may have. Default: as much as Node takes. */
  oldSpaceMiB?: number;
}

/** What the app decides about a person from now on. */
export interface AccessChange {
  userId: string;
  may: boolean;
  /** The person is disconnected, too, with the close code of this name. */
  goodbye?: 'forbidden' | 'session_ended';
}

/** The program of an agent, as a chat message: what it is to do in its turn. */
export interface AgentProgram {
  /** Makes each message another one. */
  n: string;
  /** So many lines, one after the other. */
  say?: number;
  /** So many detached requests, not waiting for an answer. */
  ask?: number;
  /** One request of the turn, and wait for its answer. */
  wait?: boolean;
  /** Bytes of each line. */
  size?: number;
  /** Bytes of the arguments of each request. */
  payload?: number;
  /** Each detached request is over after so many milliseconds. */
  expiresMs?: number;
  /** How long it thinks before it is done. */
  thinkMs?: number;
}

const settings: ServerSettings = JSON.parse(process.argv[3] ?? '{}');

/** The system's clock, which counts its timers and can be moved on. */
class StressClock implements Clock {
  pending = 0;
  private ahead = settings.aheadMs ?? 0;

  now(): number {
    return systemClock.now() + this.ahead;
  }

  moveOn(ms: number): void {
    this.ahead += ms;
  }

  later(ms: number, call: () => void): () => void {
    this.pending += 1;
    let isOver = false;
    const over = () => {
      if (!isOver) this.pending -= 1;
      isOver = true;
    };
    const cancel = systemClock.later(ms, () => {
      over();
      call();
    });
    return () => {
      over();
      cancel();
    };
  }
}

const clock = new StressClock();
const stressApp = new StressApp(settings);
const { expected } = settings;
const peak = new Peak();
const round = settings.measured ? new Round(new DelayMeter()) : undefined;

const hitl = expressHitl({
  store: sqliteStore(settings.file),
  auth: {
    identify: async (req) => {
      const loginMs = Number(req.get('x-login-ms') ?? 0);
      if (loginMs > 0) await new Promise((resolve) => setTimeout(resolve, loginMs));
      return userFromHeader(req);
    },
    authorize: ({ ticketId, user }) => stressApp.ticket(ticketId, user),
    inboxTickets: () => 'all',
  },
  rules: stressApp.rules,
  agent: carryOut,
  clock,
  // Errors reach the scenario's process, which takes them for a violation.
  logger: createLogger({
    level: 'error',
    format: format.combine(
      format((info) => (expected && String(info.message).startsWith(expected) ? false : info))(),
      format.json(),
    ),
    transports: [new transports.Console({ stderrLevels: ['error'] })],
  }),
  retention: { log: { envelopes: settings.keep ?? 10_000_000, maxAge: '3650d' } },
  ...(settings.heartbeatMs && { http: { heartbeat: settings.heartbeatMs } }),
  limits: {
    // Crowds of one person are what some scenarios are made of.
    ...(!settings.limited && { frames: false, clientsPerUser: 1_000_000 }),
    ...(settings.maxClientsPerTicket && {
      clientsPerTicket: settings.maxClientsPerTicket,
      clientsPerUserInTicket: settings.maxClientsPerTicket,
    }),
  },
});

async function carryOut(turn: Turn): Promise<void> {
  const { n, say = 0, ask = 0, wait, size = 0, thinkMs = 0, payload = 0, expiresMs } = programOf(turn);
  const request = (key: string, detached: boolean) =>
    turn.approve({
      tool: 'act',
      args: { key, ...(payload > 0 && { text: '.'.repeat(payload) }) },
      key,
      detached,
      ...(expiresMs && { expiresIn: expiresMs }),
    });
  for (let index = 0; index < say; index += 1) await turn.trace(`${n} ${index} ${'.'.repeat(size)}`);
  for (let index = 0; index < ask; index += 1) void request(`${n} ${index}`, true);
  if (thinkMs > 0) await new Promise((resolve) => setTimeout(resolve, thinkMs));
  if (wait) await turn.say((await request(n, false)).status);
}

/** A hostile client may have sent anything. */
function programOf(turn: Turn): AgentProgram {
  try {
    return JSON.parse(turn.message.content);
  } catch {
    return { n: turn.message.id };
  }
}

const app = express();
// What waits for the end of an upgrade costs memory for as long as its socket lives.
if (settings.counts) app.use(stressApp.count);
app.use(stressApp.router, hitl.router);
const server = createServer(app);
if (settings.patienceMs) server.requestTimeout = server.headersTimeout = settings.patienceMs;
hitl.attach(server);

async function main(): Promise<void> {
  await hitl.start();
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog }, resolve));
  serveCommands((server.address() as AddressInfo).port, {
    stats: async () => {
      const { hub } = hitl;
      const inHub = {
        clients: hub.reference.getTotalClientCount(),
        tickets: hub.reference.getActiveTickets().length,
      };
      return { ...(await stats()), timers: clock.pending, inHub, requests: stressApp.requests };
    },
    alive: () => alive({ actors: Actor, clients: Client, connections: Connection, sockets: WebSocket }),
    peakBegin: () => peak.begin(),
    peakEnd: () => peak.end(),
    idle: async () => {
      await portOf(hitl.hub).turns.idle();
      await portOf(hitl.hub).settled();
    },
    moveOn: (ms) => clock.moveOn(Number(ms)),
    setAccess: (argument) => {
      const { userId, may, goodbye } = argument as AccessChange;
      stressApp.setAccess(userId, may);
      if (goodbye) hitl.hub.clients.disconnect({ where: ({ user }) => user.id === userId, code: goodbye });
    },
    round: () => round?.take(),
    drain: (overMs) => hitl.drain({ over: Number(overMs) }),
  });
}

void main();
