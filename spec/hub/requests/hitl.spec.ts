import { z } from 'zod';
import { portOf } from '../../../lib/hub/hub';
import type { HitlRequestInput } from '../../../lib/hub/requests/ask';
import type { HitlRequest } from '../../../lib/index';
import { defineKind } from '../../../lib/index';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';

const ann = { id: 'ann', name: 'Ann' };
const bob = { id: 'bob', name: 'Bob' };
const lea = { id: 'lea', name: 'Lea', groups: ['lead'] };

describe('requests to humans', () => {
  let hub: TestHub;
  afterEach(() => hub.close());

  const hitl = () => portOf(hub.hub).hitl;
  const start = async (options: TestHubOptions = {}) => {
    hub = await startTestHub(options);
  };
  const ask = (input: Partial<HitlRequestInput> = {}) =>
    hitl().request({
      ticketId: 'T-1',
      sessionId: 's1',
      type: 'tool_approval',
      payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
      userId: 'agent',
      ...input,
    });
  const approve = (id: string, by = bob) => hitl().respond(id, { by, status: 'approved' });

  describe('with a key', () => {
    it('re-attach to the same request when the same is asked again, also after a restart', async () => {
      await start();
      const first = await ask({ key: 'k' });
      expect((await ask({ key: 'k' })).id).toBe(first.id);
      await hub.restart();
      expect((await ask({ key: 'k' })).id).toBe(first.id);
      await approve(first.id);
      expect(await ask({ key: 'k' })).toMatchObject({ id: first.id, status: 'approved' });
    });

    it('are one request when they are asked at the same time', async () => {
      await start();
      const asked = await Promise.all(Array.from({ length: 20 }, () => ask({ key: 'k' })));
      expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
    });

    it('refuse other content under the same key, naming the request that holds it', async () => {
      await start();
      const first = await ask({ key: 'k' });
      const other = { key: 'k', payload: { tool_name: 'block_ip', tool_args: { ip: '198.51.100.1' } } };
      await expect(ask(other)).rejects.toMatchObject({
        code: 'key_conflict',
        details: { request_id: first.id },
      });
      expect((await ask({ ...other, ticketId: 'T-2' })).status).toBe('pending');
    });

    it('supersede the older request where that is asked for, and its waiters learn it', async () => {
      await start();
      const first = await ask({ key: 'k' });
      const waiting = hitl().wait(first.id);
      const other = {
        key: 'k',
        supersede: true,
        payload: { tool_name: 'block_ip', tool_args: { ip: '198.51.100.1' } },
      };
      const second = await ask(other);
      expect(await waiting).toMatchObject({ status: 'superseded', reason: `superseded by ${second.id}` });
      await expect(approve(first.id)).rejects.toMatchObject({ code: 'already_resolved' });
      await approve(second.id);
      const third = await ask({ ...other, payload: { tool_name: 'block_ip', tool_args: {} } });
      expect(await hitl().get(second.id)).toMatchObject({ status: 'approved' });
      expect((await ask({ ...other, payload: { tool_name: 'block_ip', tool_args: {} } })).id).toBe(third.id);
    });
  });

  it('are won by the first answer; every other is refused with the name of who won', async () => {
    await start();
    const { id } = await ask();
    const people = Array.from({ length: 50 }, (_each, n) => ({ id: `p${n}`, name: `P${n}` }));
    const answers = await Promise.allSettled(
      people.map((by, n) => hitl().respond(id, { by, status: n % 2 ? 'approved' : 'denied' })),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const settled = await hitl().get(id);
    for (const answer of answers) {
      if (answer.status === 'fulfilled') continue;
      expect(answer.reason).toMatchObject({
        code: 'already_resolved',
        details: { hitl: { status: settled.status, responded_by: { user_id: settled.respondedBy?.userId } } },
      });
    }
  });

  it('refuse an answer to an older revision, and one without revision once they were amended', async () => {
    await start();
    const { id, digest } = await ask();
    const amended = await hitl().amend(id, { tool_name: 'block_ip', tool_args: { ip: '198.51.100.1' } });
    expect(amended).toMatchObject({ revision: 2 });
    expect(amended.digest).not.toBe(digest);
    const answer = { by: bob, status: 'approved' as const };
    await expect(hitl().respond(id, answer)).rejects.toMatchObject({ code: 'stale_revision' });
    await expect(hitl().respond(id, { ...answer, revision: 1 })).rejects.toMatchObject({
      code: 'stale_revision',
    });
    expect(await hitl().respond(id, { ...answer, revision: 2 })).toMatchObject({ status: 'approved' });
  });

  it("ask the app's own rule about the person, and take a rule that throws for a no", async () => {
    const asked: string[] = [];
    await start({
      rules: {
        mayAnswer: ({ user, request }) => {
          asked.push(`${user.id} ${request.kind === 'tool_approval' && request.payload.tool_name}`);
          if (user.id === 'bob') throw new Error('directory unreachable');
          return user.id === 'lea';
        },
      },
    });
    const { id } = await ask();
    for (const by of [ann, bob]) {
      await expect(approve(id, by)).rejects.toMatchObject({ code: 'not_allowed', details: { rule: 'app' } });
    }
    expect(await approve(id, lea)).toMatchObject({ status: 'approved' });
    expect(asked).toEqual(['ann block_ip', 'bob block_ip', 'lea block_ip']);
  });

  it("take silence of the app's own rule for a no, and go on in the meantime", async () => {
    let asked = () => {};
    await start({
      rules: {
        mayAnswer: ({ user: { id } }) => {
          setImmediate(asked);
          return (id === 'ann' ? undefined : id === 'bob' ? new Promise(() => {}) : true) as boolean;
        },
      },
    });
    const { id } = await ask({ policy: { approvals: 2 } });
    await expect(approve(id, ann)).rejects.toMatchObject({ code: 'not_allowed', details: { rule: 'app' } });
    const stuck = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const refused = expect(approve(id, bob)).rejects.toMatchObject({ code: 'not_allowed' });
    await stuck;
    expect(await approve(id, lea)).toMatchObject({
      status: 'pending',
      verdicts: [{ by: { userId: 'lea' } }],
    });
    for (let tries = 1; tries <= 2; tries += 1) {
      const again = new Promise<void>((resolve) => {
        asked = resolve;
      });
      hub.clock.advance(10_000);
      if (tries === 1) await again;
    }
    await refused;
  });

  it('go from stage to stage, each with its own people', async () => {
    await start();
    const { id } = await ask({ policy: { stages: [{ users: ['ann', 'bob'] }, { groups: ['lead'] }] } });
    await expect(approve(id, lea)).rejects.toMatchObject({ details: { rule: 'answerers' } });
    expect(await approve(id, ann)).toMatchObject({ status: 'pending', stage: 1 });
    await expect(approve(id, bob)).rejects.toMatchObject({ details: { rule: 'answerers' } });
    expect(await approve(id, lea)).toMatchObject({ status: 'approved', respondedBy: { userId: 'lea' } });
  });

  describe('that are claimed', () => {
    it('show the claim, and let it go when its lease ends', async () => {
      await start();
      const alice = await hub.connect();
      const { id } = await ask();
      await hitl().claim(id, bob);
      expect((await alice.next('hitl_request_updated')).hitl.claimed_by).toMatchObject({ user_id: 'bob' });
      await expect(hitl().claim(id, ann)).rejects.toMatchObject({ code: 'claimed_by_other' });
      await hub.advance(120_000);
      expect((await alice.next('hitl_request_updated')).hitl.claimed_by).toBeUndefined();
    });

    it('may be answered by others unless the claim is exclusive', async () => {
      await start();
      const courtesy = await ask();
      await hitl().claim(courtesy.id, bob);
      expect(await approve(courtesy.id, ann)).toMatchObject({ status: 'approved' });
      const exclusive = await ask({ policy: { claim: 'exclusive' } });
      await hitl().claim(exclusive.id, bob);
      await expect(approve(exclusive.id, ann)).rejects.toMatchObject({ code: 'claimed_by_other' });
      await expect(hitl().release(exclusive.id, ann)).rejects.toMatchObject({ code: 'not_claimed' });
      await hitl().release(exclusive.id, bob);
      expect(await approve(exclusive.id, ann)).toMatchObject({ status: 'approved' });
    });
  });

  describe('with deadlines', () => {
    const day = 86_400_000;

    it('remind, then widen who may answer, then expire, and notify the app each time', async () => {
      const told: string[] = [];
      const tell =
        (what: string) =>
        ({ request }: { request: HitlRequest }) => {
          told.push(`${what} ${request.status}`);
          throw new Error('the pager is broken');
        };
      await start();
      hub.hub.on('request.reminded', tell('reminded'));
      hub.hub.on('request.escalated', tell('escalated'));
      hub.hub.on('request.resolved', tell('resolved'));
      const { id } = await ask({
        policy: { users: ['ann'] },
        remindIn: ['1h', '2h'],
        escalate: { after: '1d', to: { groups: ['lead'] } },
        expiresIn: '60d',
      });
      await hub.advance(3_600_000);
      await hub.advance(3_600_000);
      await expect(approve(id, lea)).rejects.toMatchObject({ code: 'not_allowed' });
      await hub.advance(day);
      const { policy } = await hitl().get(id);
      expect(policy).toMatchObject({ users: ['ann'], groups: ['lead'] });
      await hub.advance(59 * day);
      expect(await hitl().get(id)).toMatchObject({ status: 'expired', reason: 'nobody answered in time' });
      expect(told).toEqual(['reminded pending', 'reminded pending', 'escalated pending', 'resolved expired']);
    });

    it.each([
      ['denied', 'denied'],
      ['approved', 'approved'],
      [undefined, 'expired'],
    ] as const)('mean %s when no answer comes, if so asked', async (onExpiry, status) => {
      await start();
      const { id } = await ask({ expiresIn: '5m', ...(onExpiry && { onExpiry }) });
      const waiting = hitl().wait(id);
      await hub.advance(300_000);
      expect(await waiting).toMatchObject({ status });
    });

    it('are over at their end even if the deadline event has not been sent yet, as after a jump of the clock', async () => {
      await start();
      const { id } = await ask({ expiresIn: '5m' });
      hub.clock.jumpTo(hub.clock.now() + 400_000);
      await expect(approve(id)).rejects.toMatchObject({
        code: 'already_resolved',
        details: { hitl: { status: 'expired' } },
      });
    });

    it('that passed while no hub ran are handled at the next start', async () => {
      await start();
      const { id } = await ask({ expiresIn: '5m' });
      const stop = hub.restart();
      hub.clock.jumpTo(hub.clock.now() + 400_000);
      await stop;
      expect(await hitl().get(id)).toMatchObject({ status: 'expired' });
    });
  });

  it('are withdrawn with a reason, and every waiter receives it', async () => {
    await start();
    const { id } = await ask();
    const waiting = hitl().wait(id);
    await hitl().cancel(id, 'not needed any more');
    expect(await waiting).toMatchObject({ status: 'cancelled', reason: 'not needed any more' });
    await expect(hitl().cancel(id, 'again')).rejects.toMatchObject({ code: 'already_resolved' });
  });

  it('end every wait when the hub closes, and stay pending', async () => {
    await start();
    const { id } = await ask();
    const waiting = hitl().wait(id);
    const lost = expect(waiting).rejects.toMatchObject({ code: 'closing' });
    await hub.restart();
    await lost;
    expect(await hitl().get(id)).toMatchObject({ status: 'pending' });
  });

  it('of a kind that the app registers are validated by it, and carry the schema of their answer', async () => {
    await start({
      kinds: {
        refund: defineKind({
          payload: z.looseObject({ amount: z.number().positive() }),
          response: z.strictObject({ amount: z.number().positive() }),
        }),
      },
    });
    await expect(ask({ type: 'refund', payload: { amount: -1 } })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    await expect(ask({ type: 'unknown', payload: {} })).rejects.toMatchObject({ code: 'invalid_request' });
    const { id, responseSchema } = await ask({ type: 'refund', payload: { amount: 80 } });
    expect(responseSchema).toMatchObject({
      properties: { amount: { type: 'number' } },
      required: ['amount'],
    });
    await expect(approve(id)).rejects.toMatchObject({ code: 'invalid_response' });
    const answer = { by: bob, status: 'approved' as const, response: { amount: 50 } };
    expect(await hitl().respond(id, answer)).toMatchObject({ response: { amount: 50 } });
  });

  it.each<[string, Partial<HitlRequestInput>]>([
    ['fewer people than must approve', { policy: { users: ['ann'], approvals: 2 } }],
    ['a majority of an unknown number', { policy: { approvals: 2, denial: 'majority' } as never }],
    ['stages and people at once', { policy: { users: ['ann'], stages: [{}] } as never }],
    ['an empty key', { key: '' }],
    ['a key that is too long', { key: 'k'.repeat(129) }],
    ['eleven reminders', { remindIn: Array.from({ length: 11 }, () => '1m' as const) }],
    ['no duration', { expiresIn: -1 }],
    ['a payload that is no JSON', { payload: { tool_name: 't', tool_args: { n: 1n } } }],
    [
      'a payload that is too deep',
      { payload: JSON.parse(`{"tool_name":"t","tool_args":${'{"a":'.repeat(40)}1${'}'.repeat(41)}`) },
    ],
  ])('cannot be asked with %s', async (_what, input) => {
    await start();
    await expect(ask(input)).rejects.toMatchObject({ code: expect.stringMatching(/^invalid_/) });
    expect((await hitl().list()).items).toEqual([]);
  });

  it('cannot be larger than their bound', async () => {
    await start();
    const payload = { tool_name: 't', tool_args: { text: 'x'.repeat(262_144) } };
    await expect(ask({ payload })).rejects.toMatchObject({ code: 'too_large' });
  });

  it('store what was asked, whatever the asker does with the object afterwards', async () => {
    await start();
    const payload = { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } };
    const { id } = await ask({ payload });
    payload.tool_args.ip = '0.0.0.0/0';
    expect((await approve(id)).payload).toEqual({ tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } });
  });
});
