/** Part of the store contract: how grants are given, used and revoked in the commit, found by what they cover, listed and dropped. */
import type { GrantRecord } from '../../protocol/records';
import type { GrantWrite } from '../store';
import { expect } from './expect';
import { commitTo, grantRecord, noon, requestRecord, requestsCommit } from './samples';
import { ids, outcomes, range, type Subject } from './subject';

const ann = { userId: 'ann', displayName: 'Ann' };

export function grantObligations({ test, store }: Subject): void {
  const write = async (grants: GrantWrite[], at = noon) =>
    outcomes(await store().commit([commitTo('ticket', { at, grants })]))[0];
  const give = async (...grants: GrantRecord[]) => {
    for (const grant of grants) expect(await write([{ type: 'give', grant }])).toEqual([]);
  };
  const use = (id: string, at = noon) => write([{ type: 'use', id }], at);
  const revoke = (id: string, at = noon) => write([{ type: 'revoke', id, by: ann }], at);

  test('are stored as they were given, and read as copies', async () => {
    const grant = grantRecord({ uses: 3 });
    await give(grant);
    const read = await store().grant(grant.id);
    expect(read).toEqual(grant);
    Object.assign(read ?? {}, { covers: 'everything' });
    expect(await store().grant(grant.id)).toEqual(grant);
    expect(await store().grant('another')).toBeUndefined();
    expect(await write([{ type: 'give', grant }])).toBe('conflict');
  });

  test('count each use, up to the last one, and refuse one more', async () => {
    const grant = grantRecord({ uses: 2 });
    await give(grant);
    expect(await use(grant.id, noon + 1)).toEqual([]);
    expect(await store().grant(grant.id)).toEqual({ ...grant, used: 1, lastUsedAt: noon + 1 });
    expect(await use(grant.id, noon + 2)).toEqual([]);
    expect(await use(grant.id, noon + 3)).toBe('conflict');
    expect(await store().grant(grant.id)).toEqual({ ...grant, used: 2, lastUsedAt: noon + 2 });
  });

  test('give the last use to one of two commits of one call, and to one of two uses of one commit', async () => {
    const [one, two] = [grantRecord({ uses: 1 }), grantRecord({ uses: 1 })];
    await give(one, two);
    const commit = commitTo('ticket', { grants: [{ type: 'use', id: one.id }] });
    expect(outcomes(await store().commit([commit, commit]))).toEqual([[], 'conflict']);
    const both: GrantWrite[] = [
      { type: 'use', id: two.id },
      { type: 'use', id: two.id },
    ];
    expect(await write(both)).toBe('conflict');
    expect((await store().grant(two.id))?.used).toBe(0);
  });

  test('are used by as many as come where no number is named, until their end', async () => {
    const grant = grantRecord({ expiresAt: noon + 10 });
    await give(grant);
    for (const n of range(0, 9)) expect(await use(grant.id, noon + n)).toEqual([]);
    expect(await use(grant.id, noon + 10)).toBe('conflict');
    expect((await store().grant(grant.id))?.used).toBe(10);
  });

  test('are not used once they are revoked, and are revoked once', async () => {
    const grant = grantRecord();
    await give(grant);
    expect(await revoke(grant.id, noon + 5)).toEqual([]);
    const revoked = { ...grant, revokedAt: noon + 5, revokedBy: ann };
    expect(await use(grant.id, noon + 6)).toBe('conflict');
    expect(await revoke(grant.id, noon + 6)).toBe('conflict');
    expect(await store().grant(grant.id)).toEqual(revoked);
    expect(await use('nothing')).toBe('conflict');
    expect(await revoke('nothing')).toBe('conflict');
  });

  test('take nothing with them that stands in a commit beside a use that is refused', async () => {
    const request = requestRecord({ status: 'approved', usedGrant: { id: 'gone', givenBy: [ann] } });
    const commit = { ...requestsCommit(request), grants: [{ type: 'use' as const, id: 'gone' }] };
    expect(outcomes(await store().commit([commit]))).toEqual(['conflict']);
    expect(await store().request(request.id)).toBeUndefined();
  });

  test('are found by what they cover while they hold, the first to end first', async () => {
    const covering = (id: string, covers: string, more: Partial<GrantRecord> = {}) =>
      grantRecord({ id, covers, expiresAt: noon + 100, ...more });
    await give(
      covering('late', 'a', { expiresAt: noon + 300 }),
      covering('soon', 'a'),
      covering('other', 'b', { expiresAt: noon + 200 }),
      covering('elsewhere', 'c'),
      covering('spent', 'a', { uses: 1 }),
      covering('revoked', 'a'),
    );
    await use('spent');
    await revoke('revoked');
    const found = async (covers: string[], now: number, limit = 10) =>
      ids(await store().liveGrants(covers, now, limit));
    expect(await found(['b', 'a'], noon)).toEqual(['soon', 'other', 'late']);
    expect(await found(['a', 'a'], noon)).toEqual(['soon', 'late']);
    expect(await found(['b', 'a'], noon, 2)).toEqual(['soon', 'other']);
    expect(await found(['a'], noon + 100)).toEqual(['late']);
    expect(await found(['a'], noon + 300)).toEqual([]);
    expect(await found(['nothing'], noon)).toEqual([]);
    expect(await found([], noon)).toEqual([]);
  });

  test('are listed by age, all of them or those of a ticket, page by page', async () => {
    await give(
      ...range(1, 5).map((n) =>
        grantRecord({ id: `g${n}`, createdAt: noon + (n % 2), ticketId: n > 3 ? 'other' : 'ticket' }),
      ),
    );
    const first = await store().grants({}, 3);
    expect(ids(first.items)).toEqual(['g2', 'g4', 'g1']);
    const second = await store().grants({}, 3, first.nextCursor);
    expect([ids(second.items), second.nextCursor]).toEqual([['g3', 'g5'], undefined]);
    expect(ids((await store().grants({ ticketId: 'ticket' }, 10)).items)).toEqual(['g2', 'g1', 'g3']);
    expect(ids((await store().grants({ ticketId: 'nowhere' }, 10)).items)).toEqual([]);
    await expect(store().grants({}, 3, 'nonsense')).rejects.toMatchObject({ code: 'invalid_frame' });
  });

  test('that hold are listed by their end', async () => {
    await give(
      ...range(1, 6).map((n) =>
        grantRecord({ id: `g${n}`, expiresAt: noon + 10 * (7 - n), ticketId: n === 2 ? 'other' : 'ticket' }),
      ),
    );
    await revoke('g3');
    const first = await store().grants({ liveAt: noon + 10 }, 2);
    expect(ids(first.items)).toEqual(['g5', 'g4']);
    const second = await store().grants({ liveAt: noon + 10 }, 2, first.nextCursor);
    expect([ids(second.items), second.nextCursor]).toEqual([['g2', 'g1'], undefined]);
    expect(ids((await store().grants({ liveAt: noon, ticketId: 'ticket' }, 9)).items)).toEqual([
      'g6',
      'g5',
      'g4',
      'g1',
    ]);
    const holding = await store().grants({ liveAt: noon, ticketId: 'ticket' }, 2);
    expect(
      ids((await store().grants({ liveAt: noon, ticketId: 'ticket' }, 2, holding.nextCursor)).items),
    ).toEqual(['g4', 'g1']);
  });

  test('know the requests that they approved, oldest first', async () => {
    const used = (id: string, grant: string, createdAt: number) =>
      requestRecord({ id, createdAt, status: 'approved', usedGrant: { id: grant, givenBy: [ann] } });
    const requests = [used('c', 'g', noon + 2), used('a', 'g', noon), used('b', 'h', noon), requestRecord()];
    for (const request of requests) await store().commit([requestsCommit(request)]);
    const first = await store().grantUses('g', 1);
    expect(ids(first.items)).toEqual(['c']);
    expect(ids((await store().grantUses('g', 1, first.nextCursor)).items)).toEqual(['a']);
    expect(await store().grantUses('nothing', 10)).toEqual({ items: [] });
  });

  test('that ended long ago are dropped, some at a time, and their requests stay', async () => {
    await give(...range(1, 5).map((n) => grantRecord({ id: `g${n}`, expiresAt: noon + n })));
    const request = requestRecord({ status: 'approved', usedGrant: { id: 'g1', givenBy: [ann] } });
    await store().commit([requestsCommit(request)]);
    await store().dropGrants(noon + 4, 2);
    expect(ids((await store().grants({}, 9)).items)).toEqual(['g3', 'g4', 'g5']);
    await store().dropGrants(noon + 4, 9);
    expect(ids((await store().grants({}, 9)).items)).toEqual(['g4', 'g5']);
    expect(ids((await store().grantUses('g1', 9)).items)).toEqual([request.id]);
  });
}
