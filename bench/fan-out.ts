/** Fan-out side by side: deliveries per second of server CPU, latency at a pace, memory per connection; in all shapes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Crowd, Heard } from './load/client';
import { BenchProcess } from './process';
import {
  kilobytes,
  median,
  milliseconds,
  note,
  perSecond,
  type Ratio,
  round,
  type Section,
  type Size,
  turnsOf,
} from './result';
import type { FlatOut, Paced, Sent } from './servers/fan-out-load';
import { pause } from './servers/serving';

export interface Peer {
  name: string;
  speak: Crowd['speak'];
}

export const ours: Peer = { name: 'express-hitl', speak: 'hub' };
export const oursLogged: Peer = { name: 'express-hitl, logged', speak: 'agent' };
export const prepared: Peer = { name: 'ws, prepared frame', speak: 'plain' };
const bun: Peer = { name: 'Bun publish', speak: 'plain' };
const peers: readonly Peer[] = [
  prepared,
  ours,
  oursLogged,
  { name: 'ws', speak: 'plain' },
  { name: 'express-ws', speak: 'plain' },
  { name: 'Socket.IO', speak: 'socket.io' },
  bun,
];

/** Makes a notice of ours 300 bytes long. */
const content = 196;
const bunFile = join(__dirname, 'node_modules/bun/bin/bun.exe');
const isInstalled = (peer: Peer) => peer !== bun || existsSync(bunFile);

interface Pair extends Peer {
  port: number;
  server: BenchProcess;
  load: BenchProcess;
}

export interface Shape {
  tickets: number;
  clients: number;
}
const nameOf = ({ tickets, clients }: Shape) => `${tickets} × ${clients}`;
const ticketsOf = ({ tickets }: Shape) => Array.from({ length: tickets }, (_each, index) => `T-${index}`);

async function pairOf(peer: Peer, shape: Shape): Promise<Pair> {
  const [server, { port }] = await (peer === bun
    ? BenchProcess.start<{ port: number }>(bunFile, [join(__dirname, 'servers/bun.ts')])
    : BenchProcess.node<{ port: number }>('servers/fan-out.ts', peer.name));
  const [load] = await BenchProcess.node('load/client.ts');
  const crowd: Crowd = { port, speak: peer.speak, tickets: ticketsOf(shape), perTicket: shape.clients };
  await load.command('connect', crowd);
  for (const begun = performance.now(); !(await server.command('ready', crowd.tickets)); await pause(20)) {
    if (performance.now() - begun > 30_000) throw new Error(`${peer.name} does not get ready`);
  }
  return { ...peer, port, server, load };
}

async function endAll(pairs: readonly Pair[]): Promise<void> {
  for (const { load, server } of pairs) {
    await load.end();
    await server.end();
  }
}

interface Turn {
  /** Deliveries per second of server CPU, and of the clock. */
  rate: number;
  wall: number;
  /** Share of a core that the load took. */
  load: number;
}

/** Milliseconds between two reads of a socket: what comes meanwhile fits into the buffers of the kernel. */
function sipOf({ tickets, clients }: Shape): number {
  return Math.min(100, Math.max(5, tickets * clients * 0.1));
}

/** One peer's turn, flat out. @throws Error if a client was sent more or less than everything */
async function turn({ name, server, load }: Pair, shape: Shape, burst: number, ms: number): Promise<Turn> {
  const tickets = ticketsOf(shape);
  await load.command('begin', { sip: sipOf(shape) });
  const order: FlatOut = { tickets, burst, ms, content };
  const sent = await server.command<Sent>('flatOut', order);
  const expected = sent.envelopes * shape.clients;
  const heard = await load.command<Heard>('end', { expected });
  if (heard.frames !== expected) throw new Error(`${name}: ${heard.frames} of ${expected} frames came`);
  return {
    rate: perSecond(expected, sent),
    wall: (expected / sent.wall) * 1e3,
    load: heard.cpu / heard.wall / 1e3,
  };
}

const goals: Record<string, Partial<Record<number, number>>> = {
  'ws, prepared frame': { 1: 0.95, 4: 3, 16: 8 },
};
const socketIoGoals: Record<string, Partial<Record<number, number>>> = {
  '1 × 10': { 1: 1.25, 16: 11 },
  '100 × 10': { 1: 1.6 },
};

/** One shape, flat out with 1, 4 and 16 envelopes in a tick. */
export async function fanOut(
  shape: Shape,
  size: Size,
  bursts: readonly number[],
  some = peers,
): Promise<Section> {
  const present = some.filter(isInstalled);
  const turns = new Map<string, Turn[]>();
  for (let start = 0; start < size.starts; start += 1) {
    const pairs: Pair[] = [];
    for (const peer of present) pairs.push(await pairOf(peer, shape));
    for (const burst of bursts) {
      // What runs for days is compiled; so is what is measured.
      for (const pair of pairs) await turn(pair, shape, burst, size.ms * 4);
      for (const pair of turnsOf(pairs, size.rounds / size.starts)) {
        note(turns, `${pair.name} ${burst}`, await turn(pair, shape, burst, size.ms));
      }
    }
    await endAll(pairs);
  }
  const rateOf = (name: string, burst: number) =>
    median((turns.get(`${name} ${burst}`) ?? []).map(({ rate }) => rate));
  const ratios: Record<string, Ratio> = {};
  for (const burst of bursts) {
    for (const { name } of [ours, oursLogged]) {
      for (const peer of ['ws, prepared frame', 'Socket.IO']) {
        const goal =
          name !== ours.name
            ? undefined
            : peer === 'Socket.IO'
              ? socketIoGoals[nameOf(shape)]?.[burst]
              : goals[peer]?.[burst];
        const value = rateOf(name, burst) / rateOf(peer, burst);
        if (Number.isFinite(value))
          ratios[`${name} / ${peer}, ${nameOf(shape)}, ${burst} in a tick`] = {
            value,
            ...(goal && { goal }),
          };
      }
    }
  }
  const load = Math.max(...[...turns.values()].flat().map((each) => each.load));
  return {
    title: `Fan-out, ${nameOf(shape)}`,
    about: `Deliveries per second of server CPU with so many envelopes in a tick, and in brackets times \`ws\` with a prepared frame; then what came of it by the clock with one. The load took at most ${Math.round(load * 100)} % of a core.`,
    columns: ['', ...bursts.map((burst) => `${burst} in a tick`), 'by the clock'],
    rows: present.map(({ name }) => [
      name,
      ...bursts.map(
        (burst) =>
          `${round(rateOf(name, burst))} (${round(rateOf(name, burst) / rateOf('ws, prepared frame', burst))})`,
      ),
      round(median((turns.get(`${name} ${bursts[0]}`) ?? []).map(({ wall }) => wall))),
    ]),
    ratios,
  };
}

/** What the last to be written to heard at a pace, and what part of the pace was reached. */
interface Pace {
  heard: Heard;
  reached: number;
}

/** One peer, started anew, at several paces. */
async function pacesOf(
  peer: Peer,
  size: Size,
  rates: readonly number[],
): Promise<(readonly [number, Pace])[]> {
  const others = { tickets: 1, clients: 9 };
  const pair = await pairOf(peer, others);
  // The last to come is the last to be written to, and speaks for all; in a process of its own, where nothing holds it up.
  const [ear] = await BenchProcess.node('load/client.ts');
  const { port, speak, server, load } = pair;
  await ear.command('connect', { port, speak, tickets: ['T-0'], perTicket: 1, before: others.clients });
  await turn(pair, others, 1, size.ms * 3);
  const run = async (rate: number): Promise<Pace> => {
    await load.command('begin', { sip: sipOf(others) });
    await ear.command('begin', { measureLatency: true });
    const order: Paced = { tickets: ['T-0'], rate, ms: size.ms * 2, content };
    const { envelopes, wall } = await server.command<Sent>('paced', order);
    const heard = await ear.command<Heard>('end', { expected: envelopes });
    await load.command('end', { expected: envelopes * others.clients });
    return { heard, reached: Math.min(((envelopes / wall) * 1e3) / rate, heard.frames / envelopes) };
  };
  const all: (readonly [number, Pace])[] = [];
  for (const rate of rates) {
    // It only warms up, unless it says all there is to say.
    const first = await run(rate);
    if (size.quick || first.reached < 0.9) all.push([rate, first]);
    else for (let n = 0; n < size.rounds / size.starts; n += 1) all.push([rate, await run(rate)]);
  }
  await ear.end();
  await endAll([pair]);
  return all;
}

/** Latency of one ticket of ten at several paces. */
export async function paces(size: Size, rates: readonly number[]): Promise<Section> {
  const present = peers.filter(isInstalled);
  const all = new Map<string, Pace[]>();
  for (const peer of turnsOf(present, size.starts)) {
    for (const [rate, pace] of await pacesOf(peer, size, rates)) note(all, `${peer.name} ${rate}`, pace);
  }
  const of = (name: string, rate: number) => all.get(`${name} ${rate}`) ?? [];
  const middle = (name: string, rate: number, which: 'p50' | 'p99') =>
    median(of(name, rate).map(({ heard }) => heard.latency?.[which] ?? Number.NaN));
  const cell = (name: string, rate: number) => {
    const reached = median(of(name, rate).map((pace) => pace.reached));
    const behind = reached < 0.95 ? `, ${Math.round(reached * 100)} % of the pace` : '';
    return `${milliseconds(middle(name, rate, 'p50'))} / ${milliseconds(middle(name, rate, 'p99'))}${behind}`;
  };
  const busiest = Math.max(...[...all.values()].flat().map(({ heard }) => heard.cpu / heard.wall / 1e3));
  const [moderate = 0] = rates;
  const value = middle(ours.name, moderate, 'p99') / middle('ws', moderate, 'p99');
  return {
    title: 'Latency, 1 × 10',
    about: `p50 / p99 from making an envelope to reading it in the other process, at so many envelopes a second, made in bursts each millisecond; seen by the one that is written to last, medians of ${size.rounds} runs. Its process took at most ${Math.round(busiest * 100)} % of a core.`,
    columns: ['', ...rates.map((rate) => `${round(rate)}/s`)],
    rows: present.map(({ name }) => [name, ...rates.map((rate) => cell(name, rate))]),
    ratios: { [`p99 of express-hitl / ws at ${moderate}/s`]: { value, goal: 1, less: true } },
  };
}

interface Memory {
  heap: number;
  rss: number;
}

/** Bytes of heap and buffers of one idle connection, beside 999 others in its ticket and beside nine. */
export async function connectionMemory(size: Size): Promise<Section> {
  const clients = size.quick ? 100 : 1_000;
  const shapes = { alone: { tickets: 1, clients }, ten: { tickets: clients / 10, clients: 10 } };
  const weights = new Map<string, Record<keyof typeof shapes, number>>();
  const present = peers.filter((peer) => peer !== bun && peer !== oursLogged);
  for (const peer of present) {
    // As many have come before, so that no code is compiled and no list grows while those are weighed that come now.
    const pair = await pairOf(peer, shapes.ten);
    const weigh = async (name: keyof typeof shapes) => {
      const { tickets: count, clients: perTicket } = shapes[name];
      const tickets = Array.from({ length: count }, (_each, index) => `${name}-${index}`);
      const before = await pair.server.command<Memory>('memory');
      await pair.load.command('connect', { port: pair.port, speak: peer.speak, tickets, perTicket });
      const after = await pair.server.command<Memory>('memory');
      return (after.heap - before.heap) / clients;
    };
    weights.set(peer.name, { ten: await weigh('ten'), alone: await weigh('alone') });
    await endAll([pair]);
  }
  const of = (name: string, shape: keyof typeof shapes) => weights.get(name)?.[shape] ?? Number.NaN;
  const cell = (name: string, shape: keyof typeof shapes) =>
    `${kilobytes(of(name, shape))} (${round(of(name, shape) / of('ws', shape))})`;
  return {
    title: 'Memory of an idle connection',
    about: `Heap and buffers per connection, ${clients} of them, after garbage collections, and in brackets times \`ws\`: all in one ticket, which is what a connection is, and ten in a ticket, each with its tenth of what a ticket is.`,
    columns: ['', 'in one ticket', 'ten in a ticket'],
    rows: present.map(({ name }) => [name, cell(name, 'alone'), cell(name, 'ten')]),
    ratios: {
      'memory of a connection, express-hitl / ws': {
        value: of('express-hitl', 'alone') / of('ws', 'alone'),
        goal: 1.3,
        less: true,
      },
      'memory of a connection with its tenth of a ticket, express-hitl / ws': {
        value: of('express-hitl', 'ten') / of('ws', 'ten'),
        less: true,
      },
    },
  };
}
