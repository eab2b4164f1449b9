import { couldHaveGiven, mayApprove } from '../../lib/actors/grant-audience';

const givenBy = ['ann', 'bob'].map((userId) => ({ userId, displayName: userId }));

describe('A grant', () => {
  it('approves under four eyes nothing that one of its givers asks', () => {
    const may = (userId: string, excludeRequester?: boolean) =>
      mayApprove({ givenBy }, { userId, policy: excludeRequester === undefined ? {} : { excludeRequester } });
    expect([may('ann', true), may('bob', true), may('rita', true)]).toEqual([false, false, true]);
    expect([may('ann', false), may('ann')]).toEqual([true, true]);
  });

  it('could have been given by whoever a stage of its policy names', () => {
    const could = (userId: string, ...groups: string[]) =>
      couldHaveGiven({ policy: { stages: [{ users: ['ann'] }, { groups: ['lead'] }] } }, { userId, groups });
    expect([could('ann'), could('eve', 'lead'), could('eve', 'analyst')]).toEqual([true, true, false]);
    expect(couldHaveGiven({ policy: {} }, { userId: 'eve', groups: [] })).toBe(true);
  });
});
