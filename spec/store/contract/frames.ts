/** Part of the store contract: how long the answer to a frame is remembered. */
import type { Commit } from '../../../lib/store/store';
import { commitTo } from '../records';
import { range, type Subject } from './subject';

/** As `Store.processedFrame` states. */
const remembered = 10_000;

export function frameObligations({ store }: Subject): void {
  const framed = (userId: string, n: number): Commit =>
    commitTo('ticket', { frame: { userId, frameId: `f${n}`, ack: { n } } });

  test('one that nobody sent has no answer', async () => {
    expect(await store().processedFrame('ann', 'f1')).toBeUndefined();
  });

  test(`the last ${remembered} of each user are remembered, the one before them is forgotten`, async () => {
    await store().commit([framed('bob', 1)]);
    await store().commit(range(1, remembered).map((n) => framed('ann', n)));
    expect(await store().processedFrame('ann', 'f1')).toEqual({ n: 1 });

    await store().commit([framed('ann', remembered + 1)]);
    expect(await store().processedFrame('ann', 'f1')).toBeUndefined();
    expect(await store().processedFrame('ann', 'f2')).toEqual({ n: 2 });
    expect(await store().processedFrame('ann', `f${remembered + 1}`)).toEqual({ n: remembered + 1 });
    expect(await store().processedFrame('bob', 'f1')).toEqual({ n: 1 });

    const [again] = await store().commit([framed('ann', 1)]);
    expect(again).toMatchObject({ ok: true });
    expect(await store().processedFrame('ann', 'f2')).toBeUndefined();
  });
}
