/** What one durable turn must do over the processes that run it, as a machine of its own: written from the specification, apart from the one in `lib/actors`. It is tried on the machine alone. */
import { assign, setup } from 'xstate';
import { type TestModel, testModel } from '../../lib/testing';

/** What happens to a durable turn. */
export type DurableDeed =
  /** It is its turn in the session; or there is no code for it. */
  | { type: 'begin' | 'get_stuck' }
  /** Its agent says what it is about, gets further by one entry, returns or throws. */
  | { type: 'name'; intent: string }
  | { type: 'work' }
  | { type: 'return' | 'throw' }
  /** Its agent waits for a person, at most until the time if there is one; and what it waits for is there. */
  | { type: 'rest'; until?: number }
  | { type: 'wake' }
  /** Its agent begins a new leg: at once, or when a person has answered. */
  | { type: 'again'; when: boolean }
  /** Its process lets go of it, or is gone without a word; another one goes on with it. */
  | { type: 'release' | 'take' }
  /** A person or the app. */
  | { type: 'retry' | 'start_over' | 'cancel' }
  /** Its greatest age is reached. */
  | { type: 'expire' }
  /** As it is sent to plain turns. */
  | { type: 'close' | 'crash' };

/** Processes that may end under it without it getting any further. */
export const maxTries = 2;
/** Its greatest age, and a time before and after it. */
export const ages = { early: 50, greatest: 100, late: 150 } as const;

export interface DurableFacts {
  status: 'queued' | 'running' | 'waiting' | 'stuck' | 'completed' | 'aborted';
  /** Whether its beginning was sent. */
  started: boolean;
  /** How often it was sent that it waits, is stuck or goes on. */
  updates: number;
  ends: number;
  intent: string | null;
  reason: string | null;
  /** Whether a process runs it. */
  owned: boolean;
  generation: number;
  leg: number;
  /** Whether it is known when a leg that is not the first began. */
  legBegan: boolean;
  /** Processes that took it since it got any further; of one that ended in good order none. */
  tries: number;
  /** Whether another process went on with it. */
  continued: boolean;
  waits: boolean;
  /** What its next leg waits for first. */
  when: boolean;
  /** When something happens by itself. */
  due: number | null;
  problem: string | null;
}

export interface DurableSystem {
  perform(deed: DurableDeed): Promise<string>;
  look(): Promise<DurableFacts>;
  restart?(): void;
}

/** `hasWorked`: it got further since it was taken last; `greatest`: its greatest age, if it has one. */
type Facts = DurableFacts & { hasWorked: boolean; greatest: number | null };

const born: Omit<Facts, 'due' | 'greatest'> = {
  status: 'queued',
  started: false,
  updates: 0,
  ends: 0,
  intent: null,
  reason: null,
  owned: false,
  generation: 0,
  leg: 0,
  legBegan: false,
  tries: 0,
  continued: false,
  waits: false,
  when: false,
  problem: null,
  hasWorked: false,
};

const earlier = (a: number | null, b: number | null) =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);

/** A process has it, with a generation of its own. */
const taken = (facts: Facts): Facts => ({
  ...facts,
  status: 'running',
  owned: true,
  generation: facts.generation + 1,
  tries: 1,
  hasWorked: false,
  waits: false,
  problem: null,
  due: facts.greatest,
});
/** Who knew it before may not write for it. */
const passed = (facts: Facts): Facts => ({ ...facts, generation: facts.generation + 1 });
const said = (facts: Facts): Facts => ({ ...facts, updates: facts.updates + 1 });
/** It is sent once that it begins; later that it goes on. */
const goesOn = (facts: Facts): Facts => (facts.started ? said(facts) : { ...facts, started: true });
const rested = (facts: Facts, until: number | null): Facts =>
  said({
    ...facts,
    status: 'waiting',
    owned: false,
    tries: 0,
    waits: true,
    due: earlier(until, facts.greatest),
  });
const stuck = (facts: Facts, problem: string): Facts =>
  said({ ...facts, status: 'stuck', owned: false, waits: false, problem, due: facts.greatest });
const nextLeg = (facts: Facts, when: boolean): Facts => ({
  ...facts,
  leg: facts.leg + 1,
  legBegan: true,
  when,
  tries: 1,
  hasWorked: false,
  due: facts.greatest,
});
const ended = (facts: Facts, status: 'completed' | 'aborted', reason: string | null): Facts => ({
  ...facts,
  status,
  reason,
  ends: facts.ends + 1,
  owned: false,
  waits: false,
  problem: null,
});

export const durableTurnSpecification = setup({
  types: { context: {} as Facts, events: {} as DurableDeed, input: {} as { greatest: number | null } },
  guards: {
    isCrashing: ({ context }) => !context.hasWorked && context.tries >= maxTries,
    hasToWait: ({ event }) => event.type === 'again' && event.when,
  },
  actions: {
    begin: assign(({ context }) => goesOn(taken(context))),
    name: assign(({ event }) => ({ intent: event.type === 'name' ? event.intent : null })),
    work: assign({ hasWorked: true }),
    rest: assign(({ context, event }) =>
      rested(context, event.type === 'rest' && event.until !== undefined ? event.until : null),
    ),
    again: assign(({ context }) => passed(nextLeg(context, false))),
    againLater: assign(({ context }) => rested(passed(nextLeg(context, true)), null)),
    release: assign({ owned: false, tries: 0 }),
    take: assign(({ context }) => {
      const tries = context.hasWorked ? 1 : context.tries + 1;
      return said({ ...taken(context), tries, continued: true });
    }),
    giveUp: assign(({ context }) => stuck(context, 'crashing')),
    getStuck: assign(({ context }) => stuck(passed(context), 'changed')),
    startOver: assign(({ context }) => goesOn(taken(nextLeg(context, false)))),
    complete: assign(({ context }) => ended(context, 'completed', null)),
    abort: assign(({ context }, { reason }: { reason: string }) => ended(context, 'aborted', reason)),
  },
}).createMachine({
  id: 'durableTurn',
  context: ({ input: { greatest } }) => ({ ...born, greatest, due: greatest }),
  initial: 'queued',
  states: {
    queued: {
      on: {
        begin: { target: 'running', actions: 'begin' },
        get_stuck: { target: 'stuck', actions: 'getStuck' },
      },
    },
    running: {
      on: {
        name: { actions: 'name' },
        work: { actions: 'work' },
        rest: { target: 'waiting', actions: 'rest' },
        again: [{ guard: 'hasToWait', target: 'waiting', actions: 'againLater' }, { actions: 'again' }],
        release: { actions: 'release' },
        take: [{ guard: 'isCrashing', target: 'stuck', actions: 'giveUp' }, { actions: 'take' }],
        get_stuck: { target: 'stuck', actions: 'getStuck' },
        return: { target: 'over', actions: 'complete' },
        throw: { target: 'over', actions: { type: 'abort', params: { reason: 'error' } } },
      },
    },
    waiting: {
      on: {
        wake: { target: 'running', actions: 'begin' },
        get_stuck: { target: 'stuck', actions: 'getStuck' },
      },
    },
    stuck: {
      on: {
        retry: { target: 'running', actions: 'begin' },
        start_over: { target: 'running', actions: 'startOver' },
      },
    },
    // It ends once: nothing changes it any more.
    over: { on: { cancel: {}, expire: {} } },
  },
  on: {
    // It outlives its process.
    close: {},
    crash: {},
    cancel: { target: '.over', actions: { type: 'abort', params: { reason: 'cancelled' } } },
    expire: { target: '.over', actions: { type: 'abort', params: { reason: 'expired' } } },
  },
});

/** The model; what the agent does is done while a process runs it. @param greatest its greatest age; none if it may grow old */
export function modelOfDurableTurn(
  greatest: number | null,
): TestModel<typeof durableTurnSpecification, DurableSystem> {
  const perform = (system: DurableSystem, deed: DurableDeed) => system.perform(deed);
  const inState = (...states: string[]) => ({
    perform,
    cases: ({ value }: { value: string }) => (states.includes(value) ? [{}] : []),
  });
  const whileOwned = { perform, cases: ({ context }: { context: Facts }) => (context.owned ? [{}] : []) };
  return testModel(durableTurnSpecification, {
    input: { greatest },
    events: {
      begin: inState('queued'),
      get_stuck: inState('queued', 'running', 'waiting'),
      name: { perform, cases: ({ context }) => (context.owned ? [{ intent: 'block' }] : []) },
      work: whileOwned,
      return: whileOwned,
      throw: whileOwned,
      rest: {
        perform,
        cases: ({ context }) => (context.owned ? [{}, { until: ages.early }, { until: ages.late }] : []),
      },
      wake: inState('waiting'),
      again: { perform, cases: ({ context }) => (context.owned ? [{ when: false }, { when: true }] : []) },
      release: whileOwned,
      take: inState('running'),
      retry: inState('stuck'),
      start_over: inState('stuck'),
      cancel: { perform },
      expire: { perform },
      close: { perform },
      crash: { perform },
    },
    // How often it was taken plays no part in what comes after.
    key: ({ value, context }) => {
      const { generation: _taken, leg: _leg, updates: _updates, ...facts } = context;
      return value === 'over' ? value : facts;
    },
    look: (system) => system.look(),
    view: ({ context: { hasWorked: _hasWorked, greatest: _greatest, ...seen } }): DurableFacts => seen,
  });
}
