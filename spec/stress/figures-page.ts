/** The page of the last figures, docs/reliability-figures.md: only the runner writes it, one section per scenario that held. */
import type { Figures } from './stage';

/** The name of the section that `npm run soak` writes, behind those of the scenarios. */
export const soakName = 'soak';

/** What a scenario or the soak measured; `size` says how much of it was played. */
export interface Measured {
  scenario: string;
  seed: number;
  size: string;
  seconds: number;
  figures: Figures;
  surroundings: Surroundings;
}

/** What was measured on, in one line: versions, cores, memory, load; no names of machines. */
export interface Surroundings {
  /** `2026-02-03`. */
  date: string;
  machine: string;
  /** One-minute load average before it began; above the number of cores others were at work. */
  load: number;
}

const head = `# Figures

The last figures of every scenario of the stress runner, each measured by itself, and of the soak. \`npm run stress -- --long --write\` and \`npm run soak -- --write\` write this page and nobody else does; [reliability.md](reliability.md) says what each scenario injects and asserts, and how to play it again. Where the load is above the number of cores, other programs were at work on the same machine: what is said in seconds would be less without them, what is said in bytes or counted would not.
`;

/** The sections of the page, by scenario. */
export function sections(page: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of page.split(/^## /m).slice(1)) {
    const [name = ''] = part.split('\n', 1);
    found.set(name, `## ${part.trimEnd()}\n`);
  }
  return found;
}

/**
 * The page with these outcomes in place of earlier ones of the same scenarios.
 * @param order the scenarios there are; sections of others go
 */
export function updated(page: string, outcomes: readonly Measured[], order: readonly string[]): string {
  const all = sections(page);
  for (const outcome of outcomes) all.set(outcome.scenario, section(outcome));
  const present = order.flatMap((name) => all.get(name) ?? []);
  return [head, ...present].join('\n');
}

function section({ scenario, seed, size, seconds, figures, surroundings }: Measured): string {
  const { date, machine, load } = surroundings;
  const rows = Object.entries(figures).map(([name, value]) => `| ${name} | ${withCommas(value)} |`);
  return [
    `## ${scenario}`,
    '',
    `Held in ${Math.round(seconds)} s on ${date}: ${size}, seed ${seed}; ${machine}; load ${load.toFixed(1)}.`,
    '',
    '| Figure | Value |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function withCommas(value: number | string): string {
  return typeof value === 'number' ? value.toLocaleString('en-US') : value;
}
