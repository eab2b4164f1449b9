/** A coverage painted on the chart of its machine: what was seen, and what was not; models and specs write it for people to look at. */
import { chartOf } from '../charts/chart-of';
import type { Legend, Mark } from '../charts/mark';
import { svgOf } from '../charts/svg';
import type { Coverage, TransitionSeen } from './coverage';
import { coverageLine, reportCoverage } from './coverage-report';

/**
 * An SVG of the machine: green what was seen, red what never was, yellow a transition whose guard never said no; readable on
 * light and dark screens, and by signs without colours. The same coverage gives the same bytes.
 * @throws Error when the optional package `elkjs` is not installed
 */
export function coverageSvg(coverage: Coverage): Promise<string> {
  const marks = new Map<string, Mark>([
    ...coverage.states.map(({ id, entered }) => [id, entered > 0 ? 'covered' : 'uncovered'] as const),
    ...coverage.transitions.map((each) => [each.id, markOf(each)] as const),
  ]);
  return svgOf(chartOf(coverage.machine), marks, {
    text: coverageLine(reportCoverage(coverage)),
    marks: meanings,
  });
}

const meanings: Legend['marks'] = [
  { mark: 'covered', meaning: 'seen' },
  { mark: 'partly', meaning: 'taken, but its guard never said no' },
  { mark: 'uncovered', meaning: 'never seen' },
];

function markOf({ guard, taken, refused }: TransitionSeen): Mark {
  if (taken === 0) return 'uncovered';
  return guard !== undefined && refused === 0 ? 'partly' : 'covered';
}
