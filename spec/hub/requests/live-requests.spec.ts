import { portOf } from '../../../lib/hub/hub';
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';

describe('A request that is stored', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await startTestHub();
  });
  afterEach(() => hub.close());

  const hitl = () => portOf(hub.hub).hitl;
  const ask = (more: object = {}) => {
    const payload = { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } };
    return hitl().request({
      ...{ ticketId: 'T-1', sessionId: 's', type: 'tool_approval', payload, userId: 'rita' },
      ...more,
    });
  };
  const approve = (id: string) => hitl().respond(id, { by: { id: 'ann' }, status: 'approved' });
  const stored = async (id: string) => {
    const found = await hub.store.request(id);
    if (!found) throw new Error('It is not stored');
    return found;
  };

  it('has nothing beside its record but the deadlines it waits for', async () => {
    const plain = await ask();
    const reminded = await ask({ remindIn: '5m', escalate: { after: '1h', to: { users: ['bob'] } } });
    expect(await stored(plain.id)).not.toHaveProperty('snapshot');
    const { createdAt } = reminded;
    const deadlines = {
      remindAt: [createdAt + 300_000],
      escalateAt: createdAt + 3_600_000,
      escalateTo: { users: ['bob'] },
    };
    expect((await stored(reminded.id)).snapshot).toEqual({ version: 3, context: deadlines });
    await approve(reminded.id);
    expect(await stored(reminded.id)).not.toHaveProperty('snapshot');
  });

  it('is named as damaged where what is stored contradicts itself, and others are answered', async () => {
    const [bad, good] = [await ask(), await ask()];
    const { record, version } = await stored(bad.id);
    const snapshot = { version: 3, value: { resolved: 'denied' } };
    await hub.store.commit([
      { ticketId: 'T-1', at: 0, requests: [{ record, snapshot, version }], envelopes: [] },
    ]);
    await hub.restart();
    await expect(approve(bad.id)).rejects.toMatchObject({
      code: 'storage_failed',
      details: { table: 'requests', id: bad.id },
    });
    expect(await stored(bad.id)).toEqual({ record, snapshot, version: version + 1 });
    expect(await approve(good.id)).toMatchObject({ status: 'approved' });
  });
});
