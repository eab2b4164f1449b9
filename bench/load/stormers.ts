/** Clients that are cut all at once and come back all at once; in a process of its own. */
import { once } from 'node:events';
import WebSocket from 'ws';
import { serve } from '../servers/serving';
import { percentiles } from './percentiles';

interface Stormer {
  url: string;
  user: string;
  socket: WebSocket;
  /** Where it was: `<epoch>:<seq>`. */
  after: string;
}

let stormers: Stormer[] = [];
let perTicket = 0;

function open(url: string, user: string): WebSocket {
  return new WebSocket(url, 'hitl.v1', { headers: { 'x-user': user }, perMessageDeflate: false });
}

async function connect(crowd: { port: number; tickets: number; perTicket: number }): Promise<void> {
  perTicket = crowd.perTicket;
  for (let n = 0; n < crowd.tickets * perTicket; n += 1) {
    const url = `ws://127.0.0.1:${crowd.port}/ws/chat/ticket/T-${Math.floor(n / perTicket)}`;
    const user = `user-${n}`;
    const socket = open(url, user);
    const [data] = await once(socket, 'message');
    const { epoch, seq } = JSON.parse(data.toString());
    stormers.push({ url, user, socket, after: `${epoch}:${seq}` });
  }
}

/** Says so many messages in a ticket, one after the other. */
async function say({ url }: Stormer, messages: number): Promise<void> {
  const socket = open(url, 'speaker');
  await once(socket, 'open');
  for (let n = 0; n < messages; n += 1) {
    const acked = new Promise<void>((resolve) => {
      const onMessage = (data: Buffer) => {
        if (!data.toString().startsWith('{"event":"ack"')) return;
        socket.off('message', onMessage);
        resolve();
      };
      socket.on('message', onMessage);
    });
    socket.send(JSON.stringify({ type: 'message', id: `${url} ${n}`, content: 'meanwhile' }));
    await acked;
  }
  socket.close();
}

/** Resolves with how long it took until everything that was missed had come. */
async function comeBack({ url, user, after }: Stormer, messages: number, begun: number): Promise<number> {
  const socket = open(`${url}?after=${after}`, user);
  let left = messages;
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      if (data.toString('latin1', 0, 40).startsWith('{"event":"session_message_added"')) left -= 1;
      if (left === 0) resolve();
    });
  });
  return performance.now() - begun;
}

async function storm({ missed }: { missed: number }) {
  for (const { socket } of stormers) socket.terminate();
  const firsts = stormers.filter((_each, index) => index % perTicket === 0);
  for (const first of firsts) await say(first, missed);
  const begun = performance.now();
  const times = await Promise.all(stormers.map((each) => comeBack(each, missed, begun)));
  const { p99, max } = percentiles(times);
  const clients = stormers.length;
  stormers = [];
  return { clients, missed, p99, wall: max };
}

serve({}, { connect, storm });
