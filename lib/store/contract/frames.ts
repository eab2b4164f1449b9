/** Part of the store contract: how long the answer to a frame is remembered. */
import type { Commit } from '../store';
import { expect } from './expect';
import { commitTo } from './samples';
import { range, type Subject } from './subject';

/** As `Store.processedFrame` states. */
const remembered = 10_000;
const most = 11_000;

export function frameObligations({ test, store }: Subject): void {
  const framed = (userId: string, n: number): Commit =>
    commitTo('ticket', { frame: { userId, frameId: `f${n}`, ack: { n } } });

  test('one that was never sent has no answer', async () => {
    expect(await store().processedFrame('ann', 'f1')).toBeUndefined();
  });

  test(`the last ${remembered} of each user are remembered, and of those before them at most ${most - remembered}`, async () => {
    await store().commit([framed('bob', 1)]);
    await store().commit(range(1, remembered).map((n) => framed('ann', n)));
    expect(await store().processedFrame('ann', 'f1')).toEqual({ n: 1 });

    await store().commit(range(remembered + 1, most).map((n) => framed('ann', n)));
    const oldest = most - remembered + 1;
    expect(await store().processedFrame('ann', 'f1')).toBeUndefined();
    expect(await store().processedFrame('ann', `f${oldest - 1}`)).toBeUndefined();
    expect(await store().processedFrame('ann', `f${oldest}`)).toEqual({ n: oldest });
    expect(await store().processedFrame('ann', `f${most}`)).toEqual({ n: most });
    expect(await store().processedFrame('bob', 'f1')).toEqual({ n: 1 });

    const [again] = await store().commit([framed('ann', 1)]);
    expect(again).toMatchObject({ ok: true });
    expect(await store().processedFrame('ann', 'f1')).toEqual({ n: 1 });
  });

  test('dropping goes on in the same steps', async () => {
    const after = most + 1_000;
    await store().commit(range(1, after).map((n) => framed('ann', n)));
    expect(await store().processedFrame('ann', `f${after - remembered}`)).toBeUndefined();
    expect(await store().processedFrame('ann', `f${after - remembered + 1}`)).toEqual({
      n: after - remembered + 1,
    });
  });
}
