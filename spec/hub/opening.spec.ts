import { maxReplayChars, maxSnapshotChars, openingFor } from '../../lib/hub/opening';
import { sessionMessageAdded } from '../../lib/protocol/envelopes';
import { memoryStore } from '../../lib/store/memory';
import { commitTo, messageRecord } from '../store/records';

describe('what a client is told when it comes in', () => {
  const quarter = 'x'.repeat(maxSnapshotChars / 4);
  const kept = async (contents: readonly string[]) => {
    const store = memoryStore();
    await store.open();
    await store.commit(
      contents.map((content) => {
        const message = messageRecord({ content });
        return commitTo('ticket', { messages: [message], envelopes: [sessionMessageAdded(message, 1)] });
      }),
    );
    return store;
  };
  const open = async (contents: readonly string[], after?: number) => {
    const store = await kept(contents);
    const { epoch } = await store.position('ticket');
    return openingFor(store, 'ticket', after === undefined ? undefined : { epoch, seq: after }, [], 1);
  };

  it('has the newest messages that fit, in order', async () => {
    const opening = await open(['first', quarter, quarter, quarter, `${quarter.slice(4)}last`]);
    const messages = 'snapshot' in opening ? opening.snapshot.messages : [];
    expect(messages.map(({ content }) => content.slice(-4))).toEqual(['xxxx', 'xxxx', 'xxxx', 'last']);
  });

  it('has all messages where all fit', async () => {
    const opening = await open(['first', 'second']);
    expect('snapshot' in opening && opening.snapshot.messages).toHaveLength(2);
  });

  it('is a snapshot where what was missed is larger than an opening may be', async () => {
    const large = 'x'.repeat(maxReplayChars / 4);
    const contents = [large, large, large, large, 'one more'];
    expect(await open(contents, 0)).toHaveProperty('snapshot');
    expect(await open(contents, 1)).toHaveProperty('missed.length', 4);
  });
});
