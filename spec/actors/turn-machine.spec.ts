import type { AnyMachineSnapshot, SnapshotFrom } from 'xstate';
import {
  restoreTurn,
  type TurnEvent,
  type TurnInput,
  turnMachine,
  turnRecord,
} from '../../lib/actors/turn-machine';
import { LiveActor } from '../../lib/hub/commit/live-actor';
import type { TurnRecord } from '../../lib/protocol/records';
import { Coverage } from './coverage';
import { everyEventEverywhere } from './paths';
import { emittedBy, judge } from './turn-rules';

const born: TurnInput = { id: 't1', ticketId: 'T', sessionId: 's1', userId: 'ann', queuedAt: 1 };
const run = { generation: 0, leg: 0, tries: 0, triedAt: 0 };
const durable: TurnInput = { ...born, messageId: 'm1', run };
const user = { id: 'ann', name: 'Ann', groups: ['soc'] };
const aging: TurnInput = { ...durable, user, run: { ...run, version: 'may', dueAt: 100, expiresAt: 100 } };

const take = { owner: 'n1', entries: 0 };
const further = { owner: 'n2', entries: 5 };
const waitsFor = { since: 20, requestIds: ['r1', 'r2'], until: 50 };
const problem = { reason: 'changed', at: 30, message: 'Other calls', recorded: 'a', instead: ['b'] } as const;

const events: TurnEvent[] = [
  { type: 'start', at: 2, take },
  { type: 'start', at: 10, take },
  { type: 'name_intent', at: 3, intent: 'blocking an address' },
  { type: 'name_intent', at: 4, intent: '' },
  { type: 'complete', at: 5 },
  { type: 'fail', at: 6 },
  { type: 'cancel', at: 7 },
  { type: 'shutdown', at: 8 },
  { type: 'crash', at: 9 },
  { type: 'expire', at: 11 },
  { type: 'rest', at: 20, waitsFor },
  { type: 'rest', at: 21, waitsFor: { since: 21, requestIds: [] }, dueAt: 50 },
  { type: 'rest', at: 22, waitsFor, dueAt: 150 },
  { type: 'wake', at: 23, ...take },
  { type: 'wake', at: 24, ...further },
  { type: 'take', at: 25, maxTries: 2, ...take },
  { type: 'take', at: 26, maxTries: 2, ...further },
  { type: 'release', at: 27 },
  { type: 'again', at: 28 },
  { type: 'again', at: 29, owner: 'n3', when: ['r1'], dueAt: 60 },
  { type: 'again', at: 29, when: ['r1'], waitsFor, dueAt: 60 },
  { type: 'get_stuck', at: 30, problem },
  { type: 'retry', at: 31, ...take },
  { type: 'retry', at: 32, ...further },
  { type: 'start_over', at: 33, owner: 'n4' },
];

/** What decides over what comes after: how often it was taken, and of what it spoke, does not. */
function standing({ value, context }: AnyMachineSnapshot): unknown {
  const { startedAt, run } = context;
  if (!run) return [value, context];
  return [value, startedAt !== undefined, run.tries, run.triedAt, run.owner !== undefined];
}

const kinds = (
  [
    ['plain', born],
    ['durable', durable],
    ['durable and aging', aging],
  ] as const
).map(([kind, input]) => {
  const ways = everyEventEverywhere(turnMachine, input, events, standing);
  return { kind, input, ways: ways.map((path) => [path.map(({ type }) => type).join(' '), path] as const) };
});
const coverage = new Coverage(turnMachine);

describe.each(kinds)('A $kind turn', ({ input, ways }) => {
  it('is sent each event in each status on these ways', () => {
    const pairs = new Set<string>();
    const states = new Set<string>();
    for (const [, path] of ways) {
      let turn: TurnRecord = { ...input, status: 'queued' };
      for (const event of path) {
        states.add(turn.status);
        pairs.add(JSON.stringify([turn.status, event]));
        turn = judge(turn, event);
      }
    }
    expect([...states].sort()).toEqual(
      input.run ? ['queued', 'running', 'stuck', 'waiting'] : ['queued', 'running'],
    );
    expect(pairs.size).toBe(states.size * events.length);
  });

  it.each(ways)('is what the rules say after: %s', (_name, path) => {
    let expected: TurnRecord = { ...input, status: 'queued' };
    const { actor, send } = coverage.watch(input);
    for (const event of path) {
      const next = judge(expected, event);
      expect(send(event)).toEqual(emittedBy(expected, next, event));
      expect(turnRecord(actor.getSnapshot() as SnapshotFrom<typeof turnMachine>)).toStrictEqual(next);
      expected = next;
    }
  });

  it.each(ways)(
    'is the same when it is restored after every step, from what was persisted and from its record, of: %s',
    (_name, path) => {
      let expected: TurnRecord = { ...input, status: 'queued' };
      let [live] = LiveActor.begin(turnMachine, input);
      for (const event of path) {
        const persisted = LiveActor.restore(turnMachine, asJson(live.persisted()));
        const stored = LiveActor.restore(turnMachine, asJson(restoreTurn(asJson(turnRecord(live.snapshot)))));
        const next = judge(expected, event);
        for (const restored of [persisted, stored]) {
          expect(restored.send(event)).toEqual(emittedBy(expected, next, event));
          expect(turnRecord(restored.snapshot)).toStrictEqual(next);
        }
        live = stored;
        expected = next;
      }
    },
  );

  it('ends once: nothing brings it out of its end or ends it again', () => {
    for (const ending of ['complete', 'fail', 'cancel', 'shutdown', 'crash', 'expire'] as const) {
      const [live] = LiveActor.begin(turnMachine, input);
      live.send({ type: 'start', at: 2, take });
      if (input.run && (ending === 'shutdown' || ending === 'crash')) continue;
      expect(live.send({ type: ending, at: 5 })).toEqual([{ type: 'turn_ended' }]);
      const ended = turnRecord(live.snapshot);
      const restored = LiveActor.restore(turnMachine, restoreTurn(ended));
      for (const each of [live, restored]) {
        for (const event of events) expect(each.send({ ...event, at: 99 })).toEqual([]);
        expect(turnRecord(each.snapshot)).toStrictEqual(ended);
        expect(each.snapshot.status).toBe('done');
      }
    }
  });

  it.each([
    ['an event it does not know', { type: 'approve', at: 5 }],
    ['an event without its time', { type: 'complete' }],
    ['an intent that is none', { type: 'name_intent', at: 5, intent: undefined }],
    ['an event with more than it needs', { type: 'start', at: 5, status: 'completed', reason: 'error' }],
  ])('does not break on %s', (_name, illegal) => {
    const [live] = LiveActor.begin(turnMachine, input);
    live.send({ type: 'start', at: 2, take });
    // Types forbid these; a caller in plain JavaScript may still send them.
    live.send(illegal as TurnEvent);
    const { status, value }: SnapshotFrom<typeof turnMachine> = live.snapshot;
    expect(status).not.toBe('error');
    expect(value).toBe(illegal.type === 'complete' ? 'completed' : 'running');
    expect(turnRecord(live.snapshot)).not.toHaveProperty('reason');
  });
});

describe('A turn', () => {
  it('was seen in every state, took every transition, and had every guard say yes and no', () => {
    expect(coverage.missing()).toEqual([]);
  });

  it('changes nothing of the record that it is restored from', () => {
    const record: TurnRecord = { ...aging, status: 'running', startedAt: 2 };
    const before = structuredClone(record);
    const live = LiveActor.restore(turnMachine, restoreTurn(record));
    live.send({ type: 'take', at: 3, maxTries: 1, ...further });
    expect(record).toStrictEqual(before);
  });
});

describe('A durable turn', () => {
  it('is stuck when as many processes have ended under it as may, without it getting any further', () => {
    const [live] = LiveActor.begin(turnMachine, durable);
    live.send({ type: 'start', at: 2, take });
    const died = (at: number, entries: number) =>
      live.send({ type: 'take', at, maxTries: 3, owner: `n${at}`, entries });
    for (const at of [3, 4]) expect(died(at, 0)).toEqual([{ type: 'turn_updated' }]);
    expect(died(5, 0)).toEqual([{ type: 'turn_updated' }]);
    const { status, problem, run } = turnRecord(live.snapshot);
    expect([status, problem?.reason, problem?.at]).toEqual(['stuck', 'crashing', 5]);
    expect(problem?.message).toMatch(/^3 processes ended under it/);
    expect(run).toStrictEqual({ generation: 3, leg: 0, tries: 3, triedAt: 0 });
  });

  it('is tried again as often where it got further each time, or was let go of in good order', () => {
    const [live] = LiveActor.begin(turnMachine, durable);
    live.send({ type: 'start', at: 2, take });
    for (const entries of [1, 2, 3, 4]) live.send({ type: 'take', at: 3, maxTries: 1, owner: 'n2', entries });
    for (let round = 0; round < 4; round += 1) {
      live.send({ type: 'release', at: 4 });
      live.send({ type: 'take', at: 5, maxTries: 1, owner: 'n3', entries: 4 });
    }
    expect(turnRecord(live.snapshot)).toMatchObject({ status: 'running', run: { tries: 1, generation: 9 } });
  });
});

function asJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
