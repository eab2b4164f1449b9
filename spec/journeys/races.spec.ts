/** People over sockets and REST and a service over REST at the same requests at once, with crashes in between: one outcome each, and everybody learns it. */
import { portOf } from '../../lib/hub/hub';
import { seededRandom } from '../../lib/testing/seeded-random';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { range } from './stage';

const keys = ['a', 'b', 'c'];
const people = ['ann', 'ben', 'cem'];
const terminal = ['approved', 'denied', 'cancelled'];

interface Reply {
  status: number;
  body: { hitl?: { id: string; status: string }; error?: { code: string } };
}

/** What the seeds have reached together. */
const reached = { late: 0, cutOff: 0 };
afterAll(() => {
  expect(reached.late).toBeGreaterThan(10);
  expect(reached.cutOff).toBeGreaterThan(5);
});

/** A call of the service, or of a person; nothing if the server went away under it. */
async function call(hub: TestHub, who: string, path: string, body?: object): Promise<Reply | undefined> {
  const as = who === 'worker' ? { authorization: 'worker' } : { 'x-user': who };
  const headers = { ...as, ...(body && { 'content-type': 'application/json' }) };
  try {
    const answer = await fetch(`${hub.url}${path}`, {
      headers,
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
    if (answer.status === 409) reached.late += 1;
    return { status: answer.status, body: JSON.parse(await answer.text()) };
  } catch {
    reached.cutOff += 1;
    return undefined;
  }
}

const ask = (hub: TestHub, key: string) =>
  call(hub, 'worker', '/hitl/requests', {
    ticket_id: 'T-1',
    type: 'tool_approval',
    payload: { tool_name: key, tool_args: {} },
    key,
  });

async function idOf(hub: TestHub, key: string): Promise<string> {
  const id = (await ask(hub, key))?.body.hitl?.id;
  if (id === undefined) throw new Error('It could not be asked');
  return id;
}

test.each(range(1, 6))(
  'seed %i',
  async (seed) => {
    const random = seededRandom(seed);
    const pick = (most: number) => Math.floor(random() * most);
    const hub = await startTestHub({
      sqlite: true,
      auth: {
        identifyService: (req) =>
          req.get('authorization') === 'worker' ? { id: 'worker', tickets: 'all' } : null,
      },
      rules: { mayCancel: () => true },
    });
    try {
      const ids = await Promise.all(keys.map((key) => idOf(hub, key)));
      const won: (Reply['body']['hitl'] | undefined)[] = [];
      for (const round of range(1, 3)) {
        const clients = await Promise.all(people.map((user) => hub.connect({ user })));
        const deeds: Promise<unknown>[] = [];
        const settledBy = (work: Promise<Reply | undefined>) =>
          deeds.push(work.then((reply) => reply?.status === 200 && won.push(reply.body.hitl)));
        for (const _ of range(1, 12)) {
          // In the last round every request is at stake, so that none is left.
          const id = ids[pick(ids.length)] ?? '';
          const client = clients[pick(clients.length)];
          const who = people[pick(people.length)] ?? '';
          const status = pick(2) ? 'approved' : 'denied';
          const what = pick(6);
          if (what === 0) deeds.push(call(hub, 'worker', `/hitl/requests/${id}/wait?timeout=30s`));
          else if (what === 1)
            settledBy(call(hub, 'worker', `/hitl/requests/${id}/cancel`, { reason: 'over' }));
          else if (what === 2) settledBy(call(hub, who, `/hitl/requests/${id}/respond`, { status }));
          else if (what === 3) settledBy(call(hub, who, `/hitl/requests/${id}/cancel`, { reason: 'over' }));
          else if (client) {
            const frame =
              what === 4
                ? { type: 'hitl_respond', request_id: id, revision: 1, status }
                : { type: 'hitl_claim', request_id: id };
            const asked = client.ask(frame).then((reply) => {
              if (reply.event === 'ack' && reply.hitl.status !== 'pending') won.push(reply.hitl);
            });
            deeds.push(asked.catch(() => {}));
          }
        }
        if (round < 3 && pick(2)) {
          await new Promise((resolve) => setImmediate(resolve));
          await hub.crash();
        } else {
          for (const id of ids)
            deeds.push(call(hub, 'ann', `/hitl/requests/${id}/respond`, { status: 'denied' }));
        }
        await Promise.all(deeds);
      }
      // Asked again, each key finds its one request and its outcome, and so does every waiter.
      for (const [index, key] of keys.entries()) {
        const id = ids[index] ?? '';
        const again = await ask(hub, key);
        expect(again).toMatchObject({ status: 200, body: { hitl: { id } } });
        const waited = await call(hub, 'worker', `/hitl/requests/${id}/wait`);
        expect(waited?.body.hitl?.status).toBe(again?.body.hitl?.status);
        expect(terminal).toContain(again?.body.hitl?.status);
        // The client that was sent that its answer settled the request did settle it, and no other client was sent so.
        const told = won.filter((each) => each?.id === id);
        expect(told.length).toBeLessThanOrEqual(1);
        for (const each of told) expect(each?.status).toBe(again?.body.hitl?.status);
      }
      const { items: log } = await hub.store.log('T-1', 0, 1_000);
      const resolved = log.flatMap((each) => (each.event === 'hitl_request_resolved' ? [each.hitl.id] : []));
      expect(resolved.toSorted()).toEqual(ids.toSorted());
      const { items: audit } = await hub.store.audit({ ticketId: 'T-1' }, 200);
      expect(audit.map(({ n }) => n)).toEqual(range(1, audit.length));
      const ends = audit.filter(({ event, status }) => status !== 'pending' && event !== 'refused');
      expect(ends.map(({ requestId }) => requestId).toSorted()).toEqual(ids.toSorted());
    } finally {
      await hub.close();
    }
  },
  60_000,
);

test('a thousand requests in one ticket are all asked, shown, answered and on record', async () => {
  const hub = await startTestHub({ sqlite: true });
  try {
    const asked = await Promise.all(
      range(1, 1_000).map((n) =>
        portOf(hub.hub).hitl.request({
          ticketId: 'T-1',
          sessionId: 's',
          userId: 'agent',
          type: 'question',
          payload: { question: `Question ${n}?` },
        }),
      ),
    );
    const ann = await hub.connect({ user: 'ann' });
    expect((await ann.next('snapshot')).requests).toHaveLength(1_000);
    const waiting = asked.map(({ id }) => portOf(hub.hub).hitl.wait(id));
    const by = { id: 'ann' };
    await Promise.all(asked.map(({ id }) => portOf(hub.hub).hitl.respond(id, { by, status: 'denied' })));
    expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(new Set(['denied']));
    const events = new Map<string, number>();
    for await (const { event } of portOf(hub.hub).hitl.audit({ ticketId: 'T-1' }))
      events.set(event, (events.get(event) ?? 0) + 1);
    expect(Object.fromEntries(events)).toEqual({ requested: 1_000, responded: 1_000 });
  } finally {
    await hub.close();
  }
}, 60_000);

test('a request is pending for sixty days, over restarts, and is answered then', async () => {
  const hub = await startTestHub({ sqlite: true });
  try {
    const { id } = await portOf(hub.hub).hitl.request({
      ticketId: 'T-1',
      sessionId: 's',
      userId: 'agent',
      type: 'question',
      payload: { question: 'Still?' },
      expiresIn: '61d',
    });
    for (const _ of range(1, 6)) {
      await hub.advance('10d');
      await hub.restart();
    }
    const waiting = portOf(hub.hub).hitl.wait(id);
    await portOf(hub.hub).hitl.respond(id, { by: { id: 'ann' }, status: 'denied' });
    expect(await waiting).toMatchObject({ status: 'denied', respondedBy: { userId: 'ann' } });
  } finally {
    await hub.close();
  }
}, 60_000);
