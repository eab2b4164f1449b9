/** Part of the store contract: the outbox of the channels, stored with the commit, one delivery per channel and request. */
import type { DeliveryWrite } from '../store';
import { expect } from './expect';
import { chatCommit, commitTo, noon, requestRecord, requestsCommit } from './samples';
import { outcomes, range, type Subject } from './subject';

const present: DeliveryWrite = { channel: 'mail', requestId: 'r-1', event: 'present', version: 1 };
const update: DeliveryWrite = { ...present, event: 'update', version: 2 };
const settle: DeliveryWrite = { ...present, event: 'settle', version: 3 };

export function deliveryObligations({ test, store }: Subject): void {
  const write = async (deliveries: DeliveryWrite[], at = noon) =>
    expect(outcomes(await store().commit([commitTo('ticket', { at, deliveries })]))).toEqual([[]]);
  const bury = (tried: DeliveryWrite, deadAt = noon) =>
    store().noteDelivery(tried, { attempts: 1, deadAt, error: 'gone' });

  test('wait for their channel, the earliest due first, up to the limit', async () => {
    await write([{ ...present, requestId: 'r-2' }], noon + 1);
    await write([present, { ...present, channel: 'chat' }]);
    expect(await store().deliveries('mail', 10)).toEqual([
      { ...present, attempts: 0, dueAt: noon },
      { ...present, requestId: 'r-2', attempts: 0, dueAt: noon + 1 },
    ]);
    expect(await store().deliveries('mail', 1)).toHaveLength(1);
    expect(await store().deliveries('chat', 10)).toHaveLength(1);
    expect(await store().deliveries('fax', 10)).toEqual([]);
  });

  test('are stored with their commit, and not at all with one that is refused', async () => {
    const frame = { userId: 'ann', frameId: 'f', ack: {} };
    await store().commit([chatCommit('ticket', 'first', { frame })]);
    const refused = chatCommit('ticket', 'again', { frame, deliveries: [present] });
    expect(outcomes(await store().commit([refused]))).toEqual(['duplicate_id']);
    expect(await store().deliveries('mail', 10)).toEqual([]);
    const record = requestRecord();
    await store().commit([{ ...requestsCommit(record), deliveries: [present] }]);
    expect(await store().deliveries('mail', 10)).toHaveLength(1);
  });

  test('take the place of an older one; a card that was never seen is presented as it is now', async () => {
    await write([present]);
    await write([update], noon + 5);
    expect(await store().deliveries('mail', 10)).toEqual([
      { ...update, event: 'present', attempts: 0, dueAt: noon + 5 },
    ]);
    await write([settle], noon + 6);
    expect(await store().deliveries('mail', 10)).toEqual([{ ...settle, attempts: 0, dueAt: noon + 6 }]);
  });

  test('are gone once they are delivered', async () => {
    await write([present]);
    expect(await store().noteDelivery(present, 'delivered')).toBe(true);
    expect(await store().deliveries('mail', 10)).toEqual([]);
    expect(await store().noteDelivery(present, 'delivered')).toBe(false);
  });

  test('stay if a newer one came meanwhile, which updates what was just presented', async () => {
    await write([present]);
    await write([update]);
    expect(await store().noteDelivery(present, { attempts: 9, dueAt: noon + 9 })).toBe(false);
    expect(await bury(present)).toBe(false);
    expect(await store().noteDelivery(present, 'delivered')).toBe(false);
    expect(await store().deliveries('mail', 10)).toEqual([{ ...update, attempts: 0, dueAt: noon }]);
    await write([settle]);
    expect(await store().noteDelivery(update, 'delivered')).toBe(false);
    expect(await store().deliveries('mail', 10)).toEqual([{ ...settle, attempts: 0, dueAt: noon }]);
  });

  test('wait longer once they have failed, and begin again with what comes next', async () => {
    await write([present]);
    expect(await store().noteDelivery(present, { attempts: 1, dueAt: noon + 7 })).toBe(true);
    expect(await store().deliveries('mail', 10)).toEqual([{ ...present, attempts: 1, dueAt: noon + 7 }]);
    await write([update], noon + 1);
    expect(await store().deliveries('mail', 10)).toMatchObject([{ attempts: 0, dueAt: noon + 1 }]);
  });

  test('that were given up wait no more, are listed, and come back with the next change', async () => {
    await write([present, { ...present, channel: 'chat' }]);
    expect(await bury(present)).toBe(true);
    expect(await bury({ ...present, channel: 'chat' }, noon + 1)).toBe(true);
    expect(await store().deliveries('mail', 10)).toEqual([]);
    expect(await store().deadDeliveries(10)).toEqual([
      { ...present, channel: 'chat', attempts: 1, deadAt: noon + 1, error: 'gone' },
      { ...present, attempts: 1, deadAt: noon, error: 'gone' },
    ]);
    expect(await store().deadDeliveries(1)).toHaveLength(1);
    await write([settle], noon + 2);
    expect(await store().deadDeliveries(10)).toMatchObject([{ channel: 'chat' }]);
    expect(await store().deliveries('mail', 10)).toEqual([{ ...settle, attempts: 0, dueAt: noon + 2 }]);
  });

  test('that were given up are stored up to the last 1,000', async () => {
    const many = range(1, 1_002).map((n) => ({ ...present, requestId: `r-${n}` }));
    await write(many);
    for (const [n, each] of many.entries()) await bury(each, noon + n);
    const dead = await store().deadDeliveries(5_000);
    expect(dead).toHaveLength(1_000);
    expect([dead[0]?.requestId, dead[999]?.requestId]).toEqual(['r-1002', 'r-3']);
  });
}
