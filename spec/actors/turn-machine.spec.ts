import type { SnapshotFrom } from 'xstate';
import { type TurnEvent, turnMachine, turnRecord } from '../../lib/actors/turn-machine';
import { LiveActor } from '../../lib/hub/commit/live-actor';
import type { TurnRecord } from '../../lib/protocol/records';
import { Coverage } from './coverage';
import { everyEventEverywhere } from './paths';

const born = { id: 't1', ticketId: 'T', sessionId: 's1', userId: 'ann', queuedAt: 1 };

const events: TurnEvent[] = [
  { type: 'start', at: 2 },
  { type: 'start', at: 10 },
  { type: 'name_intent', at: 3, intent: 'blocking an address' },
  { type: 'name_intent', at: 4, intent: '' },
  { type: 'complete', at: 5 },
  { type: 'fail', at: 6 },
  { type: 'cancel', at: 7 },
  { type: 'shutdown', at: 8 },
  { type: 'crash', at: 9 },
];

/** The rules in plain words of code, apart from the machine; an event that means nothing gives the same turn. */
function judge(turn: TurnRecord, event: TurnEvent): TurnRecord {
  const { at } = event;
  if (turn.status === 'completed' || turn.status === 'aborted') return turn;
  if (event.type === 'cancel') return { ...turn, status: 'aborted', reason: 'cancelled', endedAt: at };
  if (event.type === 'shutdown') return { ...turn, status: 'aborted', reason: 'shutdown', endedAt: at };
  if (event.type === 'crash') return { ...turn, status: 'aborted', reason: 'crash', endedAt: at };
  if (turn.status === 'queued')
    return event.type === 'start' ? { ...turn, status: 'running', startedAt: at } : turn;
  if (event.type === 'name_intent') return { ...turn, intent: event.intent };
  if (event.type === 'complete') return { ...turn, status: 'completed', endedAt: at };
  if (event.type === 'fail') return { ...turn, status: 'aborted', reason: 'error', endedAt: at };
  return turn;
}

function tellings(before: TurnRecord, after: TurnRecord): { type: string }[] {
  if (before.status === after.status) return [];
  return [{ type: after.status === 'running' ? 'turn_started' : 'turn_ended' }];
}

const paths = everyEventEverywhere(turnMachine, born, events, ({ value, context }) => [value, context]);
const coverage = new Coverage(turnMachine);

describe('A turn', () => {
  it('is sent each event in each state on these ways', () => {
    const states = new Set<string>();
    const pairs = new Set<string>();
    for (const path of paths) {
      let turn: TurnRecord = { ...born, status: 'queued' };
      for (const event of path) {
        states.add(JSON.stringify(turn));
        pairs.add(JSON.stringify([turn, event]));
        turn = judge(turn, event);
      }
    }
    // Queued; running since one of two times with no intent, an intent, an empty one.
    expect(states.size).toBe(1 + 2 * 3);
    expect(pairs.size).toBe(states.size * events.length);
  });

  it.each(paths.map((path) => [path.map(({ type }) => type).join(' '), path] as const))(
    'is what the rules say after: %s',
    (_name, path) => {
      let expected: TurnRecord = { ...born, status: 'queued' };
      const { actor, send } = coverage.watch(born);
      for (const event of path) {
        const next = judge(expected, event);
        expect(send(event)).toEqual(tellings(expected, next));
        expect(turnRecord(actor.getSnapshot())).toEqual(next);
        expected = next;
      }
    },
  );

  it.each(paths.map((path) => [path.map(({ type }) => type).join(' '), path] as const))(
    'is the same when it is persisted as JSON and restored after every step of: %s',
    (_name, path) => {
      let expected: TurnRecord = { ...born, status: 'queued' };
      let [live] = LiveActor.begin(turnMachine, born);
      for (const event of path) {
        live = LiveActor.restore(turnMachine, JSON.parse(JSON.stringify(live.persisted())));
        const next = judge(expected, event);
        expect(live.send(event)).toEqual(tellings(expected, next));
        expect(turnRecord(live.snapshot)).toEqual(next);
        expected = next;
      }
    },
  );

  it('was seen in every state and took every transition', () => {
    expect(coverage.missing()).toEqual([]);
  });

  it('ends once: nothing brings it out of its end or ends it again', () => {
    for (const ending of ['complete', 'fail', 'cancel', 'shutdown', 'crash'] as const) {
      const [live] = LiveActor.begin(turnMachine, born);
      live.send({ type: 'start', at: 2 });
      expect(live.send({ type: ending, at: 5 })).toEqual([{ type: 'turn_ended' }]);
      const ended = turnRecord(live.snapshot);
      for (const event of events) expect(live.send({ ...event, at: 99 })).toEqual([]);
      expect(turnRecord(live.snapshot)).toEqual(ended);
      expect(live.snapshot.status).toBe('done');
    }
  });

  it.each([
    ['an event it does not know', { type: 'approve', at: 5 }],
    ['an event without its time', { type: 'complete' }],
    ['an intent that is none', { type: 'name_intent', at: 5, intent: undefined }],
    ['an event with more than it needs', { type: 'start', at: 5, status: 'completed', reason: 'error' }],
  ])('does not break on %s', (_name, illegal) => {
    const [live] = LiveActor.begin(turnMachine, born);
    live.send({ type: 'start', at: 2 });
    // Types forbid these; a caller in plain JavaScript may still send them.
    live.send(illegal as TurnEvent);
    const { status, value }: SnapshotFrom<typeof turnMachine> = live.snapshot;
    expect(status).not.toBe('error');
    expect(value).toBe(illegal.type === 'complete' ? 'completed' : 'running');
    expect(turnRecord(live.snapshot)).not.toHaveProperty('reason');
  });
});
