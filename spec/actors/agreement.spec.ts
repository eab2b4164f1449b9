import { isAtOdds, isEnough, responseOf, verdictsBeside } from '../../lib/actors/agreement';
import { answerersOf } from '../../lib/actors/answerers';
import { contentText } from '../../lib/protocol/agreement';
import type { AnswerPolicy, CountedVerdict, RequestResponse } from '../../lib/protocol/records';
import { requestRecord } from '../store/records';

const yes = (userId: string, response?: RequestResponse, stage = 0): CountedVerdict => ({
  by: { userId, displayName: userId },
  at: 1,
  status: 'approved',
  stage,
  ...(response && { response }),
});
const no = (userId: string): CountedVerdict => ({ ...yes(userId), status: 'denied' });
const question = (policy: AnswerPolicy, verdicts: CountedVerdict[] = [], stage = 0) =>
  requestRecord({ type: 'question', userId: 'rita', policy, verdicts, stage });
const left = { answer: 'left' };
const right = { answer: 'right' };

describe('What an approval carries', () => {
  it('is the response without its comment, in whatever order of keys', () => {
    const one = { answer: 'a', why: { b: 1, c: [2] }, comment: 'x' };
    const other = { why: { c: [2], b: 1 }, comment: 'y', answer: 'a' };
    expect(contentText('severity', one)).toBe(contentText('severity', other));
    expect(contentText('severity', { ...one, answer: 'b' })).not.toBe(contentText('severity', other));
  });

  it.each([undefined, {}, { comment: 'x' }, { comment: undefined }])('is nothing in %j', (response) => {
    expect(contentText('tool_approval', response)).toBe(contentText('tool_approval'));
  });

  it('does not include the grant that a tool approval chooses, but what a kind of the app calls grant', () => {
    expect(contentText('tool_approval', { grant: 1 })).toBe(contentText('tool_approval'));
    expect(contentText('access', { grant: 'admin' })).not.toBe(contentText('access', { grant: 'reader' }));
  });

  it('includes edited arguments', () => {
    const edited = contentText('tool_approval', { tool_args: { ip: '198.51.100.1' } });
    expect(edited).not.toBe(contentText('tool_approval'));
  });

  it('of a verdict that was stored without a response is nothing, its comment and grant are what was sent', () => {
    const old = { ...yes('ann'), comment: 'fine', grant: 1 };
    expect(responseOf(old)).toEqual({ comment: 'fine', grant: 1 });
    expect(contentText('tool_approval', responseOf(old))).toBe(contentText('tool_approval'));
  });
});

describe('The approvals of a stage', () => {
  it('are enough when so many carry the same', () => {
    const request = (...verdicts: CountedVerdict[]) => question({ approvals: 2 }, verdicts);
    expect(isEnough(request(), 'eve', left)).toBe(false);
    expect(isEnough(request(yes('ann', left)), 'eve', right)).toBe(false);
    expect(isEnough(request(yes('ann', left)), 'eve', { ...left, comment: 'too' })).toBe(true);
    expect(isEnough(request(yes('ann', left), yes('bob', right)), 'eve', right)).toBe(true);
    expect(isEnough(request(no('ann')), 'eve', left)).toBe(false);
  });

  it('do not count one person twice', () => {
    const request = question({ approvals: 2 }, [yes('ann', right), yes('bob', left)]);
    expect(isEnough(request, 'bob', left)).toBe(false);
    expect(isEnough(request, 'bob', right)).toBe(true);
  });

  it('are enough whatever they carry where the policy says so', () => {
    const request = question({ approvals: 2, agreement: 'any' }, [yes('ann', left)]);
    expect(isEnough(request, 'eve', right)).toBe(true);
    expect(isEnough(request, 'ann', right)).toBe(false);
  });

  it('must carry what completed the stage before, which need not be what everybody said in it', () => {
    const stages = [{ approvals: 2 }, {}];
    const before = [yes('ann', left), yes('bob', right), yes('cem', right)];
    expect(isEnough(question({ stages }, before, 1), 'eve', left)).toBe(false);
    expect(isEnough(question({ stages }, before, 1), 'eve', right)).toBe(true);
    expect(isEnough(question({ stages, agreement: 'any' }, before, 1), 'eve', left)).toBe(true);
  });

  it('are at odds when they cannot count together', () => {
    const stages = [{}, { approvals: 2 }];
    expect(isAtOdds(question({ approvals: 2 }, [yes('ann', left)]))).toBe(false);
    expect(isAtOdds(question({ approvals: 2 }, [yes('ann', left), no('bob')]))).toBe(false);
    expect(isAtOdds(question({ approvals: 2 }, [yes('ann', left), yes('bob', right)]))).toBe(true);
    expect(isAtOdds(question({ stages }, [yes('ann', left)], 1))).toBe(false);
    expect(isAtOdds(question({ stages }, [yes('ann', left), yes('bob', right, 1)], 1))).toBe(true);
    const verdicts = [yes('ann', left), yes('bob', right)];
    expect(isAtOdds(question({ approvals: 3, agreement: 'any' }, verdicts))).toBe(false);
  });

  it('lose that of a person who answers again', () => {
    const [before, own, other] = [yes('ann', left), yes('bob', left, 1), no('cem')];
    const request = question({ stages: [{}, {}] }, [before, own, other], 1);
    expect(verdictsBeside(request, 'bob')).toEqual([before, other]);
    expect(verdictsBeside(request, 'eve')).toEqual(request.verdicts);
  });
});

describe('A pending request waits', () => {
  const except = (policy: AnswerPolicy, verdicts: CountedVerdict[], stage = 0) =>
    answerersOf(question(policy, verdicts, stage))?.except;

  it('for no person who was counted, though they may change their verdict', () => {
    expect(except({ approvals: 2 }, [yes('ann', left)])).toEqual(['ann']);
    expect(except({ approvals: 2, excludeRequester: true }, [yes('ann', left)])).toEqual(['rita', 'ann']);
  });

  it('for everybody of its stage again while their approvals are at odds', () => {
    expect(except({ approvals: 2 }, [yes('ann', left), yes('bob', right)])).toEqual([]);
    const stages = [{}, { approvals: 2 }];
    expect(except({ stages }, [yes('ann', left), yes('bob', right, 1)], 1)).toEqual(['ann']);
  });
});
