/** What the page behind a link shows of a request: all of its payload, what the agent says beside it, and where it stands. */
import fc from 'fast-check';
import type { CountedVerdict, RequestRecord } from '../../../lib/protocol/records';
import { endedPage, requestPage } from '../../../lib/transport/pages/link-page';
import { request as full, now } from '../../protocol/records';
import '../../seed';

const reader = { id: 'ann', name: 'Ann', now };
const pending = (more: Partial<RequestRecord>): RequestRecord => {
  const { respondedBy, response, execution, claim, ...rest } = full;
  return { ...rest, status: 'pending', policy: {}, verdicts: [], stage: 0, ...more } as RequestRecord;
};
const shown = (more: Partial<RequestRecord>) => requestPage(pending(more), reader);

/** What a reader of the page has before them: the text of each block, with named signs as what they stand for. */
function blocks(html: string): string[] {
  return [...html.matchAll(/<pre>([\s\S]*?)<\/pre>/g)].map(([, inner = '']) =>
    inner
      .replace(/<mark>U\+([0-9A-F]+)<\/mark>/g, (_all, code) =>
        String.fromCodePoint(Number.parseInt(code, 16)),
      )
      .replace(/<\/?bdi>/g, '')
      .replace(
        /&(amp|lt|gt|quot|#39);/g,
        (_all, name) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" })[name as 'amp'],
      ),
  );
}

const word = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('a', '\u202e', '\u200b', '\u2066', '<', '&', '"', '\n', 'ש', '7'),
    maxLength: 8,
  }),
);
const json = fc.object({
  key: word,
  values: [
    word,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  ],
  maxDepth: 3,
});
const canonical = (value: unknown) => JSON.parse(JSON.stringify(value));

test('Read back from the page, the arguments and every other field are what was digested', () => {
  const own = fc.object({
    key: fc.constantFrom('environment', 'region', 'dry run', 'q\u202e'),
    maxDepth: 1,
    values: [word],
  });
  fc.assert(
    fc.property(json, own, (args, beside) => {
      const html = shown({ payload: { tool_name: 'block_ip', tool_args: args, ...beside } });
      expect(blocks(html).map((each) => JSON.parse(each))).toEqual(
        [args, ...(Object.keys(beside).length > 0 ? [beside] : [])].map(canonical),
      );
      expect(html).not.toMatch(/[\u200b\u202e\u2066]/);
    }),
  );
});

test('So is the whole payload of a kind of the app’s own, its title included', () => {
  fc.assert(
    fc.property(json, word, (payload, title) => {
      const [block = ''] = blocks(shown({ type: 'severity', payload: { ...payload, title } }));
      expect(JSON.parse(block)).toEqual(canonical({ ...payload, title }));
    }),
  );
});

test('What the agent says is shown as such, with line breaks and the host of each link, and never in place of the tool', () => {
  const html = shown({
    display: {
      title: 'Routine\u202ework',
      description: 'first\nsecond',
      reason: '<b>asked</b>',
      risk: 'critical',
      links: [
        { url: 'https://bank.example@evil.example/login', label: 'bank.example' },
        { url: 'javascript:alert(1)', label: 'Runbook' },
      ],
    },
  });
  expect(html).toMatch(/<h1><bdi>May block_ip run\?/);
  expect(html).toMatch(
    /Said by the agent[\s\S]*Routine<mark>U\+202E<\/mark>work[\s\S]*critical[\s\S]*first\nsecond/,
  );
  expect(html).toContain('&lt;b&gt;asked&lt;/b&gt;');
  expect(html).toMatch(
    /rel="noopener noreferrer"[^>]*><bdi>bank\.example<\/bdi> \(<bdi>evil\.example<\/bdi>\)/,
  );
  expect(html).not.toContain('href="javascript');
});

test('It says that the agent does not wait any more, and of an approval that nothing has run', () => {
  expect(shown({ asker: 'gone' })).toMatch(/Nobody waits for the answer any more/);
  const approved = { ...pending({ asker: 'gone' }), status: 'approved' as const };
  expect(endedPage(approved)).toMatch(/Nothing has run/);
  const failed = { state: 'failed', error: 'no route', runId: 'x', startedAt: now, until: now } as const;
  expect(endedPage({ ...approved, execution: failed })).toMatch(/was approved, and failed[\s\S]*no route/);
});

test('Answers that differ are shown with their people, and one’s own can be changed', () => {
  const verdict = (userId: string, answer: string): CountedVerdict => ({
    by: { userId, displayName: userId.toUpperCase() },
    at: now,
    status: 'approved',
    stage: 0,
    response: { answer },
  });
  const question = {
    type: 'question',
    payload: { question: 'Open?' },
    verdicts: [verdict('ann', 'No'), verdict('bob', 'Yes')],
  };
  const html = shown({ ...question, policy: { approvals: 2 } });
  expect(html).toMatch(
    /ANN<\/bdi> approved: [\s\S]*“<bdi>No<\/bdi>”[\s\S]*BOB<\/bdi> approved: [\s\S]*“<bdi>Yes<\/bdi>”/,
  );
  expect(html).toMatch(/answers so far differ/);
  expect(html).toMatch(/Your answer is counted[\s\S]*change it here/);
  expect(html).toContain('value="approved"');
  expect(shown({ ...question, policy: { approvals: 3, agreement: 'any' } })).not.toMatch(/differ/);
});

test('Only the rules in force are shown: those of the round that is answered, and none of agreement where nothing can differ', () => {
  const html = shown({ policy: { stages: [{ name: 'analyst' }, { name: 'lead', approvals: 2 }] }, stage: 1 });
  expect(html).toMatch(/round 2 of 2 \(lead\)[\s\S]*takes 2 approvals/);
  expect(html).not.toMatch(/say the same/);
  expect(shown({ policy: { of: 3 } as never })).not.toMatch(/Others have to agree/);
});
