/** The public names of `express-hitl/charts`, one by one. */
export type {
  Chart,
  ChartAction,
  ChartGuard,
  ChartSentences,
  ChartState,
  ChartTransition,
  Json,
} from './chart';
export { chartOf } from './chart-of';
export { type Difference, type DiffSide, diffOf } from './diff';
export { diffText } from './diff-text';
export { filesOf } from './files';
export { guardCodeOf } from './implementations';
export { machineJsonOf } from './machine-json';
export type { Legend, Mark, Marks } from './mark';
export { mermaidOf } from './mermaid';
export { pageOf } from './page';
export { svgOf } from './svg';
export { unionOf } from './union';
