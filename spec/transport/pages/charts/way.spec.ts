import { createActor } from 'xstate';
import { turnMachine } from '../../../../lib/actors/turn-machine';
import { chartOf } from '../../../../lib/charts/chart-of';
import { pathOf, wayOf } from '../../../../lib/transport/pages/charts/way';

const turns = chartOf(turnMachine);

test('a state is given with all of its ancestors', () => {
  expect(pathOf('hitlRequest', 'resolved.approved.failed')).toEqual([
    'hitlRequest.resolved',
    'hitlRequest.resolved.approved',
    'hitlRequest.resolved.approved.failed',
  ]);
  expect(pathOf('turn', undefined)).toEqual([]);
});

test.each([
  ['queued', 'start', 'running', ['turn.queued:start:1']],
  ['running', 'complete', 'completed', ['turn.running:complete:1']],
  ['running', 'name_intent', 'running', ['turn.running:name_intent:1']],
  ['queued', 'crash', 'aborted', ['turn:crash:1']],
  ['queued', 'complete', 'completed', []],
])('from %s, %s leads to %s by %j', (from, event, to, taken) => {
  const at = { event, from: pathOf('turn', from), to: pathOf('turn', to) };
  expect(wayOf(turns, at)).toEqual(taken);
});

test('a birth takes no transition', () => {
  const input = { id: 't', ticketId: 'T', sessionId: 's', userId: 'u', queuedAt: 1 };
  const born = String(createActor(turnMachine, { input }).getSnapshot().value);
  expect(wayOf(turns, { event: 'xstate.init', from: [], to: pathOf('turn', born) })).toEqual([]);
});
