import { type AudienceInput, audienceOf, escalated, standingOf } from '../../lib/protocol/audience';

const asked: AudienceInput = { userId: 'rita', policy: {}, stage: 0, verdicts: [] };
const person = (userId: string, ...groups: string[]) => ({ userId, groups });
const said = (userId: string, stage = 0) => ({ by: { userId }, stage });
const free = { isExcluded: false, isNamed: true, isCountedEarlier: false, isKeptOut: false };

describe('The audience of a request', () => {
  it('is everybody where nobody is named, the requester included', () => {
    expect(standingOf(audienceOf(asked), person('rita'))).toEqual(free);
  });

  it('is those whom the present stage names, by id or by group', () => {
    const policy = { stages: [{ users: ['ann'] }, { users: ['bob'], groups: ['lead'] }] };
    const isNamed = (stage: number, userId: string, ...groups: string[]) =>
      standingOf(audienceOf({ ...asked, policy, stage }), person(userId, ...groups)).isNamed;
    expect([isNamed(0, 'ann'), isNamed(0, 'bob'), isNamed(0, 'cem', 'lead')]).toEqual([true, false, false]);
    expect([isNamed(1, 'ann'), isNamed(1, 'bob'), isNamed(1, 'cem', 'lead')]).toEqual([false, true, true]);
  });

  it('leaves out the requester under four eyes, where it is known who that is', () => {
    const policy = { excludeRequester: true };
    expect(audienceOf({ ...asked, policy })).toEqual({ excluded: 'rita', earlier: [], counted: [] });
    expect(standingOf(audienceOf({ ...asked, policy }), person('rita'))).toEqual({
      ...free,
      isExcluded: true,
    });
    expect(standingOf(audienceOf({ ...asked, policy }), person('ann'))).toEqual(free);
    expect(audienceOf({ ...asked, userId: undefined, policy })).not.toHaveProperty('excluded');
  });

  it('leaves out who was counted in an earlier stage, not who may change what they said in this one', () => {
    const audience = audienceOf({ ...asked, stage: 1, verdicts: [said('ann'), said('bob', 1)] });
    expect(audience).toEqual({ earlier: ['ann'], counted: ['ann', 'bob'] });
    expect(standingOf(audience, person('ann'))).toEqual({ ...free, isCountedEarlier: true });
    expect(standingOf(audience, person('bob'))).toEqual(free);
  });

  it('is the holder alone while an exclusive claim lasts', () => {
    const held = {
      ...asked,
      policy: { claim: 'exclusive' as const },
      claim: { by: { userId: 'ann' }, until: 10 },
    };
    const isKeptOut = (userId: string, at?: number) =>
      standingOf(audienceOf(held, at), person(userId)).isKeptOut;
    expect([isKeptOut('bob', 9), isKeptOut('bob', 10), isKeptOut('bob'), isKeptOut('ann', 9)]).toEqual([
      ...[true, false, true, false],
    ]);
    expect(audienceOf({ ...held, policy: { claim: 'courtesy' } }, 9)).not.toHaveProperty('holder');
  });

  it('grows with an escalation in every stage that names somebody, and stays everybody where nobody is named', () => {
    const more = { users: ['ann', 'eve'], groups: ['lead'] };
    expect(escalated({ stages: [{ users: ['ann'] }, { approvals: 2 }] }, more)).toEqual({
      stages: [{ users: ['ann', 'eve'], groups: ['lead'] }, { approvals: 2 }],
    });
    expect(escalated({ users: ['bob'] }, more)).toEqual({ users: ['bob', 'ann', 'eve'], groups: ['lead'] });
  });
});
