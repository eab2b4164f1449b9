/** Clients that talk: each sends a message, waits for its ack, and sends the next; in a process of its own. */
import { once } from 'node:events';
import WebSocket from 'ws';
import { serve } from '../servers/serving';
import { type Percentiles, percentiles } from './percentiles';

export interface Talked {
  /** Messages that were acknowledged. */
  acked: number;
  /** Envelopes of messages that arrived at all clients. */
  delivered: number;
  /** Milliseconds from sending a message to its ack. */
  latency: Percentiles;
  cpu: number;
  wall: number;
}

interface Talker {
  socket: WebSocket;
  onAck: () => void;
}

const talkers: Talker[] = [];
let delivered = 0;
let ids = 0;
/** How our envelopes and those of the one written by hand begin; nothing is parsed here that need not be. */
const ackStart = '{"event":"ack"';
const messageStart = '{"event":"session_message_added"';

async function connect({
  port,
  tickets,
  perTicket,
}: {
  port: number;
  tickets: readonly string[];
  perTicket: number;
}) {
  for (const ticketId of tickets) {
    for (let n = 0; n < perTicket; n += 1) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/chat/ticket/${ticketId}`, 'hitl.v1', {
        headers: { 'x-user': `${ticketId}-${n}` },
        perMessageDeflate: false,
      });
      const talker = { socket, onAck: () => {} };
      socket.on('message', (data: Buffer) => {
        const start = data.toString('latin1', 0, messageStart.length);
        if (start === messageStart) delivered += 1;
        else if (start.startsWith(ackStart)) talker.onAck();
      });
      await once(socket, 'open');
      talkers.push(talker);
    }
  }
}

async function talk({ ms, content }: { ms: number; content: number }): Promise<Talked> {
  const text = '.'.repeat(content);
  const latencies: number[] = [];
  delivered = 0;
  const begun = performance.now();
  const before = process.cpuUsage();
  await Promise.all(
    talkers.map(async (talker) => {
      while (performance.now() < begun + ms) {
        const sent = performance.now();
        ids += 1;
        const acked = new Promise<void>((resolve) => (talker.onAck = resolve));
        talker.socket.send(JSON.stringify({ type: 'message', id: String(ids), content: text }));
        await acked;
        latencies.push(performance.now() - sent);
      }
    }),
  );
  const { user, system } = process.cpuUsage(before);
  const wall = performance.now() - begun;
  return { acked: latencies.length, delivered, latency: percentiles(latencies), cpu: user + system, wall };
}

serve({}, { connect, talk });
