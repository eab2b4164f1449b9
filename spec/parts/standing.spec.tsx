/** What a card says of where a request stands: what the agent says, who has said what, which rules hold, whether anybody waits. */
import type { RequestView } from '../../lib/client';
import { whyAlone } from '../../lib/parts/right-to-answer';
import { approve, base, show } from './card';

const question = { type: 'question', payload: { question: 'Open the gate?' } };
type Verdict = NonNullable<RequestView['verdicts']>[number];
const verdict = (id: string, response: object, more: Partial<Verdict> = {}): Verdict => ({
  by: { user_id: id, display_name: id.toUpperCase() },
  status: 'approved',
  at: new Date().toISOString(),
  stage: 0,
  response: response as Record<string, unknown>,
  ...more,
});

test('What the agent says is marked as its words, and stands beside the tool and its arguments, never for them', () => {
  const card = show({
    payload: { tool_name: 'delete_files', tool_args: { dir: '/' } },
    display: {
      title: 'list_files\u202e',
      description: 'one\ntwo',
      reason: 'Asked for',
      risk: 'critical',
      links: [
        { url: 'https://good.example@evil.example/x', label: 'good.example' },
        { url: 'javascript:alert(1)', label: 'Run' },
      ],
    },
  });
  expect(card.querySelector('h2')?.textContent).toBe('delete_files');
  const said = card.querySelector('.hitl-display');
  expect(said?.textContent).toMatch(
    /Said by the agent Critical risk.*list_filesU\+202E.*one\ntwo.*Asked for/s,
  );
  const links = [...(said?.querySelectorAll('a') ?? [])];
  expect(links).toHaveLength(1);
  expect(links[0]?.textContent).toContain('(evil.example)');
  expect(links[0]?.rel).toBe('noopener noreferrer');
});

test('Answers that differ are shown with their people, and say that they have to agree', () => {
  const policy = { approvals: 2 };
  const verdicts = [verdict('ann', { answer: 'No' }), verdict('bob', { answer: 'Yes', comment: 'Because' })];
  const card = show({ ...question, policy, verdicts }, { id: 'carol' });
  expect(card.textContent).toMatch(/ANN answered.*No.*BOB answered.*Yes.*Because/s);
  expect(card.textContent).toContain('The answers differ');
  expect(card.textContent).toContain('all have to approve the same');
  expect(card.querySelector('meter')?.getAttribute('aria-label')).toBe('1 of 2 approvals');
  const any = show({ ...question, policy: { approvals: 2, agreement: 'any' }, verdicts }, { id: 'carol' });
  expect(any.textContent).not.toMatch(/differ|the same/);
});

test('Who has answered sees what they said and may change it; what was said in an earlier round stands', () => {
  const policy = { approvals: 2 };
  const card = show({ ...question, policy, verdicts: [verdict('ann', { answer: 'No' })] });
  expect(card.textContent).toContain('You answered this. It waits for others now. You can change');
  expect(approve(card).disabled).toBe(false);
  const stages = { stages: [{ name: 'analyst' }, { name: 'lead' }] };
  const later = show({ policy: stages, stage: 1, verdicts: [verdict('ann', {})] });
  expect(later.textContent).toContain('in an earlier round');
  expect(approve(later).disabled).toBe(true);
});

test('A rule that is not in force is not shown', () => {
  const stages = show({
    policy: { approvals: 5, stages: [{ name: 'analyst' }, { name: 'lead' }] },
    stage: 0,
  });
  expect(stages.textContent).toMatch(/1 approval /);
  expect(stages.textContent).not.toMatch(/5 approvals|of 3/);
  expect(show({ policy: { of: 3 } }).querySelector('.hitl-policy')).toBeNull();
  expect(show({ policy: { of: 3, approvals: 2 } }).textContent).not.toContain('of 3');
  const majority = show({ policy: { approvals: 2, of: 3, denial: 'majority' } });
  expect(majority.textContent).toMatch(/2 approvals of 3.*denied once 2 approvals cannot be reached/);
  expect(show({ policy: { approvals: 2 } }).textContent).not.toContain('the same');
});

test('A claim stands in the way as long as it lasts', () => {
  const claim = (ms: number) => ({
    policy: { claim: 'exclusive' as const },
    claimed_by: { user_id: 'bob', display_name: 'Bob', until: new Date(Date.now() + ms).toISOString() },
  });
  expect(approve(show(claim(60_000))).disabled).toBe(true);
  expect(approve(show(claim(-1))).disabled).toBe(false);
});

test('It says that the agent does not wait any more, and of an approval that nothing has run', () => {
  expect(show({ asker: 'gone' }).textContent).toContain('No program waits for this any more');
  const approved = show({ asker: 'gone', status: 'approved' });
  expect(approved.textContent).toContain('Nothing has run with this approval');
  const execution = { state: 'failed', started_at: base.created_at, error: 'no route' } as const;
  const failed = show({ asker: 'gone', status: 'approved', execution });
  expect(failed.textContent).not.toContain('Nothing has run');
  expect(failed.textContent).toContain('no route');
});

test('What takes more than a press is not approved together with others', () => {
  const grants = [{ scope: 'ticket', args: 'exact', expires_in_ms: 1_000 }];
  const tool = (more: object, rest: Partial<RequestView> = {}) =>
    whyAlone({ ...base, payload: { tool_name: 'x', tool_args: {}, ...more }, ...rest });
  expect(tool({})).toBeUndefined();
  expect(tool({ environment: 'PRODUCTION' })).toBeUndefined();
  expect(tool({ grants })).toMatch(/grant/);
  expect(tool({ grants: 'odd' })).toMatch(/grant/);
  expect(tool({}, { response_schema: { required: ['reason'] } })).toMatch(/more than a press/);
  expect(tool({ editable: true }, { policy: { approvals: 2 } })).toMatch(/the same/);
  expect(tool({}, { policy: { approvals: 2 } })).toBeUndefined();
  expect(whyAlone({ ...base, ...question })).toMatch(/more than a press/);
});
