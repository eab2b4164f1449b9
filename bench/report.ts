/** Writes what was measured: for people into `docs/benchmarks.md` and the README, between markers; for the check as JSON. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine';
import { type Ratio, round, type Section } from './result';

export interface Results {
  machine: Machine;
  sections: readonly Section[];
}

const docs = join(__dirname, '../docs');
export const resultsFile = join(docs, 'benchmarks.json');
const markers = ['<!-- written by npm run bench -->', '<!-- end -->'] as const;

/** The ratios of the README, by the sentence that tells each. */
const headlines: Readonly<Record<string, string>> = {
  'express-hitl / ws, prepared frame, 1 × 10, 16 in a tick':
    'as many deliveries per second of CPU as `ws` with a frame built once, 16 envelopes in a tick to 10 clients',
  'express-hitl / Socket.IO, 1 × 10, 1 in a tick': 'as many as Socket.IO, envelopes one by one to 10 clients',
  'durable chat by the clock, express-hitl / by hand':
    'as many durable messages a second as Express, `ws` and SQLite by hand',
  'HITL round trips by the clock, express-hitl / LangGraph, 64 at once':
    'as many round trips a second as LangGraph with its SQLite checkpointer, 64 at once',
};

export function allRatios(sections: readonly Section[]): Record<string, Ratio> {
  return Object.assign({}, ...sections.map(({ ratios }) => ratios));
}

/** What is written, with these sections in the place of those that have their titles; what is not written yet comes last. Each says how busy the machine was, since the rest of the page is of another run. */
export function updated(measured: readonly Section[], { load }: Machine): Results {
  const sections = measured.map((section) => ({
    ...section,
    about: `${section.about} Measured by itself, at a load of ${load}.`,
  }));
  const stored: Results = JSON.parse(readFileSync(resultsFile, 'utf8'));
  const newer = (old: Section) => sections.find(({ title }) => title === old.title) ?? old;
  const isNew = ({ title }: Section) => stored.sections.every((old) => old.title !== title);
  return { ...stored, sections: [...stored.sections.map(newer), ...sections.filter(isNew)] };
}

/** Whether a ratio reaches its goal; true without one. */
export function isReached({ value, goal, less }: Ratio): boolean {
  if (goal === undefined) return true;
  return less ? value <= goal : value >= goal;
}

export function writeReport(results: Results): void {
  writeFileSync(resultsFile, `${JSON.stringify(results, undefined, 2)}\n`);
  between(join(docs, 'benchmarks.md'), pageOf(results));
  between(join(__dirname, '../README.md'), headlinesOf(results));
}

/** Replaces what stands between the markers. @throws Error if a file has none */
function between(file: string, text: string): void {
  const page = readFileSync(file, 'utf8');
  const [begin, end] = markers;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no place for what the bench writes`);
  writeFileSync(file, `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`);
}

export function headlinesOf({ sections }: Results): string {
  const ratios = allRatios(sections);
  return Object.entries(headlines)
    .flatMap(([name, what]) => (ratios[name] ? [`- **${round(ratios[name].value)} ×** ${what}`] : []))
    .join('\n');
}

export function pageOf({ machine, sections }: Results): string {
  const { cpu, cores, memory, system, load, versions } = machine;
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `On ${cores} cores of ${cpu}, ${memory}, ${system}, load ${load} when the run began; ${named.join(', ')}.`,
    '### Goals',
    goalsOf(sections),
    ...sections.flatMap((section) => [
      `### ${section.title}`,
      section.about,
      tableOf(section.columns, section.rows),
    ]),
  ].join('\n\n');
}

function goalsOf(sections: readonly Section[]): string {
  const rows = Object.entries(allRatios(sections)).flatMap(([name, ratio]) => {
    if (ratio.goal === undefined) return [];
    const goal = `${ratio.less ? 'at most' : 'at least'} ${ratio.goal.toLocaleString('en-US')}`;
    return [[name, round(ratio.value), goal, isReached(ratio) ? 'reached' : 'missed']];
  });
  return tableOf(['', 'measured', 'goal', ''], rows);
}

export function tableOf(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns),
    line(columns.map((_each, index) => (index === 0 ? '---' : '---:'))),
    ...rows.map(line),
  ].join('\n');
}
