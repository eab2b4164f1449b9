import fc from 'fast-check';
import '../seed';
import {
  type Envelope,
  emptyView,
  type LoggedEnvelope,
  reduce,
  type Snapshot,
  type View,
} from '../../lib/client';
import { portOf } from '../../lib/hub/hub';
import { memoryStore } from '../../lib/store/memory/memory-store';
import type { Store } from '../../lib/store/store';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { cutAll, Guest, leaveAll } from './guest';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString();

const message = (id: string, more: object = {}) => ({
  id,
  session_id: 's',
  type: 'response' as const,
  content: id,
  created_at: at(0),
  ...more,
});
const request = (id: string, status: 'pending' | 'approved' = 'pending') => ({
  id,
  session_id: 's',
  ticket_id: 'T-1',
  type: 'question',
  status,
  revision: 1,
  digest: 'sha256:0',
  created_at: at(0),
});
const snapshot: Snapshot = {
  event: 'snapshot',
  ticket_id: 'T-1',
  epoch: 'e',
  seq: 7,
  sessions: [{ id: 's', source: 'web', user_id: 'ana', created_at: at(0), last_active_at: at(0) }],
  messages: [message('m')],
  turns: [{ id: 't', session_id: 's', status: 'running', started_at: at(0) }],
  requests: [request('r')],
  presence: [{ user: { id: 'ana', name: 'Ana' }, clients: 1 }],
};
const place = (seq: number, epoch = 'e') => ({
  timestamp: at(1),
  session_id: 's',
  ticket_id: 'T-1',
  epoch,
  seq,
});
const said = (id: string, seq: number, epoch = 'e'): LoggedEnvelope => ({
  event: 'session_message_added',
  ...place(seq, epoch),
  message: message(id),
});

/** The parts of a view that are other objects than they were. */
const changed = (before: View, after: View) =>
  (Object.keys(after) as (keyof View)[]).filter((part) => before[part] !== after[part]).sort();

test('a snapshot is the whole view', () => {
  const { messages: timeline, requests: pending, turns, sessions, presence } = snapshot;
  const position = { epoch: 'e', seq: 7 };
  const whole = { position, timeline, pending, settled: [], turns, sessions, presence };
  expect(reduce(emptyView(), snapshot)).toEqual(whole);
  const later = reduce(reduce(emptyView(), said('old', 1, 'before')), snapshot);
  expect(later).toEqual(whole);
});

test('what an envelope does not touch stays the same object', () => {
  const before = reduce(emptyView(), snapshot);
  const touches = (envelope: Envelope) => changed(before, reduce(before, envelope));
  const turn = { id: 't', session_id: 's', status: 'running' as const, started_at: at(1) };

  expect(touches(said('n', 8))).toEqual(['position', 'timeline']);
  expect(touches({ event: 'turn_started', ...place(8), turn_id: 't', turn })).toEqual(['position', 'turns']);
  const ended = { event: 'turn_ended', ...place(8), turn_id: 't', status: 'completed' } as const;
  expect(touches(ended)).toEqual(['position', 'turns']);
  const settled = { event: 'hitl_request_resolved', ...place(8), hitl: request('r', 'approved') } as const;
  expect(touches(settled)).toEqual(['pending', 'position', 'settled']);
  const run = { event: 'hitl_request_updated', ...place(8), hitl: request('old', 'approved') } as const;
  expect(touches(run)).toEqual(['position', 'settled']);
  const presence = { event: 'presence_changed', timestamp: at(1), ticket_id: 'T-1', presence: [] } as const;
  expect(touches({ ...presence, presence: [] })).toEqual(['presence']);

  const two = reduce(before, said('n', 8));
  const updated = {
    event: 'session_message_updated',
    ...place(9),
    message: message('n', { content: 'N' }),
  } as const;
  const three = reduce(two, updated);
  expect(three.timeline.map(({ content }) => content)).toEqual(['m', 'N']);
  expect(three.timeline[0]).toBe(two.timeline[0]);
});

test('what says nothing new gives the same view', () => {
  const view = reduce(emptyView(), snapshot);
  const nothingNew: Envelope[] = [
    said('m', 7),
    { event: 'pong', seq: 9 },
    { event: 'ack', re: 'f', session_id: 's', seq: 9 },
    { event: 'typing', timestamp: at(1), ticket_id: 'T-1', user: { id: 'ben', name: 'Ben' } },
    { event: 'going_away', reason: '', retry_after_ms: 1 },
  ];
  for (const envelope of nothingNew) expect(reduce(view, envelope)).toBe(view);
});

test('a kind of a later version has its place in the log, and changes nothing else', () => {
  const view = reduce(emptyView(), snapshot);
  const later = JSON.parse(JSON.stringify({ event: 'request_forwarded', ...place(8) }));
  expect(changed(view, reduce(view, later))).toEqual(['position']);
});

test('a line older than the view is not put at its end when it is updated', () => {
  const view = reduce(emptyView(), snapshot);
  const updated = { event: 'session_message_updated', ...place(8), message: message('old') } as const;
  expect(changed(view, reduce(view, updated))).toEqual(['position']);
});

test('what is added to a session moves the time of its last activity, by five seconds or more, unless a turn says it', () => {
  const time = (ms: number) => new Date(Date.parse(at(0)) + ms).toISOString();
  let view = reduce(emptyView(), snapshot);
  const lastActive = (seq: number, more: object, ms: number) => {
    const line = { ...message('new'), id: `m${seq}`, session_id: 's', created_at: time(ms), ...more };
    const added = { event: 'session_message_added', ...place(seq), message: line } as Envelope;
    view = reduce(view, added);
    return view.sessions[0]?.last_active_at;
  };
  expect(lastActive(8, { type: 'user', turn_id: 't1' }, 4_999)).toBe(time(0));
  expect(lastActive(9, { type: 'response', turn_id: 't1' }, 5_000)).toBe(time(0));
  expect(lastActive(10, { type: 'user', turn_id: 't2' }, 5_000)).toBe(time(5_000));
  expect(lastActive(11, { type: 'trace', turn_id: undefined }, 9_999)).toBe(time(5_000));
  expect(lastActive(12, { type: 'trace', turn_id: undefined }, 10_000)).toBe(time(10_000));
  expect(lastActive(13, { type: 'user', turn_id: undefined }, 5_000)).toBe(time(5_000));
});

test('a turn that waits, is stuck and goes on is what its last envelope says; when it has ended it is neither', () => {
  const turn = { id: 't', session_id: 's', status: 'waiting' as const, started_at: at(1) };
  const waits_for = { since: at(2), request_ids: ['r'] };
  const problem = { reason: 'changed' as const, at: at(3), message: 'other calls' };
  const updated = (seq: number, more: object) =>
    ({ event: 'turn_updated', ...place(seq), turn_id: 't', turn: { ...turn, ...more } }) as Envelope;
  let view = reduce(emptyView(), snapshot);
  const become = (envelope: Envelope) => {
    view = reduce(view, envelope);
    return view.turns.find(({ id }) => id === 't');
  };
  expect(become(updated(8, { waits_for }))).toEqual({ ...turn, waits_for });
  expect(become(updated(9, { status: 'stuck', problem }))).toEqual({ ...turn, status: 'stuck', problem });
  const ended = become({
    event: 'turn_ended',
    ...place(10),
    turn_id: 't',
    status: 'aborted',
    reason: 'expired',
  });
  expect(ended).toEqual({ ...turn, status: 'aborted', reason: 'expired', ended_at: view.turns[0]?.ended_at });
  expect(ended?.ended_at).toBeDefined();
});

test('an aborted turn says why, and one that was never heard of is known by its end', () => {
  const ended = {
    event: 'turn_ended',
    ...place(8),
    turn_id: 'unheard',
    status: 'aborted',
    reason: 'crash',
  } as const;
  expect(reduce(reduce(emptyView(), snapshot), ended).turns[1]).toEqual({
    id: 'unheard',
    session_id: 's',
    status: 'aborted',
    reason: 'crash',
    started_at: at(1),
    ended_at: at(1),
  });
});

test('a turn that waited before the log begins is known once it goes on', () => {
  const view = reduce(emptyView(), {
    event: 'turn_updated',
    ...place(8),
    turn_id: 'old',
    turn: { id: 'old', session_id: 's', status: 'running', started_at: at(0) },
  });
  expect(view.turns).toMatchObject([{ id: 'old', status: 'running' }]);
});

test('another epoch begins a new view; presence is not of the log and stays', () => {
  const view = reduce(reduce(emptyView(), snapshot), said('n', 1, 'other'));
  expect(view).toEqual({
    ...emptyView(),
    position: { epoch: 'other', seq: 1 },
    timeline: [message('n')],
    presence: snapshot.presence,
  });
});

/** The top of the log, when it grows no more. */
async function quiet(hub: TestHub, store: Store): Promise<number> {
  for (let last = -1; ; ) {
    for (let tick = 0; tick < 10; tick += 1) await new Promise((resolve) => setImmediate(resolve));
    await hub.settled();
    const { seq } = await store.position('T-1');
    if (seq === last) return seq;
    last = seq;
  }
}

describe('a view that is held for weeks', () => {
  const view = (envelopes: readonly LoggedEnvelope[]) =>
    envelopes.reduce<View>(reduce, reduce(emptyView(), snapshot));
  const times = (count: number, make: (n: number) => LoggedEnvelope) =>
    Array.from({ length: count }, (_each, index) => make(index + 1));

  test('holds its newest 10,000 lines, cut a thousand at a time', () => {
    const before = view(times(10_998, (n) => said(`m${n}`, 7 + n)));
    expect(before.timeline).toHaveLength(10_999);
    const { timeline } = reduce(before, said('last', 20_000));
    expect(timeline).toHaveLength(10_000);
    expect(timeline.at(0)?.id).toBe('m1000');
    expect(timeline.at(-1)?.id).toBe('last');
  });

  test('holds 1,000 settled requests, and all that are pending', () => {
    const resolved = times(1_100, (n) => ({
      event: 'hitl_request_resolved',
      ...place(7 + n),
      hitl: { ...request(`r${n}`, 'approved'), created_at: at(n) },
    }));
    const pending = times(1_200, (n) => ({
      event: 'hitl_request_pending',
      ...place(2_000 + n),
      hitl: request(`p${n}`),
    }));
    const all = view([...resolved, ...pending]);
    expect(all.settled.map(({ id }) => id)).toEqual(
      resolved.slice(100).map((_each, index) => `r${index + 101}`),
    );
    expect(all.pending).toHaveLength(1_201);
  });

  test('holds every turn that waits or is stuck', () => {
    const waits = times(1_200, (n) => ({
      event: 'turn_updated',
      ...place(7 + n),
      turn_id: `t${n}`,
      turn: { id: `t${n}`, session_id: 's', status: n % 2 ? 'waiting' : 'stuck', started_at: at(0) },
    }));
    expect(view(waits).turns).toHaveLength(1_201);
  });

  test('holds 1,000 ended turns, and all that still run', () => {
    const ended = times(1_099, (n) => ({
      event: 'turn_ended',
      ...place(7 + n),
      turn_id: `t${n}`,
      status: 'completed',
    }));
    const { turns } = view(ended);
    expect(turns).toHaveLength(1_001);
    expect(turns.slice(0, 2).map(({ id }) => id)).toEqual(['t', 't100']);
  });

  test('holds the 1,000 sessions that were active last', () => {
    const begun = times(1_100, (n) => ({
      event: 'session_created',
      ...place(7 + n),
      session: { id: `s${n}`, source: 'web', user_id: 'ana', created_at: at(n), last_active_at: at(n) },
    }));
    const { sessions } = view(begun);
    expect(sessions.length).toBeLessThanOrEqual(1_100);
    expect(sessions[0]?.id).toBe('s1100');
    expect(sessions.some(({ id }) => id === 's1')).toBe(false);
  });
});

test('heard live, over connections that break, the view is the one that the log gives', async () => {
  const steps = fc.array(fc.constantFrom('say', 'say', 'answer', 'cut'), { minLength: 8, maxLength: 16 });
  await fc.assert(
    fc.asyncProperty(steps, async (what) => {
      const store = memoryStore();
      const hub = await startTestHub({
        store,
        agent: async (turn) => {
          const line = await turn.trace('thinking');
          await turn.approve({ tool: 'block_ip', args: {}, message: line });
          await turn.update(line, 'thought');
        },
      });
      try {
        let view = emptyView();
        const alice = Guest.start(hub);
        alice.client.on('envelope', (envelope) => {
          view = reduce(view, envelope);
        });
        const bob = Guest.start(hub, { user: 'bob' });
        const answers: Promise<unknown>[] = [];
        for (const step of what) {
          if (step === 'say') answers.push(bob.client.send('do it'));
          else if (step === 'cut') cutAll(hub);
          else {
            const [next] = view.pending;
            // It may have been answered in the meantime; who answers first is not what this is about.
            if (next)
              answers.push(bob.client.respond(next.id, { status: 'approved', revision: 1 }).catch(() => {}));
          }
          await new Promise((resolve) => setImmediate(resolve));
        }
        await Promise.all(answers);
        const seq = await quiet(hub, store);
        await Promise.all([alice.state('live'), bob.state('live')]);
        await alice.until(() => alice.client.position?.seq === seq, `envelope ${seq}`);
        // Bob may have been the last to join: what alice is sent about it is on its way before this answer.
        await hub.settled();
        await expect(alice.client.cancelTurn('none')).rejects.toMatchObject({ code: 'not_found' });
        const { snapshot } = (await portOf(hub.hub).opening('T-1')) as { snapshot: Snapshot };
        const { items } = await store.log('T-1', 0, 10_000);
        expect({ ...view, presence: [] }).toEqual((items as Envelope[]).reduce(reduce, emptyView()));
        expect(view.presence).toEqual(snapshot.presence);
      } finally {
        leaveAll();
        await hub.close();
      }
    }),
    { numRuns: 15 },
  );
}, 60_000);
