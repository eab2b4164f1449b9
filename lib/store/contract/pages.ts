/** Part of the store contract: pages end after so many bytes. */
import { hitlRequest } from '../../protocol/envelopes';
import { maxLogBytes, maxPageBytes, maxStateBytes } from '../shared/limits';
import type { Page } from '../store';
import { expect } from './expect';
import { auditRecord, commitTo, messageRecord, noon, requestRecord, requestWrite } from './samples';
import { ids, prepared, range, type Subject, seqs } from './subject';

export function pageObligations({ test: plainTest, store }: Subject): void {
  const count = 12;
  /** Four of them make a page of a list; and of a log, a quarter of each. */
  const large = 'x'.repeat(maxPageBytes / 4 - 1_000);
  const line = 'x'.repeat(maxLogBytes / 4 - 1_000);
  const names = range(1, count).map((n) => `request-${String(n).padStart(2, '0')}`);
  const requests = names.map((id, n) =>
    requestRecord({ id, createdAt: noon + n, payload: { tool_name: 'tool', tool_args: { large, id } } }),
  );
  const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

  const test = prepared(plainTest, async () => {
    for (const record of requests)
      await store().commit([
        commitTo('ticket', {
          requests: [
            requestWrite(record, {
              answerers: { users: ['ann'], except: [] },
            }),
          ],
          envelopes: [
            hitlRequest('hitl_request_pending', { ...record, payload: { line, id: record.id } }, noon),
          ],
          messages: [messageRecord({ id: `message-${record.id}`, content: line })],
          audit: [auditRecord({ requestId: record.id, reason: large })],
        }),
      ]);
  });

  /** Every page to the last one. */
  async function all<T>(read: (cursor?: string) => Promise<Page<T>>): Promise<(readonly T[])[]> {
    const pages: (readonly T[])[] = [];
    for (let cursor: string | undefined; pages.length === 0 || cursor !== undefined; ) {
      const { items, nextCursor } = await read(cursor);
      pages.push(items);
      cursor = nextCursor;
    }
    return pages;
  }

  const lists: readonly [string, (cursor?: string) => Promise<Page<{ id?: string; requestId?: string }>>][] =
    [
      ['of requests', (cursor) => store().requests({}, 200, cursor)],
      [
        'of pending requests of a ticket',
        (cursor) => store().requests({ ticketId: 'ticket', status: 'pending' }, 200, cursor),
      ],
      [
        'of an inbox',
        (cursor) => store().inbox({ userId: 'ann', groups: [], tickets: 'all' }, {}, 'oldest', 200, cursor),
      ],
      ['of the audit', (cursor) => store().audit({ ticketId: 'ticket' }, 200, cursor)],
    ];
  for (const [name, read] of lists)
    test(`${name} has what fits, and the others follow`, async () => {
      const pages = await all(read);
      expect(pages.map((page) => page.length)).toEqual([4, 4, 4]);
      for (const page of pages) expect(bytesOf(page)).toBeLessThanOrEqual(maxPageBytes);
      expect(pages.flat().map(({ id, requestId }) => requestId ?? id)).toEqual(names);
    });

  test('of requests is smaller where the reader asks for less', async () => {
    const of = { ticketId: 'ticket', status: 'pending' } as const;
    const pages = await all((cursor) => store().requests(of, 200, cursor, maxPageBytes / 2));
    expect(pages.map((page) => page.length)).toEqual([2, 2, 2, 2, 2, 2]);
  });

  test('of the log counts whole envelopes, whatever is stored apart', async () => {
    const log = (after: number, maxBytes: number | undefined = maxLogBytes) =>
      store().log('ticket', after, 500, maxBytes);
    expect(seqs((await log(0)).items)).toEqual([1, 2, 3, 4]);
    expect(seqs((await log(4)).items)).toEqual([5, 6, 7, 8]);
    expect(seqs((await log(0, 10 * maxLogBytes)).items)).toEqual(range(1, count));
    expect(seqs((await store().log('ticket', 0, 500)).items)).toEqual(range(1, count));
    // The same payload twelve times over.
    const same = requestRecord({ payload: { line } });
    const envelopes = range(1, count).map(() => hitlRequest('hitl_request_updated', same, noon));
    await store().commit([commitTo('ticket', { envelopes })]);
    expect(seqs((await log(count)).items)).toEqual(range(count + 1, count + 4));
  });

  test('with one item that is larger than a page has that alone', async () => {
    const content = 'x'.repeat(2 * maxPageBytes);
    const record = requestRecord({
      id: 'a-large-one',
      ticketId: 'large',
      payload: { content },
    });
    const commit = {
      requests: [requestWrite(record)],
      envelopes: [hitlRequest('hitl_request_pending', record, noon)],
    };
    await store().commit([
      commitTo('large', commit),
      commitTo('large', { messages: [messageRecord({ ticketId: 'large', content })] }),
    ]);
    expect((await store().log('large', 0, 10)).items).toHaveLength(1);
    expect(ids((await store().requests({ ticketId: 'large' }, 200)).items)).toEqual([record.id]);
    expect(await store().state('large', 10)).toMatchObject({
      messages: [{ content }],
      requests: [{ id: record.id }],
    });
  });

  test('of a state has the newest messages and the oldest requests that fit, and says where these end', async () => {
    const { messages, requests: pending, nextCursor } = await store().state('ticket', 200);
    expect(ids(messages)).toEqual(names.slice(-4).map((id) => `message-${id}`));
    expect(ids(pending)).toEqual(names.slice(0, 1));
    expect(bytesOf(pending)).toBeLessThanOrEqual(maxStateBytes);
    const rest = await store().requests({ ticketId: 'ticket', status: 'pending' }, 3, nextCursor);
    expect(ids(rest.items)).toEqual(names.slice(1, 4));
    expect('nextCursor' in (await store().state('other', 200))).toBe(false);
  });
}
