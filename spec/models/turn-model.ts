/** What the plain turns of one session must do, as a machine of its own: written from the specification, apart from the one in `lib/actors`. What a durable turn does beside it is in `durable-turn-model.ts`. */
import { and, assign, emit, setup } from 'xstate';
import type { TurnStatus } from '../../lib/protocol/records';
import { type TestModel, testModel } from '../../lib/testing';

/** What a person, the agent or the process does. */
export type TurnDeed =
  /** A person writes. */
  | { type: 'say' }
  /** The agent of the running turn says what it is about, asks a human, returns, or throws. */
  | { type: 'name'; intent: string }
  | { type: 'ask' | 'return' | 'throw' }
  /** A person cancels a turn, by its number from 0; 99 is none. */
  | { type: 'cancel'; turn: number }
  /** The process ends in good order or not, and another one begins. */
  | { type: 'close' | 'crash' };

export interface TurnFacts {
  status: TurnStatus;
  /** Whether its beginning was sent to every client. */
  started: boolean;
  reason: string | null;
  intent: string | null;
}

/** What everybody can see of a session. */
export interface TurnSight {
  turns: readonly TurnFacts[];
  /** Of what the agent asked, and of which turn it was. */
  asked: readonly { turn: number; status: string }[];
  /** How often the end of each turn was sent to every client. */
  ends: readonly number[];
}

/** A session that can be acted on and looked at. */
export interface TurnSystem {
  perform(deed: TurnDeed): Promise<string>;
  look(): Promise<TurnSight>;
  /** Persists and restores the turns; only where that can be done without an end of the process. */
  restart?(): void;
  stop(): void | Promise<void>;
}

interface Facts {
  turns: readonly TurnFacts[];
  asked: readonly { turn: number; status: 'pending' | 'cancelled' }[];
}

/** Messages in one path: one turn that runs, one that waits, one that comes after. */
const maxTurns = 3;

const runningIn = ({ turns }: Facts) => turns.findIndex(({ status }) => status === 'running');
const running = (turn: TurnFacts): TurnFacts => ({ ...turn, status: 'running', started: true });
const isOver = ({ status }: TurnFacts) => status === 'completed' || status === 'aborted';

/** The facts after a turn has ended: its requests are withdrawn, and the next one begins. */
function afterEnd(facts: Facts, turn: number, how: Pick<TurnFacts, 'status' | 'reason'>): Facts {
  const turns = facts.turns.map((each, index) => (index === turn ? { ...each, ...how } : each));
  const isFree = turns.every(({ status }) => status !== 'running');
  const next = turns.findIndex(({ status }) => status === 'queued');
  return {
    turns: turns.map((each, index) => (isFree && index === next ? running(each) : each)),
    asked: facts.asked.map((each) => (each.turn === turn ? { ...each, status: 'cancelled' } : each)),
  };
}

/** The facts after the process has gone: nothing goes on, and what was asked waits for an answer still. */
function afterGone({ turns, asked }: Facts, reason: string): Facts {
  // What a turn is about is stored with its end; a crash leaves no time for that.
  const lost = reason === 'crash' && { intent: null };
  return {
    turns: turns.map((each) => (isOver(each) ? each : { ...each, status: 'aborted', reason, ...lost })),
    asked,
  };
}

export const turnSpecification = setup({
  types: {
    context: {} as Facts,
    events: {} as TurnDeed,
    emitted: {} as { type: 'refused'; code: string },
  },
  guards: {
    isThere: ({ context, event }) => event.type === 'cancel' && context.turns[event.turn] !== undefined,
    isGoing: ({ context, event }) => {
      const turn = event.type === 'cancel' ? context.turns[event.turn] : undefined;
      return turn !== undefined && !isOver(turn);
    },
    isLast: ({ context }) => context.turns.filter((each) => !isOver(each)).length === 1,
  },
  actions: {
    begin: assign(({ context }) => {
      const turn: TurnFacts = { status: 'queued', started: false, reason: null, intent: null };
      return { turns: [...context.turns, runningIn(context) < 0 ? running(turn) : turn] };
    }),
    name: assign(({ context, event }) => ({
      turns: context.turns.map((each, index) =>
        event.type === 'name' && index === runningIn(context) ? { ...each, intent: event.intent } : each,
      ),
    })),
    ask: assign(({ context }) => ({
      asked: [...context.asked, { turn: runningIn(context), status: 'pending' as const }],
    })),
    end: assign(({ context }, how: Pick<TurnFacts, 'status' | 'reason'>) =>
      afterEnd(context, runningIn(context), how),
    ),
    cancel: assign(({ context, event }) =>
      event.type === 'cancel'
        ? afterEnd(context, event.turn, { status: 'aborted', reason: 'cancelled' })
        : {},
    ),
    goneByClose: assign(({ context }) => afterGone(context, 'shutdown')),
    goneByCrash: assign(({ context }) => afterGone(context, 'crash')),
    refuse: emit((_moment, { code }: { code: string }) => ({ type: 'refused' as const, code })),
  },
}).createMachine({
  id: 'session',
  context: { turns: [], asked: [] },
  initial: 'quiet',
  states: {
    quiet: {
      on: {
        say: { target: 'busy', actions: 'begin' },
        cancel: [
          { guard: 'isThere', actions: { type: 'refuse', params: { code: 'turn_ended' } } },
          { actions: { type: 'refuse', params: { code: 'not_found' } } },
        ],
        close: {},
        crash: {},
      },
    },
    busy: {
      on: {
        say: { actions: 'begin' },
        name: { actions: 'name' },
        ask: { actions: 'ask' },
        return: [
          {
            guard: 'isLast',
            target: 'quiet',
            actions: { type: 'end', params: { status: 'completed', reason: null } },
          },
          { actions: { type: 'end', params: { status: 'completed', reason: null } } },
        ],
        throw: [
          {
            guard: 'isLast',
            target: 'quiet',
            actions: { type: 'end', params: { status: 'aborted', reason: 'error' } },
          },
          { actions: { type: 'end', params: { status: 'aborted', reason: 'error' } } },
        ],
        cancel: [
          { guard: and(['isGoing', 'isLast']), target: 'quiet', actions: 'cancel' },
          { guard: 'isGoing', actions: 'cancel' },
          { guard: 'isThere', actions: { type: 'refuse', params: { code: 'turn_ended' } } },
          { actions: { type: 'refuse', params: { code: 'not_found' } } },
        ],
        close: { target: 'quiet', actions: 'goneByClose' },
        crash: { target: 'quiet', actions: 'goneByCrash' },
      },
    },
  },
});

/** The model; each deed where it can be done at all. */
export function modelOfTurns(): TestModel<typeof turnSpecification, TurnSystem> {
  const perform = (system: TurnSystem, deed: TurnDeed) => system.perform(deed);
  const whileBusy = { perform, cases: ({ value }: { value: string }) => (value === 'busy' ? [{}] : []) };
  return testModel(turnSpecification, {
    events: {
      say: { perform, cases: ({ context }) => (context.turns.length < maxTurns ? [{}] : []) },
      name: {
        perform,
        cases: ({ value, context }) =>
          value === 'busy' && context.turns.length === 1 ? [{ intent: 'block' }] : [],
      },
      ask: {
        perform,
        cases: ({ value, context }) => (value === 'busy' && context.asked.length === 0 ? [{}] : []),
      },
      return: whileBusy,
      throw: whileBusy,
      cancel: { perform, cases: ({ context }) => [...context.turns.keys(), 99].map((turn) => ({ turn })) },
      close: { perform },
      crash: { perform },
    },
    // How a turn ended plays no part in what comes after; that it ended does.
    key: ({ value, context: { turns, asked } }) => [
      value,
      turns.map((turn) => (isOver(turn) ? 'over' : [turn.status, turn.intent])),
      asked,
    ],
    reply: ({ emitted }) => emitted[0]?.code ?? 'ok',
    look: (system) => system.look(),
    view: ({ context: { turns, asked } }): TurnSight => ({
      // What a turn is about is sent with its end.
      turns: turns.map((turn) => (isOver(turn) ? turn : { ...turn, intent: null })),
      asked,
      ends: turns.map((turn) => (isOver(turn) ? 1 : 0)),
    }),
  });
}
