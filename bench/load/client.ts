/** The load: thousands of WebSocket clients in one process that count what they are sent and do as little as possible beside. */
import { randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { pause, serve } from '../servers/serving';
import { FrameCounter } from './frame-counter';
import { type Percentiles, percentiles } from './percentiles';

/** How a kind of server is spoken to. */
interface Manners {
  path(ticketId: string): string;
  headers: Record<string, string>;
  /** Text frames that are sent first; by the first client of each ticket if `once`. */
  first: readonly { text: string; once?: boolean }[];
}

const ticketPath = (ticketId: string) => `/ws/chat/ticket/${ticketId}`;
const go = { text: JSON.stringify({ type: 'message', id: 'go', content: 'go' }), once: true };
const manners: Record<string, Manners> = {
  plain: { path: ticketPath, headers: {}, first: [] },
  hub: { path: ticketPath, headers: { 'Sec-WebSocket-Protocol': 'hitl.v1' }, first: [] },
  agent: { path: ticketPath, headers: { 'Sec-WebSocket-Protocol': 'hitl.v1' }, first: [go] },
  'socket.io': {
    path: (ticketId) => `/socket.io/?EIO=4&transport=websocket&ticket=${ticketId}`,
    headers: {},
    first: [{ text: '40' }],
  },
};

export interface Crowd {
  port: number;
  speak: 'plain' | 'hub' | 'agent' | 'socket.io';
  tickets: readonly string[];
  perTicket: number;
  /** How many are in each ticket already. Default 0. */
  before?: number;
}

export interface Heard {
  frames: number;
  bytes: number;
  /** Microseconds of CPU of this process, and milliseconds of wall time, between `begin` and `end`. */
  cpu: number;
  wall: number;
  /** Milliseconds from making an envelope to reading it; of each read, its first envelope, which is the latest. */
  latency?: Percentiles;
}

/** Handshakes under way at once. */
const wave = 50;

let frames = 0;
let bytes = 0;
let latencies: number[] | undefined;
let begun = { cpu: process.cpuUsage(), wall: performance.now() };
const sockets = new Set<Socket>();
/** Read by one socket at a time. */
const shared = Buffer.alloc(262_144);
/** Nobody need wake for each frame: all sockets are read this often, which leaves this process idle; 0 for at once. */
let sipMs = 0;
const sipping = new Set<Socket>();

function open({ port, speak }: Crowd, ticketId: string, index: number): Promise<void> {
  const { path, headers, first } = manners[speak] as Manners;
  return new Promise((resolve, reject) => {
    const counter = new FrameCounter();
    let handshake = '';
    const socket = connectTcp({
      port,
      host: '127.0.0.1',
      onread: {
        buffer: shared,
        callback(length: number, chunk: Uint8Array): boolean {
          const read = Buffer.from(chunk.buffer, chunk.byteOffset, length);
          if (handshake !== 'done') shake(read);
          else count(read, length);
          if (sipMs === 0) return true;
          sipping.add(socket);
          return false;
        },
      },
    });
    const shake = (read: Buffer) => {
      handshake += read.toString('latin1');
      const end = handshake.indexOf('\r\n\r\n') + 4;
      if (end < 4) return;
      if (!handshake.startsWith('HTTP/1.1 101')) {
        reject(new Error(`Refused: ${handshake.slice(0, 200)}`));
        socket.destroy();
        return;
      }
      const rest = Buffer.from(handshake.slice(end), 'latin1');
      handshake = 'done';
      count(rest, rest.length);
      for (const { text, once } of first) if (!once || index === 0) socket.write(masked(text));
      resolve();
    };
    const count = (read: Buffer, length: number) => {
      const before = counter.frames;
      const whole = counter.take(read, length);
      frames += counter.frames - before;
      bytes += length;
      if (latencies && whole) noteLatency(read, ...whole);
    };
    sockets.add(socket);
    socket.on('error', reject);
    socket.on('close', () => sockets.delete(socket));
    const lines = {
      ...headers,
      'X-User': `${ticketId}-${index}`,
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    };
    const more = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(
      `GET ${path(ticketId)} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${more.join('')}\r\n`,
    );
  });
}

/** One masked text frame of less than 126 bytes. */
function masked(text: string): Buffer {
  const payload = Buffer.from(text);
  const mask = randomBytes(4);
  return Buffer.concat([
    Buffer.from([0x81, 0x80 | payload.length]),
    mask,
    payload.map((byte, at) => byte ^ mask.readUInt8(at % 4)),
  ]);
}

/** The content of what is measured begins with the time between two at signs. */
function noteLatency(read: Buffer, begin: number, end: number): void {
  const from = read.indexOf('@', begin) + 1;
  const to = read.indexOf('@', from);
  if (from === 0 || to < 0 || to > end) return;
  latencies?.push(performance.timeOrigin + performance.now() - Number(read.toString('latin1', from, to)));
}

async function connect(crowd: Crowd): Promise<number> {
  const { tickets, perTicket, before = 0 } = crowd;
  const all = tickets.flatMap((ticketId) =>
    Array.from({ length: perTicket }, (_each, index) => [ticketId, before + index] as const),
  );
  for (let at = 0; at < all.length; at += wave) {
    await Promise.all(all.slice(at, at + wave).map(([ticketId, index]) => open(crowd, ticketId, index)));
  }
  await quiet();
  return sockets.size;
}

/** Resolves when nothing has come for a while. */
async function quiet(): Promise<void> {
  for (let before = -1; before !== bytes; await pause(300)) before = bytes;
}

async function begin({ measureLatency, sip }: { measureLatency?: boolean; sip?: number }): Promise<void> {
  setSip(sip ?? 0);
  frames = 0;
  bytes = 0;
  latencies = measureLatency ? [] : undefined;
  begun = { cpu: process.cpuUsage(), wall: performance.now() };
}

/** Waits until so many frames have come, for a while at most. */
async function end({ expected }: { expected: number }): Promise<Heard> {
  const deadline = performance.now() + 5_000;
  while (frames < expected && performance.now() < deadline) await pause(2);
  const { user, system } = process.cpuUsage(begun.cpu);
  const heard: Heard = { frames, bytes, cpu: user + system, wall: performance.now() - begun.wall };
  if (latencies && latencies.length > 0) heard.latency = percentiles(latencies);
  latencies = undefined;
  setSip(0);
  return heard;
}

let timer: NodeJS.Timeout | undefined;
function setSip(ms: number): void {
  sipMs = ms;
  clearInterval(timer);
  timer = ms > 0 ? setInterval(resumeAll, ms) : undefined;
  if (ms === 0) resumeAll();
}

function resumeAll(): void {
  const all = [...sipping];
  sipping.clear();
  for (const socket of all) socket.resume();
}

async function close(): Promise<void> {
  for (const socket of sockets) socket.destroy();
  while (sockets.size > 0) await pause(5);
}

serve({}, { connect, begin, end, close });
