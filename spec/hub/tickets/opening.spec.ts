import { maxPageBytes, maxReplayBytes, openingFor, openingPage } from '../../../lib/hub/tickets/opening';
import { sessionMessageAdded } from '../../../lib/protocol/envelopes';
import type { RequestRecord } from '../../../lib/protocol/records';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import { maxLogBytes, maxStateBytes } from '../../../lib/store/shared/limits';
import { commitTo, messageRecord, noon, requestRecord, requestsCommit } from '../../store/records';

describe('What a client is sent when it joins', () => {
  /** Less than a quarter, since a record is more than its content. */
  const quarter = 'x'.repeat(maxLogBytes / 4 - 1_000);
  const kept = async (contents: readonly string[], requests: readonly RequestRecord[] = []) => {
    const store = memoryStore();
    await store.open();
    await store.commit([
      ...contents.map((content) => {
        const message = messageRecord({ content });
        return commitTo('ticket', { messages: [message], envelopes: [sessionMessageAdded(message, 1)] });
      }),
      ...requests.map((request) => requestsCommit(request)),
    ]);
    return store;
  };
  const open = async (contents: readonly string[], after?: number) => {
    const store = await kept(contents);
    const { epoch } = await store.position('ticket');
    return openingFor(store, 'ticket', after === undefined ? undefined : { epoch, seq: after }, [], 1);
  };

  it('has the newest messages that fit, in order', async () => {
    const opening = await open(['x'.repeat(10_000), quarter, quarter, quarter, `${quarter.slice(4)}last`]);
    const messages = 'snapshot' in opening ? opening.snapshot.messages : [];
    expect(messages.map(({ content }) => content.slice(-4))).toEqual(['xxxx', 'xxxx', 'xxxx', 'last']);
  });

  it('has all messages where all fit', async () => {
    const opening = await open(['first', 'second']);
    expect('snapshot' in opening && opening.snapshot.messages).toHaveLength(2);
  });

  it('is a snapshot where what was missed is larger than an opening may be, whatever it contains', async () => {
    const large = 'x'.repeat(maxReplayBytes / 4 - 1_000);
    const contents = [large, large, large, large, 'x'.repeat(10_000)];
    expect(await open(contents, 0)).toHaveProperty('snapshot');
    expect(await open(contents, 1)).toHaveProperty('missed.length', 4);
    // Three bytes of UTF-8 each, and one character.
    const wide = '…'.repeat(maxReplayBytes / 12 - 1_000);
    expect(await open([wide, wide, wide, wide, '…'.repeat(10_000)], 0)).toHaveProperty('snapshot');
  });

  it('has the oldest requests that fit, and the others page by page, each once', async () => {
    const requests = Array.from({ length: 80 }, (_, n) =>
      requestRecord({
        id: `request-${String(n).padStart(2, '0')}`,
        createdAt: noon + n,
        payload: { tool_name: 'block_ip', tool_args: { list: 'x'.repeat(100_000) } },
      }),
    );
    const store = await kept([], requests);
    const opening = await openingFor(store, 'ticket', undefined, [], noon);
    if (!('snapshot' in opening)) throw new Error('nothing was missed');
    const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
    expect(bytes(opening.snapshot)).toBeLessThan(maxStateBytes);
    expect(opening.snapshot).toMatchObject({ more_requests: true });
    const told = opening.snapshot.requests.map(({ id }) => id);
    expect(told).toHaveLength(10);
    let { more } = opening;
    while (more !== undefined) {
      const next = await openingPage(store, 'ticket', more, noon);
      expect(bytes(next.page)).toBeLessThan(maxPageBytes);
      expect(next.page.more_requests).toBe(next.more !== undefined);
      told.push(...next.page.requests.map(({ id }) => id));
      more = next.more;
    }
    expect(told).toEqual(requests.map(({ id }) => id));
  });
});
