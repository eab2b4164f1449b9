import { maxNamed } from '../../../lib/actors/answer-policy';
import { Kinds } from '../../../lib/hub/kinds/kinds';
import { type HitlRequestInput, toRequestInput } from '../../../lib/hub/requests/ask';

const asked = (more: Partial<HitlRequestInput>) => () =>
  toRequestInput(
    {
      ticketId: 'T',
      sessionId: 's',
      userId: 'agent',
      type: 'question',
      payload: { question: 'Why?' },
      ...more,
    },
    new Kinds(),
    0,
  );
const names = (count: number) => Array.from({ length: count }, (_, n) => `name-${n}`);

describe('a request that names people', () => {
  const most = { users: names(maxNamed - 1), groups: ['lead'] };
  const tooMany = { users: names(maxNamed), groups: ['lead'] };

  test.each<[string, (people: typeof most) => Partial<HitlRequestInput>]>([
    ['in its policy', (policy) => ({ policy })],
    ['in a stage', (stage) => ({ policy: { stages: [{ users: ['ann'] }, stage] } })],
    ['to escalate to', (escalateTo) => ({ escalate: { to: escalateTo } })],
  ])('names at most 500 users and groups %s', (_where, naming) => {
    expect(asked(naming(most))).not.toThrow();
    expect(asked(naming(tooMany))).toThrow(
      expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining('500') }),
    );
  });
});
