/** Part of the store contract for those that are durable: what a second store over the same data has. */
import { expect } from './expect';
import {
  auditRecord,
  chatCommit,
  commitTo,
  durableTurn,
  grantRecord,
  noon,
  requestRecord,
  requestWrite,
  sessionRecord,
  turnRecord,
} from './samples';
import { outcomes, range, type Subject, seqs } from './subject';

export function reopeningObligations({ test, store, reopen }: Subject): void {
  test('has everything that was committed', async () => {
    const session = sessionRecord();
    const turn = turnRecord();
    const request = requestRecord({ key: 'k', turnId: turn.id });
    const grant = grantRecord({ uses: 1 });
    const chat = chatCommit('ticket', 'kept');
    await store().commit([
      {
        ...chat,
        sessions: [session],
        turns: [turn],
        requests: [requestWrite(request, { dueAt: noon + 1 })],
        audit: [auditRecord()],
        grants: [
          { type: 'give', grant },
          { type: 'use', id: grant.id },
        ],
        frame: { userId: 'ann', frameId: 'f', ack: { n: 1 } },
      },
    ]);
    const read = async () => [
      await store().log('ticket', 0, 10),
      await store().state('ticket', 10),
      await store().sessionByTab('ticket', session.userId, session.tabId),
      await store().unfinishedTurns(),
      await store().requestByKey('ticket', 'k'),
      await store().requests({ status: 'pending' }, 10),
      await store().dueRequests(noon + 1, 10),
      await store().processedFrame('ann', 'f'),
      await store().audit({ ticketId: 'ticket' }, 10),
      await store().grant(grant.id),
      await store().liveGrants([grant.covers], noon, 10),
    ];
    const before = await read();
    await reopen();
    expect(await read()).toEqual(before);
    expect(before).toMatchObject([
      { items: [{ seq: 1 }] },
      { requests: [request] },
      session,
      [{ id: turn.id, ticketId: turn.ticketId }],
      {},
      {},
      [{}],
      { n: 1 },
      { items: [{ n: 1 }] },
      { ...grant, used: 1, lastUsedAt: noon },
      [],
    ]);
  });

  test('goes on where the log was, in the same epoch, though it was trimmed or never written to', async () => {
    await store().commit(range(1, 5).map((n) => chatCommit('ticket', `${n}`)));
    await store().trim('ticket', 2, 0);
    await store().trim('ticket', 0, 0);
    const before = [await store().position('ticket'), await store().position('quiet')];
    await reopen();
    expect([await store().position('ticket'), await store().position('quiet')]).toEqual(before);
    expect(outcomes(await store().commit([chatCommit('ticket', 'next')]))).toEqual([[6]]);
    const { epoch, items } = await store().log('ticket', 0, 10);
    expect({ epoch, seqs: seqs(items) }).toEqual({ epoch: before[0]?.epoch, seqs: [6] });
  });

  test('still knows what to refuse', async () => {
    const request = requestRecord({ key: 'k' });
    const answer = commitTo('ticket', {
      requests: [requestWrite({ ...request, status: 'approved' }, { version: 1 })],
      frame: { userId: 'ann', frameId: 'f', ack: {} },
    });
    await store().commit([commitTo('ticket', { requests: [requestWrite(request)] }), answer]);
    await reopen();
    const { frame: _frame, ...late } = answer;
    const sameKey = commitTo('ticket', { requests: [requestWrite(requestRecord({ key: 'k' }))] });
    expect(outcomes(await store().commit([answer, late, sameKey]))).toEqual([
      'duplicate_id',
      'conflict',
      'key_conflict',
    ]);
  });

  test('goes on with the journals of durable turns, and answers those who wait', async () => {
    const request = requestRecord({ id: 'r' });
    const resting = durableTurn(
      { id: 't', status: 'waiting' },
      { version: 'may', generation: 4, dueAt: noon + 9 },
    );
    await store().commit([
      commitTo('ticket', {
        turns: [resting, durableTurn({ id: 'ended' })],
        journal: ['t', 'ended'].map((turnId) => ({ turnId, call: 'say', body: { m: 1 } })),
        requests: [requestWrite(request)],
        waits: ['t', 'ended'].map((turnId) => ({ turnId, requestId: 'r' })),
        state: { turnId: 't', state: { step: 2 } },
      }),
      commitTo('ticket', { turns: [durableTurn({ id: 'ended', status: 'aborted' })] }),
    ]);
    const read = async () => [
      await store().turn('t'),
      await store().openTurns('session'),
      await store().turnVersions(),
      await store().dueTurns(noon + 9, 10),
      await store().journal('t', 0, 10),
      await store().turnState('t'),
      await store().journal('ended', 0, 10),
    ];
    const before = await read();
    await reopen();
    expect(await read()).toEqual(before);
    expect(before).toMatchObject([
      resting,
      [resting],
      [{ version: 'may', turns: 1 }],
      [{ id: 't' }],
      [{ n: 1, call: 'say', body: { m: 1 } }],
      { step: 2 },
      [],
    ]);
    const late = commitTo('ticket', { fence: { turnId: 't', generation: 3 } });
    const early = commitTo('ticket', { fence: { turnId: 't', generation: 4, entries: 0 } });
    const settled = commitTo('ticket', {
      requests: [requestWrite({ ...request, status: 'approved' }, { version: 1 })],
    });
    const results = await store().commit([late, early, settled]);
    expect(results).toMatchObject([
      { ok: false, code: 'turn_lost' },
      { ok: false, code: 'conflict' },
      { ok: true, journal: [{ turnId: 't', n: 2, call: 'answer:r' }] },
    ]);
    await reopen();
    expect(await store().dueTurns(noon, 10)).toEqual([{ id: 't', ticketId: 'ticket' }]);
    expect((await store().journal('t', 1, 10)).map(({ call }) => call)).toEqual(['answer:r']);
  });
}
