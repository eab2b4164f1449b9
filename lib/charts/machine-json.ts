/** Writes a chart as an XState configuration in JSON, for Stately's editor and for every other program that reads one. */
import type { Chart, ChartAction, ChartGuard, ChartState, ChartTransition } from './chart';
import { guardText } from './wording';

/**
 * The chart as the configuration of a machine, `createMachine(JSON.parse(text))` being one with the same chart. Guards and actions are
 * names there; a combination of guards, which JSON cannot hold, becomes one name that spells it out.
 */
export function machineJsonOf(chart: Chart): string {
  const { guards, events, deadlines, actions } = chart.sentences;
  const meta = Object.entries({ guards, events, deadlines, actions }).filter(
    ([, of]) => Object.keys(of).length > 0,
  );
  const config = {
    id: chart.id,
    ...stateConfig(chart.root),
    ...(meta.length > 0 && { meta: Object.fromEntries(meta) }),
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

type Config = Record<string, unknown>;

function stateConfig(state: ChartState): Config {
  const { type, history, otherwise, description, initial, entry, exit, invoke, tags, transitions, states } =
    state;
  const actorEvents = (id: string): Config => ({
    ...listed('onDone', transitions, `xstate.done.actor.${id}`),
    ...listed('onError', transitions, `xstate.error.actor.${id}`),
    ...listed('onSnapshot', transitions, `xstate.snapshot.${id}`),
  });
  const own = transitions.filter(
    ({ event, delay }) => delay === undefined && event !== '' && !event.startsWith('xstate.'),
  );
  const delayed = transitions.filter(({ delay }) => delay !== undefined);
  return {
    // XState sees for itself what is compound or atomic.
    ...(['parallel', 'final', 'history'].includes(type) && { type }),
    ...(history && { history }),
    ...(otherwise && { target: otherwise }),
    ...(description !== undefined && { description }),
    ...(initial && { initial: initial.slice(state.id.length + 1) }),
    ...(tags.length > 0 && { tags }),
    ...(entry.length > 0 && { entry: entry.map(actionConfig) }),
    ...(exit.length > 0 && { exit: exit.map(actionConfig) }),
    ...(invoke.length > 0 && { invoke: invoke.map(({ id, src }) => ({ id, src, ...actorEvents(id) })) }),
    ...(own.length > 0 && { on: grouped(own, ({ event }) => event) }),
    ...(delayed.length > 0 && { after: grouped(delayed, ({ delay }) => String(delay)) }),
    ...listed('always', transitions, ''),
    ...transitionsOnDone(transitions),
    ...(states.length > 0 && {
      states: Object.fromEntries(states.map((child) => [child.key, stateConfig(child)])),
    }),
  };
}

function transitionsOnDone(transitions: readonly ChartTransition[]): Config {
  const done = transitions.find(({ event }) => event.startsWith('xstate.done.state.'));
  return done ? listed('onDone', transitions, done.event) : {};
}

function listed(key: string, transitions: readonly ChartTransition[], event: string): Config {
  const found = transitions.filter(
    (transition) => transition.event === event && transition.delay === undefined,
  );
  return found.length > 0 ? { [key]: found.map(transitionConfig) } : {};
}

function grouped(
  transitions: readonly ChartTransition[],
  keyOf: (transition: ChartTransition) => string,
): Config {
  const groups: Record<string, Config[]> = {};
  for (const transition of transitions) {
    const key = keyOf(transition);
    groups[key] = [...(groups[key] ?? []), transitionConfig(transition)];
  }
  return groups;
}

function transitionConfig({ guard, actions, targets, reenter, description }: ChartTransition): Config {
  return {
    ...(targets.length > 0 && {
      target: targets.length === 1 ? `#${targets[0]}` : targets.map((target) => `#${target}`),
    }),
    ...(guard && { guard: guardConfig(guard) }),
    ...(actions.length > 0 && { actions: actions.map(actionConfig) }),
    ...(reenter && { reenter }),
    ...(description !== undefined && { description }),
  };
}

function guardConfig(guard: ChartGuard): unknown {
  return 'name' in guard ? actionConfig(guard) : guardText(guard);
}

function actionConfig({ name, params }: ChartAction): unknown {
  return params === undefined ? name : { type: name, params };
}
