/** Taking a question back: who may, what becomes of those who wait, and what its key means afterwards. */
import { portOf } from '../../../lib/hub/hub';
import type { HitlRequestInput } from '../../../lib/hub/requests/ask';
import type { RequestRecord, RuleOptions } from '../../../lib/index';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { diskFull, gate, type Trouble, troubled } from '../rig';

let hub: TestHub;
afterEach(() => hub.close());
const start = async (options: TestHubOptions = {}) => {
  hub = await startTestHub(options);
};
const hitl = () => portOf(hub.hub).hitl;
const ask = (input: Partial<HitlRequestInput> = {}) =>
  hitl().request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'agent',
    type: 'question',
    payload: { question: 'Go?' },
    ...input,
  });
const ann = { id: 'ann', name: 'Ann' };
const withdraw = ({ id }: RequestRecord, by = ann) => hitl().withdraw(id, { by, reason: 'I was wrong' });
const notAllowed = (rule: string) => ({ code: 'not_allowed', details: { rule } });

describe('A question is withdrawn', () => {
  test('by the requester, and by no other person unless the app allows it', async () => {
    await start();
    const request = await ask({ userId: 'ann' });
    await expect(withdraw(request, { id: 'bob', name: 'Bob' })).rejects.toMatchObject(
      notAllowed('requester'),
    );
    const waiting = hitl().wait(request.id);
    expect(await withdraw(request)).toMatchObject({ status: 'cancelled', reason: 'I was wrong' });
    expect(await waiting).toMatchObject({ status: 'cancelled', reason: 'I was wrong' });
    const late = { code: 'already_resolved', details: { hitl: { status: 'cancelled' } } };
    await expect(withdraw(request)).rejects.toMatchObject(late);
  });

  test('by whom the app says, which then has the word on the requester too', async () => {
    const asked: unknown[] = [];
    await start({
      rules: {
        mayCancel: ({ user, request }) => {
          asked.push([user.id, request.requestedBy]);
          return user.id === 'bob';
        },
      },
    });
    const request = await ask({ userId: 'ann' });
    await expect(withdraw(request)).rejects.toMatchObject(notAllowed('app'));
    expect((await withdraw(request, { id: 'bob', name: 'Bob' })).status).toBe('cancelled');
    expect(asked).toEqual([
      ['ann', 'ann'],
      ['bob', 'ann'],
    ]);
  });

  test.each<[string, NonNullable<RuleOptions['mayCancel']>]>([
    [
      'throws',
      () => {
        throw new Error('no directory');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no directory'))],
    ['says nothing', (() => undefined) as never],
  ])('by no person where the rule of the app %s', async (_what, mayCancel) => {
    await start({ rules: { mayCancel } });
    const request = await ask({ userId: 'ann' });
    await expect(withdraw(request)).rejects.toMatchObject(notAllowed('app'));
    expect((await hitl().get(request.id)).status).toBe('pending');
  });

  test("by the app's own code, whatever the rules for people are", async () => {
    await start({ rules: { mayCancel: () => false } });
    const request = await ask();
    expect(await hitl().cancel(request.id, 'over')).toMatchObject({ status: 'cancelled', reason: 'over' });
  });
});

describe('Who waits for an outcome', () => {
  test('is rejected when the store fails at the end, and receives the end once it is stored', async () => {
    const trouble: Trouble = {};
    await start({ store: troubled(memoryStore(), trouble) });
    const request = await ask();
    const waiting = hitl().wait(request.id);
    trouble.commit = diskFull;
    await expect(hitl().cancel(request.id, 'over')).rejects.toMatchObject({ code: 'storage_failed' });
    delete trouble.commit;
    await hitl().cancel(request.id, 'over');
    expect((await waiting).status).toBe('cancelled');
  });

  test('is rejected when the hub closes, and after a restart gets the outcome', async () => {
    await start();
    const request = await ask({ key: 'k' });
    const waiting = hitl().wait(request.id);
    const told = expect(waiting).rejects.toMatchObject({ code: 'closing' });
    await hub.restart();
    await told;
    const again = hitl().wait((await ask({ key: 'k' })).id);
    await hitl().respond(request.id, { by: ann, status: 'denied' });
    expect(await again).toMatchObject({ id: request.id, status: 'denied' });
  });

  test('in a turn whose requests cannot be withdrawn is rejected since the turn has ended', async () => {
    const trouble: Trouble = {};
    const ended = gate<unknown>();
    await start({
      store: troubled(memoryStore(), trouble),
      agent: (turn) => turn.ask({ question: 'Go?' }).catch(ended.open),
    });
    const alice = await hub.connect();
    const { turn_id } = await alice.ask({ type: 'message', content: 'go' });
    await alice.next('hitl_request_pending');
    trouble.requestsOfTurn = diskFull;
    const cancelled = alice.ask({ type: 'turn_cancel', turn_id });
    while (alice.all('turn_ended').length === 0) {
      await hub.advance('1s');
      alice.send({ type: 'ping' });
      await alice.next('pong');
    }
    await cancelled;
    expect(await ended.opened).toMatchObject({ code: 'turn_ended' });
  });
});

describe('A key', () => {
  /** A hub whose agent asks with a key, and what became of that in each turn. */
  async function withAgent(): Promise<{
    outcomes: string[];
    go(): Promise<{ turnId: string; id?: string }>;
  }> {
    const outcomes: string[] = [];
    await start({
      sqlite: true,
      agent: async (turn) => {
        const { status } = await turn.ask({ question: 'Go?', key: 'k' });
        outcomes.push(status);
        await turn.say(status);
      },
    });
    return {
      outcomes,
      go: async () => {
        const client = await hub.connect({ user: 'ann' });
        const { turn_id: turnId } = await client.ask({ type: 'message', content: 'go' });
        const told = await client.next(
          ({ event, turn_id }) =>
            event === 'hitl_request_pending' || (event === 'turn_ended' && turn_id === turnId),
        );
        return { turnId, ...(told.hitl && { id: told.hitl.id }) };
      },
    };
  }

  test.each([false, true])(
    'is given up by a question whose turn has ended: asked again, it becomes a new request (restart: %s)',
    async (restart) => {
      const { go, outcomes } = await withAgent();
      const first = await go();
      await hub.hub.turns.cancel({ turnId: first.turnId });
      const ended = await hitl().get(first.id ?? '');
      expect(ended).toMatchObject({ status: 'cancelled', reason: 'its turn has ended' });
      expect(ended.key).toBeUndefined();
      if (restart) await hub.restart();
      const second = await go();
      expect(second.id).not.toBe(first.id);
      await hitl().respond(second.id ?? '', { by: ann, status: 'approved', response: { answer: 'Yes' } });
      await hub.settled();
      // Its answer is the outcome from now on.
      expect((await go()).id).toBeUndefined();
      expect(outcomes).toEqual(['cancelled', 'answered', 'answered']);
      const { items } = await hub.store.audit({ ticketId: 'T-1', requestId: first.id }, 10);
      expect(items.at(-1)).toMatchObject({ event: 'cancelled', via: 'turn', reason: 'its turn has ended' });
    },
  );

  test.each([false, true])(
    'stays with a question that a person has withdrawn: that is its outcome (restart: %s)',
    async (restart) => {
      const { go, outcomes } = await withAgent();
      const { id = '' } = await go();
      await withdraw(await hitl().get(id));
      if (restart) await hub.restart();
      expect((await go()).id).toBeUndefined();
      expect(outcomes).toEqual(['cancelled', 'cancelled']);
      expect((await hitl().list()).items).toMatchObject([{ id, key: 'k', reason: 'I was wrong' }]);
    },
  );

  test('stays with a question that has not ended, when its process dies', async () => {
    const { go } = await withAgent();
    const { id } = await go();
    await hub.crash();
    const client = await hub.connect({ user: 'ann' });
    await client.ask({ type: 'message', content: 'go' });
    await client.next('turn_started');
    await hitl().respond(id ?? '', { by: ann, status: 'approved', response: { answer: 'Yes' } });
    expect((await client.next((frame) => frame.message?.type === 'response')).message.content).toBe(
      'answered',
    );
  });
});
