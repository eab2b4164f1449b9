/** A state machine as plain data, the one thing every picture, page, export and comparison in this folder is made from. */

/** Anything that survives JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A condition: a name, or names combined. A guard written in place without a name is called `(inline)`. */
export type ChartGuard =
  | { readonly name: string; readonly params?: Json }
  | { readonly and: readonly ChartGuard[] }
  | { readonly or: readonly ChartGuard[] }
  | { readonly not: ChartGuard }
  /** XState's `stateIn`. */
  | { readonly in: string };

/** Something done on a transition, at entry or at exit. One written in place without a name is called `(inline)`. */
export interface ChartAction {
  readonly name: string;
  readonly params?: Json;
}

/** One branch of one event of one state. */
export interface ChartTransition {
  /** Unique among all machines: the state's id, the event and the branch, as `hitlRequest.pending:respond:8`. */
  readonly id: string;
  /** The id of the state that declares it. */
  readonly source: string;
  /** The event as XState names it; empty for `always`. */
  readonly event: string;
  /** Of an `after`: milliseconds, or the name of the delay. */
  readonly delay?: number | string;
  /** Which branch of its event this is, from 1; branches are tried in this order and the first that may, is taken. */
  readonly order: number;
  /** How many branches the event has in this state. */
  readonly branches: number;
  readonly guard?: ChartGuard;
  readonly actions: readonly ChartAction[];
  /** Ids of states; empty when the state is not left. */
  readonly targets: readonly string[];
  /** The state is exited and entered again even when the target is itself or inside. */
  readonly reenter: boolean;
  readonly description?: string;
}

/** One state with everything below it. The root of a chart is a state too: the machine itself. */
export interface ChartState {
  /** Unique among all machines: the machine's id and the path, as `hitlRequest.pending.open`; an `id` in the config does not change it. */
  readonly id: string;
  readonly key: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** Of a history state: how deep it remembers. */
  readonly history?: 'shallow' | 'deep';
  /** Of a history state: what is entered when there is nothing to remember, as configured. */
  readonly otherwise?: string;
  readonly description?: string;
  /** The id of the child entered first. */
  readonly initial?: string;
  readonly entry: readonly ChartAction[];
  readonly exit: readonly ChartAction[];
  readonly invoke: readonly { readonly id: string; readonly src: string }[];
  readonly tags: readonly string[];
  /** In the order of the machine, as are all lists here. */
  readonly transitions: readonly ChartTransition[];
  readonly states: readonly ChartState[];
}

/** What the machine says of its own names: `meta.guards`, `meta.events`, `meta.deadlines` and `meta.actions`, a sentence by name. */
export interface ChartSentences {
  readonly guards: Readonly<Record<string, string>>;
  readonly events: Readonly<Record<string, string>>;
  /** Events that time brings, not a person or a program. */
  readonly deadlines: Readonly<Record<string, string>>;
  readonly actions: Readonly<Record<string, string>>;
}

/** A machine. */
export interface Chart {
  readonly id: string;
  readonly root: ChartState;
  readonly sentences: ChartSentences;
  /** What is behind the name of a guard that is itself a combination of others. */
  readonly combined: Readonly<Record<string, ChartGuard>>;
}

/** A state and all below it, in the order of the machine. */
export function statesIn(state: ChartState): readonly ChartState[] {
  return [state, ...state.states.flatMap(statesIn)];
}

/** Every transition of a chart, in the order of the machine. */
export function transitionsOf(chart: Chart): readonly ChartTransition[] {
  return statesIn(chart.root).flatMap((state) => state.transitions);
}

/** The names a guard is made of, each once. */
export function namesIn(guard: ChartGuard): readonly string[] {
  if ('name' in guard) return [guard.name];
  if ('in' in guard) return [];
  const parts = 'not' in guard ? [guard.not] : 'and' in guard ? guard.and : guard.or;
  return [...new Set(parts.flatMap(namesIn))];
}

/** Whether one state is another or lies inside it; both by id. */
export function isWithin(id: string, outer: string): boolean {
  return id === outer || id.startsWith(`${outer}.`);
}

/** Whether a transition leads to another state. All others leave the machine where it is, or re-enter their own state. */
export function isArrow(transition: ChartTransition): boolean {
  return transition.targets.some((target) => target !== transition.source);
}
