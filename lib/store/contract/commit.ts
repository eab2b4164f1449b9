/** Part of the store contract: what a commit stores and what it reports. */
import { hitlRequest, sessionCreated, turnStarted } from '../../protocol/envelopes';
import { expect } from './expect';
import {
  chatCommit,
  commitTo,
  noon,
  requestRecord,
  requestWrite,
  sessionRecord,
  turnRecord,
} from './samples';
import { outcomes, range, type Subject, seqs } from './subject';

export function commitObligations({ test, store }: Subject): void {
  test('stores its records, its envelopes and its frame', async () => {
    const session = sessionRecord();
    const turn = turnRecord();
    const chat = chatCommit('ticket', 'Hello');
    const request = requestRecord({ turnId: turn.id });
    const envelopes = [
      sessionCreated(session, noon),
      ...chat.envelopes,
      turnStarted(turn, noon),
      hitlRequest('hitl_request_pending', request, noon),
    ];
    const [result] = await store().commit([
      {
        ...chat,
        sessions: [session],
        turns: [turn],
        requests: [requestWrite(request)],
        envelopes,
        frame: { userId: 'ann', frameId: 'f1', ack: { message_id: 'm' } },
      },
    ]);

    const { epoch, items } = await store().log('ticket', 0, 10);
    const logged = envelopes.map((body, index) => ({ ...body, ticket_id: 'ticket', epoch, seq: index + 1 }));
    expect(result).toEqual({ ok: true, envelopes: logged, journal: [] });
    expect(items).toEqual(logged);
    expect(await store().state('ticket', 10)).toEqual({
      epoch,
      seq: 4,
      first: 1,
      sessions: [session],
      messages: chat.messages,
      turns: [turn],
      requests: [request],
    });
    expect(await store().processedFrame('ann', 'f1')).toEqual({ message_id: 'm' });
  });

  test('of records alone leaves the log where it is', async () => {
    const session = sessionRecord();
    expect(await store().commit([commitTo('ticket', { sessions: [session] })])).toEqual([
      { ok: true, envelopes: [], journal: [] },
    ]);
    expect(await store().session(session.id)).toEqual(session);
    expect(await store().position('ticket')).toMatchObject({ seq: 0, first: 1 });
  });

  test('numbers the envelopes of each ticket from 1 without a gap, in the order of the commits', async () => {
    const two = (ticketId: string) =>
      chatCommit(ticketId, 'twice', {
        envelopes: ['a', 'b'].flatMap((content) => chatCommit(ticketId, content).envelopes),
      });
    const first = await store().commit([two('x'), chatCommit('y', '1'), two('x'), chatCommit('y', '2')]);
    const second = await store().commit([chatCommit('y', '3'), two('x')]);
    expect(outcomes(first)).toEqual([[1, 2], [1], [3, 4], [2]]);
    expect(outcomes(second)).toEqual([[3], [5, 6]]);
    expect(seqs((await store().log('x', 0, 100)).items)).toEqual(range(1, 6));
    expect(seqs((await store().log('y', 0, 100)).items)).toEqual(range(1, 3));
  });

  test('shares no number with a commit of another call, however the calls overlap', async () => {
    const results = await Promise.all(
      range(1, 20).map((n) => store().commit([chatCommit('ticket', `${n}`)])),
    );
    const taken = results.flatMap(outcomes).flat();
    expect(taken.sort((a, b) => Number(a) - Number(b))).toEqual(range(1, 20));
    expect((await store().state('ticket', 100)).messages).toHaveLength(20);
  });

  test('of nothing reports nothing', async () => {
    expect(await store().commit([])).toEqual([]);
  });

  test('that cannot be written rejects the call, and none of its commits was stored', async () => {
    const good = chatCommit('ticket', 'good');
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const bad = commitTo('ticket', { requests: [requestWrite(requestRecord({ payload: circular }))] });
    await expect(store().commit([good, bad])).rejects.toMatchObject({ code: 'storage_failed' });
    expect(await store().state('ticket', 10)).toMatchObject({ seq: 0, messages: [], requests: [] });
    expect(outcomes(await store().commit([good]))).toEqual([[1]]);
  });

  test('is a copy: what the caller does to its objects afterwards changes nothing', async () => {
    const session = sessionRecord({ userId: 'ann', lastActiveAt: noon });
    const chat = chatCommit('ticket', 'as written');
    const request = requestRecord({ payload: { tool_name: 'as_written' } });
    const ack = { message_id: 'as written' };
    const [result] = await store().commit([
      {
        ...chat,
        sessions: [session],
        requests: [requestWrite(request)],
        frame: { userId: 'u', frameId: 'f', ack },
      },
    ]);

    session.userId = 'eve';
    request.status = 'approved';
    request.payload.tool_name = 'changed';
    ack.message_id = 'changed';
    for (const message of chat.messages ?? []) message.content = 'changed';
    for (const envelope of result?.ok ? result.envelopes : []) envelope.timestamp = 'changed';

    expect(await store().sessionByTab('ticket', 'ann', session.tabId)).toMatchObject({ userId: 'ann' });
    expect((await store().request(request.id))?.record.payload).toEqual({ tool_name: 'as_written' });
    expect((await store().requests({ status: 'pending' }, 10)).items).toHaveLength(1);
    expect(await store().processedFrame('u', 'f')).toEqual({ message_id: 'as written' });
    expect((await store().state('ticket', 10)).messages[0]?.content).toBe('as written');
    expect((await store().log('ticket', 0, 10)).items[0]?.timestamp === 'changed').toBe(false);
  });
}
