/** Durable turns that wait for people by the ten thousand: how long a process that finds them takes to start, and what each is in its memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchProcess } from './process';
import { kilobytes, median, milliseconds, round, type Section, type Size } from './result';

interface Start {
  /** By the clock, and of CPU. */
  startMs: number;
  cpuMs: number;
  heap: number;
}

/** Starts a process on the file, and asks it what it has. @throws Error if other than so many turns wait */
async function startOn(file: string, turns: number): Promise<Start> {
  const [hub, started] = await BenchProcess.node<Omit<Start, 'heap'>>('servers/waiting.ts', file);
  const { heap } = await hub.command<{ heap: number }>('memory');
  const found = await hub.command<number>('unfinished');
  await hub.command('close');
  await hub.end();
  if (found !== turns) throw new Error(`${found} turns wait, and not ${turns}`);
  return { ...started, heap };
}

export async function waiting(size: Size): Promise<Section> {
  const turns = size.quick ? 100 : 10_000;
  const folder = mkdtempSync(join(tmpdir(), 'express-hitl-bench-'));
  try {
    const [none, many] = [join(folder, 'none.db'), join(folder, 'many.db')];
    const [first] = await BenchProcess.node('servers/waiting.ts', many);
    await first.command('begin', { turns });
    await first.command('close');
    await first.end();
    const starts: Start[] = [];
    const empties: Start[] = [];
    for (let n = 0; n < size.rounds; n += 1) {
      empties.push(await startOn(none, 0));
      starts.push(await startOn(many, turns));
    }
    const of = (all: readonly Start[], name: keyof Start) => median(all.map((each) => each[name]));
    const [startMs, heap, empty] = [of(starts, 'startMs'), of(starts, 'heap'), of(empties, 'heap')];
    // Less than the noise of an empty hub is nothing.
    const each = Math.max(0, (heap - empty) / turns);
    const named = turns.toLocaleString('en-US');
    return {
      title: `${named} durable turns that wait`,
      about:
        'Each asked for an approval, on SQLite; the process in which they began is gone, and another one starts on its file: until `hub.start()` has resolved, and what is in its memory then, beside an empty hub.',
      columns: ['', 'start', 'of CPU', 'memory', 'for each turn'],
      rows: [
        [
          'empty',
          milliseconds(of(empties, 'startMs')),
          milliseconds(of(empties, 'cpuMs')),
          kilobytes(empty),
          '',
        ],
        [
          named,
          milliseconds(startMs),
          milliseconds(of(starts, 'cpuMs')),
          kilobytes(heap),
          `${round(each)} bytes`,
        ],
      ],
      ratios: {
        [`ms to start with ${named} durable turns that wait`]: { value: startMs, goal: 500, less: true },
        'kB of memory for each durable turn that waits': { value: each / 1e3, goal: 0.2, less: true },
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
