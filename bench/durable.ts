/** What is kept before it is told: chat beside a loop written by hand and beside SQLite alone, requests beside LangGraph. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Percentiles } from './load/percentiles';
import type { Talked } from './load/talkers';
import { BenchProcess } from './process';
import {
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
import type { Cost } from './servers/serving';

const content = 200;
const talking = ['express-hitl', 'Express + ws + SQLite by hand'] as const;
/** Commits that SQLite alone puts into one transaction: as many as the hub does, and as the one by hand does. */
const groups = { 'SQLite alone': 100, 'SQLite alone, one by one': 1 } as const;

/** A hundred people in ten tickets, each with one message under way. */
export async function chat(size: Size): Promise<Section> {
  const tickets = Array.from({ length: 10 }, (_each, index) => `T-${index}`);
  const pairs = [];
  for (const name of talking) {
    const [server, { port }] = await BenchProcess.node<{ port: number }>('servers/durable.ts', name);
    const [load] = await BenchProcess.node('load/talkers.ts');
    await load.command('connect', { port, tickets, perTicket: 10 });
    pairs.push({ name, server, load });
  }
  const [alone] = await BenchProcess.node('servers/durable.ts', 'SQLite alone');
  const byCpu = new Map<string, number[]>();
  const byClock = new Map<string, number[]>();
  const latencies = new Map<string, Percentiles>();
  const noteBoth = (name: string, messages: number, cost: Cost) => {
    note(byCpu, name, perSecond(messages, cost));
    note(byClock, name, (messages / cost.wall) * 1e3);
  };
  const order = { ms: size.ms * 4, content };
  const alones = Object.entries(groups).map(([name, group]) => ({ name, group }));
  for (const { load } of pairs) await load.command('talk', order);
  for (const each of turnsOf([...pairs, ...alones], size.rounds)) {
    if ('load' in each) {
      await each.server.command('begin');
      const talked = await each.load.command<Talked>('talk', order);
      noteBoth(each.name, talked.acked, await each.server.command<Cost>('end'));
      latencies.set(each.name, talked.latency);
    } else {
      const done = await alone.command<Cost & { messages: number }>('commit', {
        ...order,
        group: each.group,
      });
      noteBoth(each.name, done.messages, done);
    }
  }
  for (const { load, server } of pairs) {
    await load.end();
    await server.end();
  }
  await alone.end();
  const cpu = (name: string) => median(byCpu.get(name) ?? []);
  const clock = (name: string) => median(byClock.get(name) ?? []);
  const [hub, byHand] = talking;
  return {
    title: 'Durable chat',
    about:
      'Messages of 200 bytes a second: committed (SQLite, WAL, `synchronous = FULL`), delivered to 10, acknowledged; 100 people, each with one message under way. SQLite alone is given the commits that the hub makes, 100 in a transaction or one, and delivers to nobody.',
    columns: ['', 'by the clock', 'per second of CPU', 'p50 / p99 to the ack'],
    rows: [...talking, ...Object.keys(groups)].map((name) => {
      const latency = latencies.get(name);
      const told = latency ? `${milliseconds(latency.p50)} / ${milliseconds(latency.p99)}` : '';
      return [name, round(clock(name)), round(cpu(name)), told];
    }),
    ratios: {
      'durable chat by the clock, express-hitl / by hand': { value: clock(hub) / clock(byHand), goal: 5 },
      'durable chat by CPU, express-hitl / by hand': { value: cpu(hub) / cpu(byHand) },
      'durable chat by the clock, express-hitl / SQLite alone': {
        value: clock(hub) / clock('SQLite alone'),
        goal: 0.8,
      },
    },
  };
}

interface Ran extends Cost {
  roundTrips: number;
  latency: Percentiles;
}

/** LangGraph, if it is installed: asked when it is needed, since the first run installs it. */
const graphs = () =>
  existsSync(join(__dirname, 'node_modules/@langchain/langgraph'))
    ? [join(__dirname, 'servers/langgraph.mjs')]
    : [];

/** Asked, pending, answered, resolved; one after the other and 64 at once. */
export async function roundTrips(size: Size, peers: readonly string[] = graphs()): Promise<Section> {
  const [hub] = await BenchProcess.node('servers/round-trips.ts');
  const processes = [{ name: 'express-hitl', process: hub }];
  for (const file of peers) {
    const [graph] = await BenchProcess.start(process.execPath, [file]);
    processes.push({ name: 'LangGraph', process: graph });
  }
  const rows: string[][] = processes.map(({ name }) => [name]);
  const ratios: Record<string, Ratio> = {};
  for (const atOnce of [1, 64]) {
    const results = new Map<string, Ran[]>();
    const order = { ms: size.ms * 4, atOnce };
    for (const { process } of processes) await process.command('run', order);
    for (const { name, process } of turnsOf(processes, size.rounds)) {
      note(results, name, await process.command<Ran>('run', order));
    }
    const clock = (name: string) =>
      median((results.get(name) ?? []).map(({ roundTrips: n, wall }) => (n / wall) * 1e3));
    const cpu = (name: string) =>
      median((results.get(name) ?? []).map((ran) => perSecond(ran.roundTrips, ran)));
    for (const row of rows) {
      const [name = ''] = row;
      const last = results.get(name)?.at(-1)?.latency;
      row.push(
        round(clock(name)),
        round(cpu(name)),
        `${milliseconds(last?.p50)} / ${milliseconds(last?.p99)}`,
      );
    }
    if (results.has('LangGraph')) {
      const goal = atOnce > 1 ? { goal: 20 } : {};
      ratios[`HITL round trips by the clock, express-hitl / LangGraph, ${atOnce} at once`] = {
        value: clock('express-hitl') / clock('LangGraph'),
        ...goal,
      };
      ratios[`HITL round trips by CPU, express-hitl / LangGraph, ${atOnce} at once`] = {
        value: cpu('express-hitl') / cpu('LangGraph'),
      };
    }
  }
  for (const { process } of processes) await process.end();
  const columns = [1, 64].flatMap((atOnce) => [
    `${atOnce} at once, by the clock`,
    'per second of CPU',
    'p50 / p99',
  ]);
  return {
    title: 'HITL round trips',
    about:
      'Round trips a second in one process with SQLite: a request is asked, pending, answered and resolved; with LangGraph, a graph interrupts, is checkpointed by its `SqliteSaver`, and is resumed with the answer.',
    columns: ['', ...columns],
    rows,
    ratios,
  };
}
