/** What small frames make of a database when the request they are about is large. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { portOf } from '../../../lib/hub/hub';
import { sqliteStore } from '../../../lib/store/sqlite/sqlite-store';
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';

let folder: string;
let hub: TestHub;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hitl-growth-'));
  hub = await startTestHub({ makeStore: () => sqliteStore(join(folder, 'hitl.db')) });
});
afterEach(async () => {
  await hub.close();
  rmSync(folder, { recursive: true });
});

/** Bytes of the database once everything is in its one file. */
async function size(): Promise<number> {
  await hub.restart();
  return statSync(join(folder, 'hitl.db')).size;
}

test('72 claims and releases of a request of 250 kB grow the database by little, and are sent and replayed whole', async () => {
  const payload = { tool_name: 'block_ip', tool_args: { list: 'x'.repeat(250_000) } };
  const { id } = await portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's-1',
    userId: 'agent',
    type: 'tool_approval',
    payload,
  });
  const before = await size();
  const alice = await hub.connect({ user: 'alice' });
  const { epoch, seq } = await alice.next('welcome');
  for (let n = 1; n <= 36; n += 1) {
    const claimed = await alice.ask({ type: 'hitl_claim', id: `claim-${n}`, request_id: id });
    expect(claimed).toMatchObject({ event: 'ack', hitl: { claimed_by: { user_id: 'alice' }, payload } });
    const released = await alice.ask({ type: 'hitl_release', id: `release-${n}`, request_id: id });
    expect(released).toMatchObject({ event: 'ack', hitl: { payload } });
  }
  await alice.next((frame) => frame.seq === seq + 72);
  const live = alice.all('hitl_request_updated');
  const after = await size();
  // The request itself is written beside what it was before, and takes the place of that with the next change.
  expect(after - before).toBeLessThan(1_000_000);

  // After a restart the same envelopes and the same ack as before.
  const again = await hub.connect({ user: 'alice', tab: 'again', after: `${epoch}:${seq + 69}` });
  await again.next((frame) => frame.seq === seq + 72 && frame.event === 'hitl_request_updated');
  expect(again.all('hitl_request_updated')).toEqual(live.slice(69));
  const first = alice.received.find((frame) => frame.re === 'claim-1');
  expect(await again.ask({ type: 'hitl_claim', id: 'claim-1', request_id: id })).toEqual(first);
});
