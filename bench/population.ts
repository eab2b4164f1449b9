/** Many: clients in a ticket, tickets and requests beside one's own, a million requests at the start. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchProcess } from './process';
import { kilobytes, median, megabytes, milliseconds, round, type Section, type Size } from './result';

interface Started {
  startMs: number;
  rss: number;
}
interface Memory {
  heap: number;
  rss: number;
}

async function withFile<T>(work: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'express-hitl-bench-'));
  try {
    return await work(join(folder, 'bench.db'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const start = (file: string, ...more: string[]) =>
  BenchProcess.node<Started>('servers/population.ts', file, ...more);

/** Coming and going beside 10 and beside 1,000. */
export async function crowds(size: Size): Promise<Section> {
  const [hub] = await start('memory');
  const cost = async (others: number) => {
    const rounds = [];
    for (let n = 0; n < size.rounds; n += 1) {
      rounds.push(await hub.command<number>('joinLeave', { others, times: size.quick ? 20 : 300 }));
    }
    return median(rounds);
  };
  const few = await cost(9);
  const many = await cost(999);
  await hub.end();
  return {
    title: 'Coming and going',
    about:
      'Microseconds of CPU for one client that joins and leaves, the others being told at the end of the tick; without sockets.',
    columns: ['others in the ticket', 'join and leave'],
    rows: [
      [9, `${round(few)} µs`],
      [999, `${round(many)} µs`],
    ],
    ratios: { 'join and leave, beside 999 / beside 9': { value: many / few, less: true } },
  };
}

/** Tickets and requests by the hundred thousand, gone from memory, and brought back. */
export async function many(size: Size): Promise<Section> {
  return withFile(async (file) => {
    const tickets = size.quick ? 1_000 : 100_000;
    const [hub] = await start(file, 'normal');
    const empty = await hub.command<Memory>('memory');
    const filled = await hub.command<Memory & { ids: string[]; perSecond: number }>('populate', {
      tickets,
      withClients: true,
    });
    const passive = await hub.command<Memory & { cpu: number }>('leaveAll');
    const sample = filled.ids.slice(0, Math.min(10_000, tickets));
    const revived = await hub.command<{ perSecond: number }>('revive', { ids: sample });
    await hub.end();
    const perTicket = (passive.heap - empty.heap) / tickets;
    return {
      title: `${tickets.toLocaleString('en-US')} tickets, each with somebody in it and a pending request`,
      about: 'On SQLite (`synchronous = NORMAL`), without sockets; rates per second of CPU.',
      columns: ['', ''],
      rows: [
        ['opened, asked and kept', `${round(filled.perSecond)}/s`],
        ['memory of each while somebody is in it', kilobytes((filled.heap - empty.heap) / tickets)],
        ['memory of each when nobody is', `${Math.round(perTicket)} bytes`],
        ['leaving', `${round((tickets / passive.cpu) * 1e6)}/s`],
        ['brought back and answered', `${round(revived.perSecond)}/s`],
      ],
      ratios: {},
    };
  });
}

interface Each {
  joining: number;
  answering: number;
  resuming: number;
}

/** The same with 10 and with 100,000 others. */
export async function flat(size: Size): Promise<Section> {
  return withFile(async (few) =>
    withFile(async (many) => {
      const others = size.quick ? 1_000 : 100_000;
      const [small] = await start(few);
      const [large] = await start(many, 'normal');
      await small.command('populate', { tickets: 10, withClients: false });
      await large.command('populate', { tickets: others, withClients: false });
      // Written with another setting than it is measured with, which only takes less time.
      await large.command('close');
      await large.end();
      const [again] = await start(many);
      const results: { small: Each[]; large: Each[] } = { small: [], large: [] };
      const order = { times: size.quick ? 100 : 3_000 };
      for (let n = 0; n <= size.rounds; n += 1) {
        const one = await small.command<Each>('each', order);
        const other = await again.command<Each>('each', order);
        // The first of each is only to warm up.
        if (n > 0) results.small.push(one);
        if (n > 0) results.large.push(other);
      }
      await small.end();
      await again.end();
      const names = ['joining', 'answering', 'resuming'] as const;
      const of = (which: 'small' | 'large', name: (typeof names)[number]) =>
        median(results[which].map((each) => each[name]));
      return {
        title: 'Flat',
        about: `Microseconds of CPU on SQLite, beside 10 and beside ${others.toLocaleString('en-US')} other tickets with a pending request each; the database has grown by as many tickets again as were measured.`,
        columns: ['', 'beside 10', `beside ${others.toLocaleString('en-US')}`],
        rows: names.map((name) => [name, `${round(of('small', name))} µs`, `${round(of('large', name))} µs`]),
        ratios: Object.fromEntries(
          names.map((name) => [
            `${name}, beside ${others} / beside 10`,
            { value: of('large', name) / of('small', name), goal: 1.2, less: true },
          ]),
        ),
      };
    }),
  );
}

/** A start with a million requests that wait. */
export async function coldStart(size: Size): Promise<Section> {
  const requests = size.quick ? 2_000 : 1_000_000;
  return withFile(async (file) => {
    const [filler] = await start(file, 'normal');
    await filler.command('fill', { requests });
    await filler.command('close');
    await filler.end();
    const { size: bytes } = statSync(file);
    const [full, started] = await start(file);
    const used = await full.command<Memory>('memory');
    await full.end();
    return withFile(async (other) => {
      const [empty, startedEmpty] = await start(other);
      const idle = await empty.command<Memory>('memory');
      await empty.end();
      const more = used.rss - idle.rss;
      return {
        title: `Cold start with ${requests.toLocaleString('en-US')} pending requests`,
        about: `From \`hub.start()\` to ready, on a database of ${megabytes(bytes)}, and the memory of the process beside that of an empty hub.`,
        columns: ['', 'start', 'memory'],
        rows: [
          ['empty', milliseconds(startedEmpty.startMs), megabytes(idle.rss)],
          [requests.toLocaleString('en-US'), milliseconds(started.startMs), megabytes(used.rss)],
        ],
        ratios: {
          'seconds to start': { value: started.startMs / 1e3, goal: 2, less: true },
          'MB more than an empty hub': { value: Math.max(0, more / 1e6), goal: 100, less: true },
        },
      };
    });
  });
}
