/** What the queue of one session must do, as a machine of its own: written from the specification, apart from the one in `lib/actors`. */
import { assign, emit, setup } from 'xstate';
import { type TestModel, testModel } from '../../lib/testing';

/** A message comes, or the turn at a place of the queue is over, from 0. */
export type SessionDeed = { type: 'ask' } | { type: 'over'; place: number };

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

interface Facts {
  asked: number;
  queue: readonly number[];
  calls: readonly number[];
}

/** The first of the queue is called, once. */
function called({ asked, queue, calls }: Facts): Facts {
  const [first] = queue;
  return { asked, queue, calls: calls.map((times, turn) => (turn === first ? 1 : times)) };
}

export const sessionSpecification = setup({
  types: {
    context: {} as Facts,
    events: {} as SessionDeed,
    emitted: {} as { type: 'refused'; code: string },
  },
  guards: { hasRoom: ({ context }) => context.queue.length <= maxWaiting },
  actions: {
    ask: assign(({ context: { asked, queue, calls } }) =>
      called({ asked: asked + 1, queue: [...queue, asked], calls: [...calls, 0] }),
    ),
    refuse: emit({ type: 'refused' as const, code: 'busy' }),
    countRefused: assign(({ context: { asked, calls } }) => ({ asked: asked + 1, calls: [...calls, 0] })),
    end: assign(({ context, event }) =>
      event.type === 'over'
        ? called({ ...context, queue: context.queue.filter((_turn, place) => place !== event.place) })
        : {},
    ),
  },
}).createMachine({
  id: 'queue',
  context: { asked: 0, queue: [], calls: [] },
  on: {
    ask: [{ guard: 'hasRoom', actions: 'ask' }, { actions: ['countRefused', 'refuse'] }],
    over: { actions: 'end' },
  },
});

/** The model; a turn is over only while it is in the queue. */
export function modelOfSession(): TestModel<typeof sessionSpecification, SessionSystem> {
  const perform = (system: SessionSystem, deed: SessionDeed) => system.perform(deed);
  return testModel(sessionSpecification, {
    events: {
      ask: { perform, cases: ({ context }) => (context.asked < maxAsked ? [{}] : []) },
      over: { perform, cases: ({ context }) => [...context.queue.keys()].map((place) => ({ place })) },
    },
    key: ({ context }) => context,
    reply: ({ emitted }) => emitted[0]?.code ?? 'ok',
    look: (system) => system.look(),
    view: ({ context: { queue, calls } }): SessionSight => ({ queue, calls }),
  });
}
