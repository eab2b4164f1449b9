import { givenAck, minLeftOut, storedAck } from '../../../lib/hub/requests/request-ack';
import { requestView } from '../../../lib/protocol/request-view';
import { noon, requestRecord } from '../../store/records';

describe('The ack of a frame about a request', () => {
  const large = { tool_name: 'block_ip', tool_args: { list: 'x'.repeat(minLeftOut) } };
  const record = requestRecord({
    payload: large,
    responseSchema: { type: 'object', description: 'y'.repeat(minLeftOut) },
  });
  const asRead = (stored: object) => JSON.parse(JSON.stringify(stored));

  it('is stored without what is large, and given again as it was', async () => {
    const stored = asRead(storedAck(record, noon));
    expect(JSON.stringify(stored).length).toBeLessThan(minLeftOut);
    // What has changed in the meantime is not what the frame has done.
    const later = { ...record, status: 'approved' as const, verdicts: [], reason: 'later' };
    const given = await givenAck(stored, async () => later);
    expect(asRead(given)).toEqual({ hitl: requestView(record, noon) });
  });

  it('has nothing of another revision', async () => {
    const amended = { ...record, revision: 2, payload: { tool_name: 'other' } };
    const { hitl } = asRead(await givenAck(asRead(storedAck(record, noon)), async () => amended));
    expect(hitl).toMatchObject({ id: record.id, revision: 1, digest: record.digest });
    expect(hitl).not.toHaveProperty('payload');
    expect(hitl).not.toHaveProperty('response_schema');
  });

  it('of a small request, and of what is no request, is stored and given as it is, and nothing is read', async () => {
    const never = async () => {
      throw new Error('read for nothing');
    };
    const small = requestRecord();
    const stored = asRead(storedAck(small, noon));
    expect(stored).toEqual({ hitl: requestView(small, noon) });
    expect(await givenAck(stored, never)).toEqual(stored);
    expect(await givenAck({ turn_id: 't' }, never)).toEqual({ turn_id: 't' });
  });
});
