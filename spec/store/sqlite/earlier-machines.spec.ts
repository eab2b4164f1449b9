import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { portOf } from '../../../lib/hub/hub';
import type { RequestRecord } from '../../../lib/protocol/records';
import { sqliteStore } from '../../../lib/store/sqlite/sqlite-store';
import { ManualClock, startTestHub, type TestHub } from '../../../lib/testing';

/**
 * A file that real requests in every state were written to when a request and its execution were one machine (at the
 * commit in its name, whose process then ended without closing it), and when that was.
 */
const fixture = join(__dirname, '../fixtures/requests-523823c.db.gz');
const written = Date.UTC(2026, 0, 1) + 12_100;
const ip = '203.0.113.7';
const person = (id: string, ...groups: string[]) => ({ id, name: id, groups });

describe('Requests that were stored by a version in which a request was one machine', () => {
  let folder: string;
  let hub: TestHub;
  let all: readonly RequestRecord[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'express-hitl-earlier-'));
    const file = join(folder, 'hub.db');
    writeFileSync(file, gunzipSync(readFileSync(fixture)));
    hub = await startTestHub({ clock: new ManualClock(written), makeStore: () => sqliteStore(file) });
    await hub.hitl.start();
    all = (await portOf(hub.hub).hitl.list({}, 200)).items;
  });
  afterEach(async () => {
    await hub.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const named = (name: string) => all.find(({ key }) => key === name)?.id ?? name;
  const yes = (name: string, by = person('ann')) =>
    portOf(hub.hub).hitl.respond(named(name), { by, status: 'approved' });
  const run = (name: string, runId = 'run2') =>
    portOf(hub.hub).hitl.execute(named(name), { runId, payload: { tool_name: name, tool_args: { ip } } });
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      ({ code, details }) => [code, details?.rule].filter(Boolean).join(' '),
    );
  const statesOf = async (name: string) => (await portOf(hub.hub).hitl.statesOf(named(name))).at(-1);

  it.each([
    ['open', 'hitlRequest.pending.open', 'pending', undefined],
    ['claimed', 'hitlRequest.pending.claimed', 'pending', undefined],
    ['approved', 'execution.unexecuted', 'approved', undefined],
    ['executing', 'execution.executing', 'approved', 'executing'],
    ['executed', 'execution.executed', 'approved', 'executed'],
    ['failed', 'execution.failed', 'approved', 'failed'],
    ['unknown', 'execution.unknown', 'approved', 'unknown'],
    ['retried', 'execution.unexecuted', 'approved', undefined],
    ['denied', 'hitlRequest.resolved.denied', 'denied', undefined],
    ['cancelled', 'hitlRequest.resolved.cancelled', 'cancelled', undefined],
    ['expired', 'hitlRequest.resolved.expired', 'expired', undefined],
  ])('stand where they stood: %s', async (name, state, status, run) => {
    expect(await statesOf(name)).toBe(state);
    const record = await portOf(hub.hub).hitl.get(named(name));
    expect([record.status, record.execution?.state]).toEqual([status, run]);
  });

  it('are all read, each with the same record as before once it is written again', async () => {
    expect(all.length).toBe(24);
    for (const record of all)
      expect((await portOf(hub.hub).hitl.statesOf(record.id)).length).toBeGreaterThan(0);
    const { execution, ...before } = await portOf(hub.hub).hitl.get(named('executing'));
    const renewed = await run('executing', 'run1');
    expect(renewed).toMatchObject({ ...before, execution: { ...execution, until: written + 60_000 } });
  });

  it('are answered, with what was counted, claimed and widened before', async () => {
    expect(await yes('open')).toMatchObject({ status: 'approved' });
    expect(await refusal(yes('quorum'))).toBe('already_answered');
    expect(await yes('quorum', person('bob'))).toMatchObject({ status: 'approved' });
    expect(await refusal(yes('stages'))).toBe('not_allowed answerers');
    expect(await yes('stages', person('lea', 'lead'))).toMatchObject({ status: 'approved', stage: 1 });
    expect(await refusal(portOf(hub.hub).hitl.claim(named('claimed'), person('bob')))).toBe(
      'claimed_by_other',
    );
    expect(await yes('claimed', person('bob'))).toMatchObject({ status: 'approved' });
    expect(await refusal(yes('escalated', person('eve')))).toBe('not_allowed answerers');
    expect(await yes('escalated', person('bob'))).toMatchObject({ status: 'approved' });
    expect(await refusal(yes('amended'))).toBe('stale_revision');
    const answer = { by: person('ann'), status: 'approved', response: { answer: 'left' } } as const;
    expect(await portOf(hub.hub).hitl.respond(named('question'), answer)).toMatchObject({
      response: { answer: 'left' },
    });
    for (const name of ['approved', 'executing', 'denied', 'cancelled', 'expired'])
      expect(await refusal(yes(name))).toBe('already_resolved');
  });

  it('are executed, once, and again only where a person allowed it', async () => {
    for (const name of ['approved', 'retried']) {
      expect(await run(name)).toMatchObject({ execution: { state: 'executing', runId: 'run2' } });
      expect(await portOf(hub.hub).hitl.executed(named(name), 'run2')).toMatchObject({
        execution: { state: 'executed' },
      });
    }
    expect(await refusal(run('executing'))).toBe('not_executable under_way');
    expect(await portOf(hub.hub).hitl.executed(named('executing'), 'run1')).toMatchObject({
      execution: { state: 'executed' },
    });
    expect(await refusal(run('executed'))).toBe('not_executable done');
    for (const name of ['failed', 'unknown']) {
      expect(await refusal(run(name))).toBe('not_executable needs_retry');
      await portOf(hub.hub).hitl.retry(named(name));
      expect(await run(name)).toMatchObject({ execution: { state: 'executing' } });
    }
    expect(await refusal(run('denied'))).toBe('not_executable not_approved');
  });

  it('expire, let claims go and give up runs for lost when it is time', async () => {
    await hub.advance(3_600_000);
    const stood = async (name: string) => {
      const { status, execution, claim } = await portOf(hub.hub).hitl.get(named(name));
      return [status, execution?.state, claim];
    };
    expect(await stood('ending')).toEqual(['expired', undefined, undefined]);
    expect(await stood('ending_in_yes')).toEqual(['approved', undefined, undefined]);
    expect(await stood('claimed')).toEqual(['pending', undefined, undefined]);
    expect(await stood('executing')).toEqual(['approved', 'unknown', undefined]);
    expect(await stood('lost')).toEqual(['approved', 'unknown', undefined]);
  });

  it('give and lose their grants, make way by their key, and say that their asker is gone', async () => {
    const covered = all.find(({ usedGrant }) => usedGrant);
    const [grant] = (await hub.hub.grants.list({ live: true })).items;
    expect(covered?.usedGrant?.id).toBe(grant?.id);
    await hub.hub.grants.revoke({ grantId: grant?.id ?? '', by: person('ann') });
    const payload = covered?.payload ?? {};
    const work = portOf(hub.hub).hitl.execute(covered?.id ?? '', { runId: 'run1', payload });
    expect(await refusal(work)).toBe('not_executable grant_revoked');

    const again = { tool_name: 'open', tool_args: { ip: '192.0.2.1' } };
    const base = { ticketId: 'T-1', sessionId: 's1', type: 'tool_approval', userId: 'rita', key: 'open' };
    await portOf(hub.hub).hitl.request({ ...base, payload: again, supersede: true });
    expect(await portOf(hub.hub).hitl.get(named('open'))).toMatchObject({ status: 'superseded' });
    expect(all.find(({ turnId }) => turnId)).toMatchObject({ status: 'pending', asker: 'gone' });
  });
});
