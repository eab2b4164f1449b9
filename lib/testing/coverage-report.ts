/** A coverage as people and programs read it, and the threshold that fails a test; models and specs end with it. */
import type { Coverage, StateSeen, TransitionSeen } from './coverage';

/** How much of something was seen. */
export interface Share {
  seen: number;
  of: number;
}

/** A coverage as JSON; the ids are those of the charts. */
export interface CoverageReport {
  machine: string;
  states: readonly StateSeen[];
  transitions: readonly TransitionSeen[];
  totals: {
    states: Share;
    transitions: Share;
    /** Two for each guarded transition: its guard said yes, its guard said no. */
    guards: Share;
  };
  /** What was not seen, one line each. */
  missing: readonly string[];
}

/** Shares from 0 to 1 that must be seen; what is left out must be seen in full. */
export interface Threshold {
  states?: number;
  transitions?: number;
  guards?: number;
  /** Lines of `missing` that are accepted, each with the reason; one that is not missing is an error too. */
  except?: Readonly<Record<string, string>>;
}

export function reportCoverage({ machine, states, transitions }: Coverage): CoverageReport {
  const guarded = transitions.filter(({ guard }) => guard !== undefined);
  const yes = guarded.filter(({ taken }) => taken > 0).length;
  const no = guarded.filter(({ refused }) => refused > 0).length;
  return {
    machine: machine.id,
    states,
    transitions,
    totals: {
      states: { seen: states.filter(({ entered }) => entered > 0).length, of: states.length },
      transitions: { seen: transitions.filter(({ taken }) => taken > 0).length, of: transitions.length },
      guards: { seen: yes + no, of: guarded.length * 2 },
    },
    missing: [
      ...states.filter(({ entered }) => entered === 0).map(({ id }) => `never entered: ${id}`),
      ...transitions.filter(({ taken }) => taken === 0).map((each) => `never taken: ${described(each)}`),
      ...guarded.filter(({ refused }) => refused === 0).map((each) => `never refused: ${described(each)}`),
    ],
  };
}

/** A report as text: one line of totals, then what is missing. */
export function coverageText(report: CoverageReport): string {
  return [coverageLine(report), ...report.missing.map((each) => `  ${each}`)].join('\n');
}

/** The totals, as `refund: 5 of 5 states, 6 of 6 transitions, 8 of 8 guard outcomes`. */
export function coverageLine({ machine, totals: { states, transitions, guards } }: CoverageReport): string {
  const share = ({ seen, of }: Share, what: string) => `${seen} of ${of} ${what}`;
  const shares = [
    share(states, 'states'),
    share(transitions, 'transitions'),
    share(guards, 'guard outcomes'),
  ];
  return `${machine}: ${shares.join(', ')}`;
}

/** @throws Error with the report as text if less was seen than the threshold asks for */
export function assertCoverage(coverage: Coverage, threshold: Threshold = {}): void {
  const report = reportCoverage(coverage);
  const { except = {} } = threshold;
  const stale = Object.keys(except).filter((line) => !report.missing.includes(line));
  const open = report.missing.filter((line) => !(line in except));
  const accepted = report.missing.filter((line) => line in except);
  const tooFew = kinds.filter((kind) => {
    const { seen, of } = report.totals[kind];
    return seen + accepted.filter(isAbout[kind]).length < of * (threshold[kind] ?? 1);
  });
  if (tooFew.length === 0 && stale.length === 0) return;
  const reasons = [
    ...tooFew.map((kind) => `too few ${kind} were seen`),
    ...stale.map((line) => `an exception is not needed: ${line}`),
  ];
  throw new Error(`${reasons.join('; ')}\n${coverageText({ ...report, missing: open })}`);
}

const kinds = ['states', 'transitions', 'guards'] as const;

/** Which lines of `missing` are about what; a guarded transition that was not taken is a guard that never said yes, too. */
const isAbout: Record<(typeof kinds)[number], (line: string) => boolean> = {
  states: (line) => line.startsWith('never entered'),
  transitions: (line) => line.startsWith('never taken'),
  guards: (line) => line.endsWith(']'),
};

function described({ id, guard }: TransitionSeen): string {
  return guard === undefined ? id : `${id} [${guard}]`;
}
