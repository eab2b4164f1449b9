/** `npm run soak`: well-behaved people all the time, hostile peers every other round, in 64 MB; fails if these cost the others more than twice the time. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { soakName, updated } from '../figures-page';
import { machineLine } from '../machine';
import { scenarios } from '../scenarios';
import type { ServerProcess } from '../server-process';
import { type Figures, Stage } from '../stage';
import { HostileProcess } from './hostile-process';
import { People, ticketIds } from './people';
import type { RoundReport } from './round';

const usage = `npm run soak -- [--minutes N] [--seed N] [--write]
  --minutes   how long, 1 to 600. Default: 30
  --seed      a whole number. Default: another one each time, which is printed
  --write     puts the figures into docs/reliability-figures.md, if it held`;

const page = join(__dirname, '../../../docs/reliability-figures.md');

const oldSpaceMiB = 64;
const roundMs = 10_000;
/** After hostile peers have let go, and before the first round. */
const restMs = 1_000;
/** What the median delay inside the server may be beside hostile peers, times that without them. */
const maxRatio = 2;

/** What one round has shown. */
interface Round extends Omit<RoundReport, 'delays'> {
  hostile: boolean;
  frames: number;
  medianMs: number;
  p95Ms: number;
  databaseBytes: number;
}

async function main(): Promise<void> {
  const { minutes, seed, write } = readArguments();
  const machine = machineLine();
  const [load = 0] = loadavg();
  console.log(`seed ${seed}, ${minutes} minutes; ${machine}`);
  // Whatever hangs: it ends.
  const guard = setTimeout(() => stop('It did not end by itself'), minutes * 90_000 + 180_000);
  const begun = performance.now();
  const stage = new Stage(seed, 'long');
  let figures: Figures = {};
  try {
    figures = await soak(stage, minutes);
  } catch (error) {
    stage.ledger.violate(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  await stage.end().catch((error: unknown) => stage.ledger.violate(`The end failed: ${String(error)}`));
  clearTimeout(guard);
  const seconds = (performance.now() - begun) / 1_000;
  const { violations } = stage.ledger;
  console.log(`\nsoak: ${violations.length > 0 ? 'FAILED' : 'held'} in ${Math.round(seconds)} s`);
  for (const [name, value] of Object.entries(figures)) console.log(`  ${name}: ${value}`);
  for (const violation of violations) console.error(`  ! ${violation}`);
  if (violations.length > 0) {
    console.error(`  again: npm run soak -- --seed ${seed} --minutes ${minutes}`);
    process.exitCode = 1;
  } else if (write) {
    const order = [...scenarios.map(({ name }) => name), soakName];
    const surroundings = { date: new Date().toISOString().slice(0, 10), machine, load };
    const outcome = { scenario: soakName, seed, size: `${minutes} minutes`, seconds, figures, surroundings };
    writeFileSync(page, updated(readFileSync(page, 'utf8'), [outcome], order));
  }
}

function readArguments(): { minutes: number; seed: number; write: boolean } {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '30' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      write: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  if (!(minutes >= 1 && minutes <= 600) || !Number.isSafeInteger(seed)) {
    console.error(usage);
    process.exit(2);
  }
  return { minutes, seed, write: values.write };
}

function stop(why: string): void {
  console.error(why);
  process.exit(1);
}

async function soak(stage: Stage, minutes: number): Promise<Figures> {
  // The limits are those an app has by default, but for the size of a ticket, so that hostile peers get in beside people.
  const server = await stage.server({ oldSpaceMiB, measured: true, limited: true, maxClientsPerTicket: 40 });
  const people = new People(stage, server);
  const finish = await people.begin();
  const hostile = new HostileProcess({
    port: server.port,
    seed: stage.random.int(1, 2 ** 30),
    tickets: ticketIds,
  });
  const rounds: Round[] = [];
  let deeds: Record<string, number> = {};
  try {
    // As many of the one as of the other kind, and what comes first has no advantage by it.
    for (let pair = 0; pair < Math.round((minutes * 60_000) / (2 * roundMs)); pair += 1)
      for (const isHostile of pair % 2 === 0 ? [false, true] : [true, false]) {
        if (isHostile) await hostile.begin();
        await wait(restMs);
        await server.command('round');
        await wait(roundMs - restMs);
        const round = readRound(stage, (await server.command('round')) as RoundReport, isHostile);
        if (isHostile) deeds = await hostile.end();
        rounds.push(round);
        say(rounds.length, round);
      }
  } finally {
    hostile.kill();
  }
  await finish();
  await stage.audit(server);
  return judge(stage, server, people, rounds, deeds);
}

function readRound(stage: Stage, { delays, ...report }: RoundReport, hostile: boolean): Round {
  const sorted = delays.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  const databaseBytes = ['', '-wal'].reduce(
    (sum, end) => sum + sizeOf(join(stage.folder, `hitl.db${end}`)),
    0,
  );
  return { ...report, hostile, frames: delays.length, medianMs: at(0.5), p95Ms: at(0.95), databaseBytes };
}

function say(nth: number, round: Round): void {
  const { hostile, frames, medianMs, p95Ms, loopMs, cpu, rss, heapUsed, databaseBytes } = round;
  const parts = [
    `${nth}. ${hostile ? 'with hostile peers' : 'without'}: ${frames} frames`,
    `median ${medianMs.toFixed(2)} ms, 95 % ${p95Ms.toFixed(2)} ms`,
    `loop late by ${Math.round(loopMs)} ms at most, ${Math.round(cpu * 100)} % of a processor`,
    `${megabytes(rss)} resident, ${megabytes(heapUsed)} heap, ${megabytes(databaseBytes)} database`,
  ];
  console.log(parts.join('; '));
}

function judge(
  stage: Stage,
  server: ServerProcess,
  people: People,
  rounds: readonly Round[],
  deeds: Record<string, number>,
): Figures {
  const of = (hostile: boolean, read: (round: Round) => number) =>
    median(rounds.filter((round) => round.hostile === hostile).map(read));
  const both = (read: (round: Round) => number, digits = 2) =>
    `${of(false, read).toFixed(digits)} without, ${of(true, read).toFixed(digits)} with`;
  const ratio = of(true, ({ medianMs }) => medianMs) / of(false, ({ medianMs }) => medianMs);
  stage.check(server.isRunning, 'the server has gone');
  stage.check(ratio <= maxRatio, `beside hostile peers a frame took ${ratio.toFixed(2)} times as long`);
  stage.check(
    rounds.every(({ frames }) => frames > 0),
    'in some round no frame was answered',
  );
  const idle = Object.entries(deeds).filter(([, count]) => count === 0);
  stage.check(idle.length === 0, `these have done nothing: ${idle.map(([name]) => name).join(', ')}`);
  const [first] = rounds;
  const last = rounds.at(-1);
  const { counts } = people;
  return {
    rounds: rounds.length,
    'people, inboxes': `${counts.people}, ${counts.inboxes}`,
    'deeds of people, of these answers and returns': `${counts.deeds}, ${counts.answers}, ${counts.returns}`,
    'frames measured': rounds.reduce((sum, { frames }) => sum + frames, 0),
    'deliveries checked': stage.ledger.observations,
    'delay inside the server, median of rounds, ms': both(({ medianMs }) => medianMs),
    'the same, with hostile peers by without': Math.round(ratio * 100) / 100,
    'delay of 95 % of frames, median of rounds, ms': both(({ p95Ms }) => p95Ms),
    'event loop late at most, median of rounds, ms': both(({ loopMs }) => loopMs, 0),
    'share of a processor, %': both(({ cpu }) => cpu * 100, 0),
    'resident, first round, highest, last': along(rounds, ({ rss }) => rss),
    'heap, first round, highest, last': along(rounds, ({ heapUsed }) => heapUsed),
    'database, first round, last': `${megabytes(first?.databaseBytes ?? 0)}, ${megabytes(last?.databaseBytes ?? 0)}`,
    ...Object.fromEntries(Object.entries(deeds).map(([name, count]) => [`times, ${name}`, count])),
  };
}

function along(rounds: readonly Round[], read: (round: Round) => number): string {
  const all = rounds.map(read);
  return [all[0] ?? 0, Math.max(...all), all.at(-1) ?? 0].map(megabytes).join(', ');
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// Of a soak that has failed already, something may still be under way.
process.on('unhandledRejection', (reason) => console.error(`  (left over: ${String(reason)})`));

void main();
