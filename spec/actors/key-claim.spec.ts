import { isJoinedByApp, isLeft, type KeyClaim, keyOutcome } from '../../lib/actors/key-claim';

const older = { userId: 'rita', digest: 'same' };
const claim: KeyClaim = {
  userId: 'rita',
  digest: 'same',
  hasSameTerms: true,
  supersede: false,
  onlyOwn: false,
};
const outcome = (fields: Partial<KeyClaim> = {}) => keyOutcome(older, { ...claim, ...fields });

describe('A question with a key that was asked with', () => {
  it('is found if it is the same under the same terms, also where a newer one might take the key', () => {
    expect([outcome(), outcome({ supersede: true }), outcome({ userId: 'eve' })]).toEqual([
      ...['found', 'found', 'found'],
    ]);
  });

  it('is in conflict with another, or takes its key where that was said', () => {
    for (const other of [{ digest: 'other' }, { hasSameTerms: false }])
      expect([outcome(other), outcome({ ...other, supersede: true })]).toEqual(['conflict', 'supersede']);
  });

  it("neither finds nor takes somebody else's where it is for its own alone", () => {
    const others = { userId: 'eve', onlyOwn: true };
    expect([outcome(others), outcome({ ...others, digest: 'other', supersede: true })]).toEqual([
      ...['conflict', 'conflict'],
    ]);
    expect(outcome({ onlyOwn: true })).toBe('found');
  });

  it('is told that somebody waits again only if its asker was gone', () => {
    expect([isLeft({ asker: 'gone' }), isLeft({})]).toEqual([true, false]);
  });

  it("is the app's to wait for where a turn asked it and it is pending", () => {
    const turns = { turnId: 'turn', status: 'pending' } as const;
    expect(isJoinedByApp(turns, undefined)).toBe(true);
    expect(isJoinedByApp(turns, 'another')).toBe(false);
    expect(isJoinedByApp({ ...turns, status: 'approved' }, undefined)).toBe(false);
    expect(isJoinedByApp({ status: 'pending' }, undefined)).toBe(false);
  });
});
