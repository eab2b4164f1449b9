import { isDeepStrictEqual } from 'node:util';
import { requestRecord as projected } from '../../../lib/actors/hitl-request';
import { LiveRequest } from '../../../lib/hub/requests/live-request';
import { givenAck, minLeftOut, storedAck } from '../../../lib/hub/requests/request-ack';
import type { RequestRecord } from '../../../lib/protocol/records';
import { requestView } from '../../../lib/protocol/request-view';
import { livesOf } from '../../models/request-lives';
import { requests } from '../../models/request-rules';
import { noon, requestRecord } from '../../store/records';

const asRead = (stored: object) => JSON.parse(JSON.stringify(stored));
const never = async () => {
  throw new Error('read for nothing');
};
const ackOf = (record: RequestRecord) => asRead({ hitl: requestView(record, noon) });
const ann = { userId: 'ann', displayName: 'Ann' };
/** A tool approval as most are, once it is approved, by one person. */
const approved = requestRecord({
  ...{ id: '0197727f2c00abcdefgh', status: 'approved', turnId: 'turn', messageId: 'message' },
  ...{ respondedBy: ann, respondedAt: noon, response: { comment: 'because' }, approvedDigest: 'digest' },
  verdicts: [{ by: ann, at: noon, status: 'approved', stage: 0, comment: 'because' }],
});

describe('The ack of a frame about a request', () => {
  const large = { tool_name: 'block_ip', tool_args: { list: 'x'.repeat(minLeftOut) } };
  const responseSchema = { type: 'object', description: 'y'.repeat(minLeftOut) };
  const pending = requestRecord({ payload: large, responseSchema });

  it('of a settled one is stored as its name, and given again as it was, whatever its record says later', async () => {
    const stored = asRead(storedAck(approved));
    expect(stored).toEqual({ request: { id: approved.id } });
    const run = { state: 'executed' as const, runId: 'run', startedAt: noon, until: noon, endedAt: noon };
    for (const later of [approved, { ...approved, execution: run }, { ...approved, key: undefined }])
      expect(asRead(await givenAck(stored, async () => later))).toEqual(ackOf(approved));
  });

  it('has what may change of a settled one: its asker, its execution, and the grant it gave', async () => {
    const grant = { id: 'g', scope: 'ticket' as const, args: 'any' as const, expiresAt: noon + 1 };
    const before = { ...approved, grant, asker: 'gone' as const };
    const stored = asRead(storedAck(before));
    const revoked = { ...grant, revokedAt: noon, revokedBy: ann };
    const later = { ...approved, grant: revoked };
    expect(asRead(await givenAck(stored, async () => later))).toEqual(ackOf(before));
    expect(asRead(await givenAck(asRead(storedAck(later)), async () => later))).toEqual(ackOf(later));
  });

  it('of a pending one is stored without what is large, and given again as it was', async () => {
    const claim = { by: ann, at: noon, until: noon + 1 };
    const before = { ...pending, claim, policy: { users: ['ann'] }, turnId: 'turn', expiresAt: noon + 9 };
    const stored = asRead(storedAck(before));
    expect(JSON.stringify(stored).length).toBeLessThan(500);
    // What has changed in the meantime is not what the frame has done.
    const { verdicts, response, respondedBy } = approved;
    const settled = { status: 'approved' as const, verdicts, response, respondedBy, reason: 'later' };
    const later = { ...before, ...settled, claim: undefined, policy: { users: ['ann', 'bob'] } };
    expect(asRead(await givenAck(stored, async () => later as RequestRecord))).toEqual(ackOf(before));
  });

  it('has nothing of another revision, but for what is small as it was', async () => {
    const amended = { ...pending, revision: 2, payload: { tool_name: 'other' }, digest: 'other' };
    const { hitl } = asRead(await givenAck(asRead(storedAck(pending)), async () => amended));
    expect(hitl).toMatchObject({ id: pending.id, revision: 1, digest: pending.digest });
    expect(hitl).not.toHaveProperty('payload');
    expect(hitl).not.toHaveProperty('response_schema');
    const small = requestRecord({ display: { title: 'Block it' } });
    const later = { ...small, revision: 2, payload: { tool_name: 'other' }, display: undefined };
    expect(asRead(await givenAck(asRead(storedAck(small)), async () => later))).toEqual(ackOf(small));
  });

  it('that was stored whole by an earlier version is given as it was', async () => {
    const { hitl } = ackOf(pending);
    const stored = { hitl: { ...hitl, payload: null, response_schema: null } };
    const later = { ...pending, status: 'approved' as const, verdicts: [], reason: 'later' };
    expect(asRead(await givenAck(stored, async () => later))).toEqual({ hitl });
    const amended = { ...pending, revision: 2, payload: { tool_name: 'other' } };
    const { payload: _payload, response_schema: _schema, ...others } = hitl;
    expect(asRead(await givenAck(stored, async () => amended))).toEqual({ hitl: others });
    const whole = ackOf(approved);
    expect(await givenAck(whole, never)).toEqual(whole);
  });

  it('of what is no request is given as it is, and nothing is read', async () => {
    expect(await givenAck({ turn_id: 't' }, never)).toEqual({ turn_id: 't' });
  });

  it('is not made up of a request that is not there', async () => {
    const stored = asRead(storedAck(approved));
    await expect(givenAck(stored, async () => undefined)).rejects.toMatchObject({
      code: 'storage_failed',
      details: { table: 'requests', id: approved.id },
    });
  });

  it.each(Object.entries(requests))(
    'is the same however long after it is asked for, whatever has happened to a request with %s',
    async (_name, rules) => {
      const differences: unknown[] = [];
      /** Lives have their beginnings in common. */
      const tried = new Set<string>();
      for (const { input, sent } of await livesOf(rules)) {
        const [live] = LiveRequest.begin(input);
        const stands = () => JSON.stringify(projected(live.snapshot));
        const texts = [stands()];
        for (const event of sent) {
          live.send(event);
          texts.push(stands());
        }
        for (const [n, then] of texts.entries()) {
          const record: RequestRecord = JSON.parse(then);
          for (const now of new Set(texts.slice(n))) {
            if (tried.has(then + now)) continue;
            tried.add(then + now);
            const given = await givenAck(asRead(storedAck(record)), async () => JSON.parse(now));
            if (!isDeepStrictEqual(asRead(given), ackOf(record))) differences.push({ sent, then, now });
          }
        }
      }
      expect(tried.size).toBeGreaterThan(1);
      expect(differences).toEqual([]);
    },
    60_000,
  );
});
