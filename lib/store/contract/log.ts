/** Part of the store contract: where a log stands, how it is read and trimmed. */
import { hitlRequest } from '../../protocol/envelopes';
import { expect } from './expect';
import { chatCommit, commitTo, noon, requestRecord, requestsCommit } from './samples';
import { prepared, range, type Subject, seqs } from './subject';

/** Who claims requests here. */
const by = { userId: 'bob', displayName: 'Bob' };

export function logObligations({ describe, test, store }: Subject): void {
  /** So many messages, one envelope each, committed one minute apart. */
  const talk = (ticketId: string, count: number) =>
    store().commit(range(1, count).map((n) => chatCommit(ticketId, `${n}`, { at: noon + n * 60_000 })));
  const all = -Infinity;

  test('of a ticket that was never written to is empty and has an epoch that stays', async () => {
    const position = await store().position('quiet');
    expect(position).toEqual({ epoch: position.epoch, seq: 0, first: 1 });
    expect(/^[\w-]{8,}$/.test(position.epoch)).toBe(true);
    expect(await store().log('quiet', 0, 10)).toEqual({ ...position, items: [] });
    expect(await store().state('quiet', 10)).toMatchObject(position);
    const [result] = await store().commit([chatCommit('quiet', 'no longer')]);
    expect(result).toMatchObject({ ok: true, envelopes: [{ epoch: position.epoch, seq: 1 }] });
  });

  test('gets its epoch from log too', async () => {
    const { epoch } = await store().log('quiet', 0, 10);
    expect(await store().position('quiet')).toEqual({ epoch, seq: 0, first: 1 });
  });

  test('gets its epoch from state too', async () => {
    const { epoch } = await store().state('quiet', 10);
    expect(await store().position('quiet')).toEqual({ epoch, seq: 0, first: 1 });
  });

  test('has an epoch of its own in each ticket', async () => {
    const epochs = await Promise.all(range(1, 20).map((n) => store().position(`t${n}`)));
    expect(new Set(epochs.map(({ epoch }) => epoch)).size).toBe(20);
  });

  test('is read from any place in pieces of any size, each with where the log stands', async () => {
    await talk('ticket', 7);
    await talk('other', 2);
    const read = async (after: number, limit: number) => {
      const { items, seq, first } = await store().log('ticket', after, limit);
      expect({ seq, first }).toEqual({ seq: 7, first: 1 });
      return seqs(items);
    };
    expect(await read(0, 3)).toEqual([1, 2, 3]);
    expect(await read(3, 3)).toEqual([4, 5, 6]);
    expect(await read(6, 3)).toEqual([7]);
    expect(await read(0, 100)).toEqual(range(1, 7));
    expect(await read(7, 3)).toEqual([]);
    expect(await read(99, 3)).toEqual([]);
    expect(await read(0, 0)).toEqual([]);
    expect(await read(0, -1)).toEqual([]);
  });

  describe('of a request with much to show', () => {
    const shown = (word: string) => ({ tool_name: 'block_ip', tool_args: { list: word.repeat(1_000) } });
    const request = requestRecord({
      payload: shown('first'),
      policy: { users: range(1, 50).map((n) => `user-${n}`) },
    });
    const amended = { ...request, revision: 2, payload: shown('other') };
    const envelopes = [
      hitlRequest('hitl_request_pending', request, noon),
      hitlRequest('hitl_request_updated', { ...request, claim: { by, at: noon, until: noon + 1 } }, noon),
      hitlRequest('hitl_request_updated', amended, noon),
      hitlRequest('hitl_request_updated', { ...amended, claim: { by, at: noon, until: noon + 2 } }, noon),
    ];
    const bodies = async (after: number) => {
      const { items } = await store().log('ticket', after, 10);
      return items.map(({ ticket_id: _ticket, epoch: _epoch, seq: _seq, ...body }) => body);
    };
    const testOf = prepared(test, async () => {
      await store().commit([commitTo('ticket', { envelopes: envelopes.slice(0, 2) })]);
      await store().commit([commitTo('ticket', { envelopes: envelopes.slice(2) })]);
    });

    testOf('has each envelope as it was, with what was shown then, also from the middle', async () => {
      expect(await bodies(0)).toEqual(envelopes);
      expect(await bodies(1)).toEqual(envelopes.slice(1));
      // To the order of the fields.
      expect((await bodies(0)).map((each) => JSON.stringify(each))).toEqual(
        envelopes.map((each) => JSON.stringify(each)),
      );
    });

    testOf('has them too when the first that showed it is trimmed', async () => {
      for (const after of [1, 2, 3]) {
        await store().trim('ticket', 4 - after, all);
        expect(await bodies(0)).toEqual(envelopes.slice(after));
      }
      await store().trim('ticket', 0, all);
      await store().commit([commitTo('ticket', { envelopes })]);
      expect(await bodies(0)).toEqual(envelopes);
    });

    testOf('has them too in another ticket, of which it knows nothing', async () => {
      await store().commit([commitTo('other', { envelopes: envelopes.slice(3) })]);
      await store().trim('ticket', 0, all);
      expect((await store().log('other', 0, 10)).items).toMatchObject([envelopes[3] ?? {}]);
    });
  });

  test('is read as a copy', async () => {
    await talk('ticket', 1);
    const { items } = await store().log('ticket', 0, 1);
    for (const item of items) item.timestamp = 'changed';
    expect((await store().log('ticket', 0, 1)).items[0]?.timestamp === 'changed').toBe(false);
  });

  test('is read at one moment with its position, while others write', async () => {
    const reads = range(1, 20).map(async (n) => {
      const writing = talk('ticket', 3);
      const reading = store().log('ticket', 0, 1_000);
      const { seq, items } = await reading;
      expect(seqs(items)).toEqual(range(1, seq));
      await writing;
      return n;
    });
    await Promise.all(reads);
    expect((await store().position('ticket')).seq).toBe(60);
  });

  describe('trimmed', () => {
    test('to a number leaves the last ones, and seq goes on', async () => {
      await talk('ticket', 10);
      const before = await store().position('ticket');
      await store().trim('ticket', 4, all);
      expect(await store().position('ticket')).toEqual({ ...before, first: 7 });
      expect(seqs((await store().log('ticket', 0, 2)).items)).toEqual([7, 8]);
      expect(seqs((await store().log('ticket', 8, 100)).items)).toEqual([9, 10]);
      const [next] = await store().commit([chatCommit('ticket', 'next')]);
      expect(next).toMatchObject({ envelopes: [{ seq: 11, epoch: before.epoch }] });
    });

    test('to an age drops what was committed before', async () => {
      await talk('ticket', 10);
      await store().trim('ticket', 100, noon + 3 * 60_000);
      expect(await store().log('ticket', 0, 1)).toMatchObject({ first: 3, items: [{ seq: 3 }] });
    });

    test('to a number and an age leaves only what both would leave', async () => {
      await talk('ticket', 10);
      await store().trim('ticket', 4, noon + 3 * 60_000);
      expect((await store().position('ticket')).first).toBe(7);
      await store().trim('ticket', 4, noon + 9 * 60_000);
      expect((await store().position('ticket')).first).toBe(9);
    });

    test('to an age leaves no gap where the clock went back', async () => {
      const at = [5, 9, 2, 9].map((minute) => noon + minute * 60_000);
      await store().commit(at.map((time) => chatCommit('ticket', 'a', { at: time })));
      await store().trim('ticket', 100, noon + 4 * 60_000);
      const { first, items } = await store().log('ticket', 0, 10);
      expect({ first, seqs: seqs(items) }).toEqual({ first: 4, seqs: [4] });
    });

    test('to nothing is empty with first = seq + 1, and may be trimmed again', async () => {
      await talk('ticket', 3);
      await store().trim('ticket', 0, all);
      await store().trim('ticket', 2, all);
      expect(await store().log('ticket', 0, 10)).toMatchObject({ seq: 3, first: 4, items: [] });
      await talk('ticket', 2);
      expect(await store().log('ticket', 0, 10)).toMatchObject({
        seq: 5,
        first: 4,
        items: [{ seq: 4 }, { seq: 5 }],
      });
    });

    test('drops nothing of the records, of another ticket, or of what is short and new enough', async () => {
      const request = requestRecord();
      await store().commit([requestsCommit(request)]);
      await talk('ticket', 3);
      await talk('other', 3);
      await store().trim('other', 3, noon);
      expect((await store().position('other')).first).toBe(1);
      await store().trim('ticket', 0, all);
      await store().trim('nowhere', 0, all);
      const { messages, requests } = await store().state('ticket', 10);
      expect({ messages: messages.length, requests }).toEqual({ messages: 3, requests: [request] });
      expect((await store().log('other', 0, 10)).items).toHaveLength(3);
    });
  });
}
