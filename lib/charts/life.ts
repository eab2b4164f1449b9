/** The chart of a machine as a life: where it can be and what leads on, without refusals and conditions; the picture for a reader who meets it for the first time. */
import { type Chart, type ChartState, type ChartTransition, transitionsOf } from './chart';

/** The same states with only those transitions that lead somewhere, each once, without guard and actions. */
export function lifeOf(chart: Chart): Chart {
  return { ...chart, root: lifeOfState(chart.root) };
}

/** Whether the life leaves something out that the chart has, so that it is worth a picture of its own. */
export function isShorter(life: Chart, chart: Chart): boolean {
  return transitionsOf(life).length < transitionsOf(chart).length;
}

function lifeOfState(state: ChartState): ChartState {
  const seen = new Set<string>();
  const transitions = state.transitions.filter(({ event, delay, targets }) => {
    const step = JSON.stringify([event, delay, targets]);
    if (targets.length === 0 || seen.has(step)) return false;
    seen.add(step);
    return true;
  });
  return {
    ...state,
    entry: [],
    exit: [],
    transitions: transitions.map(plain),
    states: state.states.map(lifeOfState),
  };
}

function plain({
  guard: _guard,
  description: _description,
  ...transition
}: ChartTransition): ChartTransition {
  return { ...transition, actions: [], order: 1, branches: 1 };
}
