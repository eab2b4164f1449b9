/** Everybody comes back at once: connections are cut together and resume together, each having missed something. */
import { BenchProcess } from './process';
import { milliseconds, round, type Section, type Size } from './result';
import type { Cost } from './servers/serving';

interface Stormed extends Cost {
  clients: number;
  missed: number;
  p99: number;
}

export async function storm(size: Size): Promise<Section> {
  const [server, { port }] = await BenchProcess.node<{ port: number }>('servers/durable.ts', 'express-hitl');
  const [load] = await BenchProcess.node('load/stormers.ts');
  await load.command('connect', { port, tickets: size.quick ? 5 : 100, perTicket: 10 });
  await server.command('begin');
  const stormed = await load.command<Stormed>('storm', { missed: 10 });
  const cost = await server.command<Cost>('end');
  await load.end();
  await server.end();
  return {
    title: `Resume storm of ${stormed.clients.toLocaleString('en-US')}`,
    about: `All connections are cut, ${stormed.missed} messages are said in each ticket, and all come back at once with \`after\`; on SQLite.`,
    columns: ['', ''],
    rows: [
      ['until the last had all it missed', milliseconds(stormed.wall)],
      ['until 99 % had', milliseconds(stormed.p99)],
      ['CPU of the server for each', `${round(cost.cpu / stormed.clients)} µs, with what was said`],
    ],
    ratios: {},
  };
}
