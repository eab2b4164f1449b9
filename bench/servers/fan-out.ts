/** The fan-out servers that run in Node: ours twice and its peers, one per process; the bench names which. */
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import express from 'express';
import expressWs from 'express-ws';
import { Server as SocketIo } from 'socket.io';
import { createLogger, transports } from 'winston';
import WebSocket, { WebSocketServer } from 'ws';
import { expressHitl, memoryStore, type Turn } from '../../lib/index';
import { type FanOut, serveFanOut } from './fan-out-load';

const server = createServer();

/** What peers send: the same fields that ours has in a notice, and a number. */
class Envelopes {
  private seq = 0;

  text(ticketId: string, content: string): string {
    return JSON.stringify(this.next(ticketId, content));
  }

  next(ticketId: string, content: string): object {
    this.seq += 1;
    const timestamp = new Date().toISOString();
    return { event: 'notice', timestamp, ticket_id: ticketId, kind: 'message', content, seq: this.seq };
  }
}

/** Who is in which ticket. */
class Tickets<Member> {
  private readonly members = new Map<string, Set<Member>>();

  join(url: string | undefined, member: Member): void {
    const ticketId = url?.split('/').at(-1)?.split('?')[0] ?? '';
    const group = this.members.get(ticketId) ?? new Set();
    this.members.set(ticketId, group.add(member));
  }

  in(ticketId: string): Iterable<Member> {
    return this.members.get(ticketId) ?? [];
  }
}

/** What anybody writes first. */
function plainWs(): FanOut {
  const tickets = new Tickets<WebSocket>();
  const envelopes = new Envelopes();
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket, req) => {
    tickets.join(req.url, socket);
  });
  return {
    publish(ticketId, content) {
      const text = envelopes.text(ticketId, content);
      for (const socket of tickets.in(ticketId)) socket.send(text);
    },
  };
}

/** The frame built once, one write per socket: the best that is done with ws without collecting. */
function preparedWs(): FanOut {
  const tickets = new Tickets<Socket>();
  const envelopes = new Envelopes();
  const { Sender } = WebSocket as unknown as {
    Sender: { frame(data: string, options: object): Buffer[] };
  };
  const options = { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false };
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (_socket, req) => {
    tickets.join(req.url, req.socket);
  });
  return {
    publish(ticketId, content) {
      const frame = Buffer.concat(Sender.frame(envelopes.text(ticketId, content), options));
      for (const socket of tickets.in(ticketId)) socket.write(frame);
    },
  };
}

function plainExpressWs(): FanOut {
  const tickets = new Tickets<WebSocket>();
  const envelopes = new Envelopes();
  const { app } = expressWs(express(), server);
  app.ws('/ws/chat/ticket/:ticketId', (socket, req) => {
    tickets.join(req.url.replace('/.websocket', ''), socket as unknown as WebSocket);
  });
  server.on('request', app);
  return {
    publish(ticketId, content) {
      const text = envelopes.text(ticketId, content);
      for (const socket of tickets.in(ticketId)) socket.send(text);
    },
  };
}

function socketIo(): FanOut {
  const envelopes = new Envelopes();
  const io = new SocketIo(server, { transports: ['websocket'], pingInterval: 3_600_000 });
  io.on('connection', (socket) => void socket.join(String(socket.handshake.query.ticket)));
  return {
    publish: (ticketId, content) => void io.to(ticketId).emit('notice', envelopes.next(ticketId, content)),
  };
}

function hub(agent?: (turn: Turn) => unknown) {
  const hitl = expressHitl({
    store: memoryStore(),
    auth: { identify: (req) => ({ id: req.get('x-user') ?? 'nobody' }), authorize: () => 'allow' },
    limits: { clientsPerTicket: 1_000, clientsPerUserInTicket: 1_000, clientsPerUser: 1_000_000 },
    http: { heartbeat: '1h' },
    ...(agent && { agent }),
    logger: createLogger({
      level: 'warn',
      transports: [new transports.Console({ stderrLevels: ['warn', 'error'] })],
    }),
  });
  const app = express();
  app.use(hitl.router);
  server.on('request', app);
  hitl.attach(server);
  return hitl.hub;
}

/** Through the hub to everybody in the ticket, not kept. */
function unlogged(): FanOut {
  const messages = hub();
  return { publish: (ticketId, content) => messages.reference.sendMessageToTicket(ticketId, content) };
}

/** What an agent says in its turn: kept in the log with its `seq` before it is sent. */
function logged(): FanOut {
  const turns = new Map<string, Turn>();
  hub((turn) => {
    turns.set(turn.ticketId, turn);
    return new Promise(() => {});
  });
  return {
    publish: (ticketId, content) => turns.get(ticketId)?.trace(content),
    isReady: (ticketId) => turns.has(ticketId),
  };
}

const servers: Record<string, () => FanOut> = {
  'express-hitl': unlogged,
  'express-hitl, logged': logged,
  'ws, prepared frame': preparedWs,
  ws: plainWs,
  'express-ws': plainExpressWs,
  'Socket.IO': socketIo,
};

const make = servers[process.argv[3] ?? ''];
if (!make) throw new Error(`No server ${process.argv[3]}`);
void serveFanOut(server, make());
