/** A machine that uses everything a statechart can hold; the chart specs read, draw and compare it. */
import { and, assign, emit, fromPromise, not, or, raise, setup, stateIn } from 'xstate';

export const everythingMachine = setup({
  types: {
    context: {} as { count: number },
    events: {} as { type: 'GO' | 'STOP' | 'RETRY' | 'PING' | 'user pressed <Esc> & left'; by?: string },
    emitted: {} as { type: 'told' },
  },
  delays: { patience: 90_000 },
  actors: { payment: fromPromise(async () => 1) },
  guards: {
    isReady: () => true,
    isLate: () => false,
    isAllowed: (_step, _params: { role: string; level: number }) => true,
    isReadyInTime: and(['isReady', not('isLate')]),
  },
  actions: { note: () => {}, warn: (_step, _params: { code: string }) => {} },
}).createMachine({
  id: 'everything',
  description: 'Shows all there is: "quotes", <brackets>, | pipes | and an ampersand & more.',
  meta: {
    guards: { isReady: 'all is there', isLate: 'the time is over', isAllowed: 'the role may do it' },
    events: { GO: 'Someone begins.' },
    deadlines: { RETRY: 'The scheduler says it is time.' },
    actions: { note: 'Writes it down.' },
  },
  context: { count: 0 },
  initial: 'idle',
  on: {
    STOP: { target: '.stopped', description: 'Whatever goes on.' },
    '*': { actions: 'note', description: 'Nothing is lost.' },
  },
  states: {
    idle: {
      description: 'Waits.',
      tags: ['quiet'],
      entry: ['note', assign({ count: 0 })],
      exit: emit({ type: 'told' }),
      on: {
        GO: [
          { guard: 'isReadyInTime', target: 'working', description: 'It begins.' },
          {
            guard: or([
              { type: 'isAllowed', params: { role: 'boss', level: 3 } },
              and(['isReady', not(stateIn('#deep'))]),
            ]),
            target: 'working.left.two',
            actions: [{ type: 'warn', params: { code: 'forced' } }, raise({ type: 'PING' })],
            description: 'The boss begins in the middle.',
          },
          { guard: () => false, actions: () => {}, description: 'Never.' },
          { actions: { type: 'warn', params: { code: 'not_ready' } }, description: 'Not yet.' },
        ],
        RETRY: { target: 'idle', reenter: true, description: 'Begins anew.' },
        PING: {},
        'user pressed <Esc> & left': { target: '#everything.stopped', description: 'Gone.' },
      },
      after: {
        patience: { target: 'stopped', description: 'Waited long enough.' },
        1500: { actions: 'note', description: 'A first sign.' },
      },
    },
    working: {
      type: 'parallel',
      description: 'Two things at once.',
      onDone: { target: 'stopped', description: 'Both are done.' },
      on: { PING: { target: ['.left.one', '.right.on'], description: 'Both begin anew.' } },
      states: {
        left: {
          description: 'One after the other.',
          initial: 'one',
          states: {
            one: {
              always: { guard: 'isReady', target: 'two', description: 'At once.' },
              description: 'First.',
            },
            two: {
              id: 'deep',
              description: 'Second.',
              invoke: {
                id: 'pay',
                src: 'payment',
                onDone: { target: 'done', description: 'Paid.' },
                onError: { target: 'one', actions: 'note', description: 'Failed.' },
              },
            },
            done: { type: 'final', description: 'Left is done.' },
          },
        },
        right: {
          description: 'Off and on.',
          initial: 'off',
          states: {
            off: { description: 'Dark.', on: { GO: { target: 'on', description: 'Light.' } } },
            on: {
              description: 'Light.',
              on: {
                GO: { target: 'off', description: 'Dark.' },
                RETRY: { target: 'end', description: 'Over.' },
              },
            },
            end: { type: 'final', description: 'Right is done.' },
            back: { type: 'history', history: 'deep', target: 'off', description: 'Where it was.' },
          },
        },
      },
    },
    stopped: {
      description: 'Can go back.',
      on: {
        RETRY: { target: 'working.right.back', description: 'Back to where it was.' },
        GO: { target: 'over', description: 'Enough.' },
      },
    },
    over: { type: 'final', description: 'The end.' },
  },
});
