/** What the queue of one session must do, as a machine of its own: written from the specification, apart from the one in `lib/actors`. */
import { assign, emit, setup } from 'xstate';
import { type TestModel, testModel } from '../../lib/testing';

/** A message comes, the turn at a place of the queue leaves it, from 0, or a turn by its number comes back. */
export type SessionDeed = { type: 'ask' } | { type: 'over'; place: number } | { type: 'back'; turn: number };

/** What can be seen of a queue: the turns by number in their order, and how often each was called. */
export interface SessionSight {
  queue: readonly number[];
  calls: readonly number[];
}

export interface SessionSystem {
  perform(deed: SessionDeed): Promise<string>;
  look(): Promise<SessionSight>;
  restart?(): void;
}

/** Turns that may wait in the queue that is tried. */
export const maxWaiting = 2;
/** Messages in one path: as many as fit, one that does not, and one that comes after. */
const maxAsked = maxWaiting + 3;
/** Turns that come back in one path: one to a queue with room, one beyond it. */
const maxBack = 2;

interface Facts {
  asked: number;
  back: number;
  queue: readonly number[];
  calls: readonly number[];
  /** Turns that left the queue, the last one first. */
  gone: readonly number[];
}

/** The facts with this queue; a turn that becomes the first is called. */
function queued(facts: Facts, queue: readonly number[]): Facts {
  const [first] = queue;
  const isNext = first !== facts.queue[0];
  return {
    ...facts,
    queue,
    calls: facts.calls.map((times, turn) => (isNext && turn === first ? times + 1 : times)),
  };
}

export const sessionSpecification = setup({
  types: {
    context: {} as Facts,
    events: {} as SessionDeed,
    emitted: {} as { type: 'refused'; code: string },
  },
  guards: {
    hasRoom: ({ context }) => context.queue.length <= maxWaiting,
    isQueued: ({ context, event }) => event.type === 'back' && context.queue.includes(event.turn),
  },
  actions: {
    ask: assign(({ context }) => {
      const { asked, calls, queue } = context;
      return queued({ ...context, asked: asked + 1, calls: [...calls, 0] }, [...queue, asked]);
    }),
    refuse: emit({ type: 'refused' as const, code: 'busy' }),
    countRefused: assign(({ context: { asked, calls } }) => ({ asked: asked + 1, calls: [...calls, 0] })),
    end: assign(({ context, event }) => {
      if (event.type !== 'over') return {};
      const over = context.queue.filter((_turn, place) => place === event.place);
      const left = context.queue.filter((_turn, place) => place !== event.place);
      return queued({ ...context, gone: [...over, ...context.gone] }, left);
    }),
    comeBack: assign(({ context, event }) => {
      if (event.type !== 'back') return {};
      const gone = context.gone.filter((turn) => turn !== event.turn);
      return queued({ ...context, gone, back: context.back + 1 }, [...context.queue, event.turn]);
    }),
  },
}).createMachine({
  id: 'queue',
  context: { asked: 0, back: 0, queue: [], calls: [], gone: [] },
  on: {
    ask: [{ guard: 'hasRoom', actions: 'ask' }, { actions: ['countRefused', 'refuse'] }],
    over: { actions: 'end' },
    // However many wait: it was taken in before.
    back: [{ guard: 'isQueued' }, { actions: 'comeBack' }],
  },
});

/** The model; a turn leaves only while it is in the queue, and comes back after it has left. */
export function modelOfSession(): TestModel<typeof sessionSpecification, SessionSystem> {
  const perform = (system: SessionSystem, deed: SessionDeed) => system.perform(deed);
  return testModel(sessionSpecification, {
    events: {
      ask: { perform, cases: ({ context }) => (context.asked < maxAsked ? [{}] : []) },
      over: { perform, cases: ({ context }) => [...context.queue.keys()].map((place) => ({ place })) },
      back: {
        perform,
        // The one that left last, and one that is in the queue still.
        cases: ({ context: { back, gone, queue } }) =>
          [...(back < maxBack ? gone.slice(0, 1) : []), ...queue.slice(-1)].map((turn) => ({ turn })),
      },
    },
    // How often a turn was called, and which has left, plays no part in what comes after.
    key: ({ context: { asked, back, queue, gone } }) => [asked, back, queue, gone.length > 0],
    reply: ({ emitted }) => emitted[0]?.code ?? 'ok',
    look: (system) => system.look(),
    view: ({ context: { queue, calls } }): SessionSight => ({ queue, calls }),
  });
}
