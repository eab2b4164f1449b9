/** What `hub.on` calls, when, in which order, and what it refuses. */
import type { EventPattern, HubEvent } from '../../lib/hub/hub-events';
import type { NoTypes } from '../../lib/hub/kinds/app-types';
import { turnUpdated } from '../../lib/protocol/envelopes';
import type { TurnRecord } from '../../lib/protocol/records';
import { Rig } from './rig';

let rig: Rig;
const seen: HubEvent[] = [];
const names = () => seen.map(({ event }) => event);
const listen = (pattern: EventPattern = '*') => rig.app.on(pattern, (event) => void seen.push(event));

async function start(options: ConstructorParameters<typeof Rig>[0] = {}): Promise<void> {
  seen.length = 0;
  rig = new Rig(options);
  await rig.hub.start();
}
afterEach(() => rig.hub.close());

const ask = (more: object = {}) =>
  rig.hub.hitl.request({
    ...{ ticketId: 'T', sessionId: 's', userId: 'agent', type: 'question', payload: { question: 'Go?' } },
    ...more,
  });

test('A message and its turn are emitted in the order of the log, each stored before it is emitted', async () => {
  await start({ agent: (turn) => turn.say('hello') });
  listen();
  const stored: boolean[] = [];
  rig.app.on('message.added', async ({ message }) => {
    stored.push((await rig.kept.message(message.id)) !== undefined);
  });
  const guest = rig.join();
  await rig.say(guest, 'hi');
  while (!names().includes('turn.ended')) await new Promise((resolve) => setImmediate(resolve));
  expect(names()).toEqual([
    'client.joined',
    'session.created',
    'turn.started',
    'message.added',
    'message.added',
    'turn.ended',
  ]);
  expect(stored).toEqual([true, true]);
  rig.hub.unregister(guest.client);
  expect(seen.at(-1)).toMatchObject({ event: 'client.left', ticketId: 'T', client: { user: { id: 'ann' } } });
});

test('That a durable turn waits or is stuck is emitted, each with what that is about; that it goes on is not', async () => {
  await start();
  listen('turn.*');
  const { hub } = rig;
  const running: TurnRecord = {
    ...{
      id: 't',
      ticketId: 'T',
      sessionId: 's',
      userId: 'ann',
      status: 'running',
      queuedAt: 1,
      startedAt: 2,
    },
    run: { generation: 1, leg: 0, tries: 1, triedAt: 0, owner: 'n1' },
  };
  const waitsFor = { since: 3, requestIds: ['r1', 'r2'] };
  const problem = {
    reason: 'changed' as const,
    at: 4,
    message: 'other calls',
    recorded: 'a',
    instead: ['b'],
  };
  const waiting: TurnRecord = { ...running, status: 'waiting', waitsFor };
  const stuck: TurnRecord = { ...running, status: 'stuck', problem };
  for (const [index, turn] of [waiting, running, stuck].entries()) {
    const place = { ticket_id: 'T', epoch: 'e', seq: index + 1 };
    const commit = { ticketId: 'T', at: 5, turns: [turn], envelopes: [] };
    hub.events.committed({
      commit,
      envelopes: [{ ...turnUpdated(turn, 5), ...place }],
      requests: [],
      journal: [],
    });
  }
  expect(seen).toEqual([
    { event: 'turn.waiting', at: 5, ticketId: 'T', turn: waiting, requestIds: ['r1', 'r2'] },
    { event: 'turn.stuck', at: 5, ticketId: 'T', turn: stuck, reason: 'changed', problem: 'other calls' },
  ]);
  const [first] = seen;
  expect(() => Object.assign((first as HubEvent<NoTypes, 'turn.waiting'>).turn, { id: 'x' })).toThrow(
    TypeError,
  );
  expect(Object.isFrozen(waitsFor)).toBe(false);
});

test('A request is emitted from its opening to its end, with what changed', async () => {
  await start();
  listen('request.*');
  const { id } = await ask({ policy: { users: ['ann', 'ben'], approvals: 2 }, remindIn: '1h' });
  const ann = { id: 'ann', name: 'Ann' };
  await rig.hub.hitl.claim(id, ann);
  await rig.hub.hitl.release(id, ann);
  rig.clock.advance(3_600_000);
  await rig.hub.settled();
  await rig.hub.hitl.respond(id, { by: ann, status: 'approved', response: { answer: 'yes' } });
  await rig.hub.hitl.cancel(id, 'enough');
  expect(seen.map((each) => ('change' in each ? `${each.event} ${each.change}` : each.event))).toEqual([
    'request.opened',
    'request.updated claimed',
    'request.updated released',
    'request.reminded',
    'request.updated counted',
    'request.resolved',
  ]);
  expect(seen.at(-1)).toMatchObject({ ticketId: 'T', request: { id, status: 'cancelled' } });
});

test('What a listener is given is frozen, and is the same for all', async () => {
  await start();
  let first: object | undefined;
  rig.app.on('request.opened', (event) => {
    first = event;
  });
  rig.app.on('request.opened', (event) => {
    expect(event).toBe(first);
    expect(() => Object.assign(event.request, { status: 'approved' })).toThrow(TypeError);
  });
  const { id } = await ask();
  expect(first).toBeDefined();
  expect((await rig.hub.hitl.get(id)).status).toBe('pending');
});

test('A listener that throws or rejects is logged, changes nothing, and holds up no other', async () => {
  await start();
  rig.app.on('request.opened', () => {
    throw new Error('the pager is broken');
  });
  rig.app.on('request.opened', () => Promise.reject(new Error('and the mail')));
  listen('request.opened');
  await ask();
  await new Promise((resolve) => setImmediate(resolve));
  expect(names()).toEqual(['request.opened']);
  expect(rig.errors).toMatchObject([
    { message: 'A listener failed', event: 'request.opened', error: 'the pager is broken' },
    { message: 'A listener failed', event: 'request.opened', error: 'and the mail' },
  ]);
});

test('A listener may use the hub', async () => {
  await start();
  const cancelled: Promise<unknown>[] = [];
  rig.app.on('request.opened', ({ request }) => {
    cancelled.push(rig.hub.hitl.cancel(request.id, 'not needed'));
  });
  const { id } = await ask();
  await Promise.all(cancelled);
  expect((await rig.hub.hitl.get(id)).status).toBe('cancelled');
});

test('It is called no more when it was stopped, by what `on` gives or by its signal', async () => {
  await start();
  const stop = listen('request.opened');
  const ending = new AbortController();
  rig.app.on('request.opened', (event) => void seen.push(event), { signal: ending.signal });
  rig.app.on('request.opened', (event) => void seen.push(event), { signal: AbortSignal.abort() });
  await ask();
  expect(seen).toHaveLength(2);
  stop();
  await ask();
  expect(seen).toHaveLength(3);
  ending.abort();
  await ask();
  expect(seen).toHaveLength(3);
});

test('What is not stored is not emitted', async () => {
  await start();
  listen();
  rig.trouble.commit = () => {
    throw new Error('disk full');
  };
  await expect(ask()).rejects.toMatchObject({ code: 'storage_failed' });
  expect(seen).toEqual([]);
});

test.each([
  ['resolved', 'request.resolved'],
  ['request.resolvd', 'request.resolved'],
  ['requests.*', 'request.*'],
])('An unknown event %s is refused with %s', async (wrong, meant) => {
  await start();
  expect(() => rig.app.on(wrong as never, () => {})).toThrow(
    expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining(`mean ${meant}?`) }),
  );
});

test('A grant is emitted where it is given, used and revoked', async () => {
  await start();
  listen('grant.*');
  const grants = [{ scope: 'ticket', args: 'exact', expires_in_ms: 60_000 }];
  const payload = { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' }, grants };
  const { id } = await ask({ type: 'tool_approval', payload });
  await rig.hub.hitl.respond(id, { by: { id: 'ann' }, status: 'approved', response: { grant: 0 } });
  await ask({ type: 'tool_approval', payload });
  const [given] = seen;
  const grantId = given?.event === 'grant.given' ? given.grant.id : '';
  await rig.hub.grants.revoke(grantId, { id: 'ann' });
  expect(names()).toEqual(['grant.given', 'grant.used', 'grant.revoked']);
  expect(seen.slice(1)).toMatchObject([{ grantId }, { grantId }]);
});
