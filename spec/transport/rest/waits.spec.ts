/** How many may wait at once, counted by service and over all. */
import { EventEmitter } from 'node:events';
import type { Response } from 'express';
import { portOf } from '../../../lib/hub/hub';
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';
import { Waits } from '../../../lib/transport/rest/waits';

let hub: TestHub;
afterEach(() => hub.close());

test('one more than allowed is busy, of a service or of all together, and there is room again afterwards', async () => {
  hub = await startTestHub();
  const { id } = await portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'a',
    type: 'question',
    payload: { question: 'Go?' },
  });
  const waits = new Waits({ hub: portOf(hub.hub), clock: hub.clock }, { perService: 2, total: 3 });
  // Of the answer only its closing is heard.
  const wait = (service: string) => waits.wait(service, id, 1_000, new EventEmitter() as Response);
  const held = [wait('a'), wait('a'), wait('b')];
  expect(waits.size).toBe(3);
  await expect(wait('a')).rejects.toMatchObject({ code: 'busy' });
  await expect(wait('b')).rejects.toMatchObject({ code: 'busy' });
  await hub.advance('1s');
  expect(await Promise.all(held)).toEqual([undefined, undefined, undefined]);
  expect(waits.size).toBe(0);
  const again = wait('a');
  await portOf(hub.hub).hitl.respond(id, { by: { id: 'bob' }, status: 'denied' });
  expect(await again).toMatchObject({ status: 'denied' });
  await expect(waits.wait('a', 'none', 1_000, new EventEmitter() as Response)).rejects.toMatchObject({
    code: 'not_found',
  });
  expect(waits.size).toBe(0);
});
