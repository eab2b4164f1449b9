import fc from 'fast-check';
import { executionMachine } from '../../lib/actors/execution-machine';
import {
  nextDeadline,
  type RequestEvent,
  type RequestInput,
  requestRecord,
} from '../../lib/actors/hitl-request';
import { requestGuardMeanings, requestGuards } from '../../lib/actors/hitl-request-guards';
import { hitlRequestMachine } from '../../lib/actors/hitl-request-machine';
import { LiveRequest } from '../../lib/hub/requests/live-request';
import type { AnswerPolicy, RequestResponse } from '../../lib/protocol/records';
import { Coverage, watchMachine } from '../../lib/testing';
import { firstState, judge, type OracleState } from './request-oracle';

const born = (policy: AnswerPolicy, more: Partial<RequestInput> = {}): RequestInput => ({
  id: 'r1',
  ticketId: 'T-1',
  sessionId: 's1',
  type: 'tool_approval',
  payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
  digest: 'original',
  userId: 'rita',
  key: 'k',
  createdAt: 0,
  policy,
  remindAt: [],
  escalateTo: {},
  onExpiry: 'expired',
  ...more,
});

/** Every rule the policy can state, alone and together with deadlines. */
const inputs: Record<string, RequestInput> = {
  'no rule': born({}),
  'four eyes': born({ excludeRequester: true }),
  'named users and groups': born({ users: ['ann'], groups: ['lead'] }),
  'escalation to more users': born(
    { users: ['ann'] },
    { escalateAt: 20, escalateTo: { users: ['bob'] }, remindAt: [10, 20] },
  ),
  'two approvals, one veto': born({ approvals: 2 }),
  'two approvals of three, by majority': born({ approvals: 2, of: 3, denial: 'majority' }),
  'two approvals that may differ': born({ approvals: 2, agreement: 'any' }),
  'two stages': born({ stages: [{ users: ['ann', 'rita'] }, { groups: ['lead'], approvals: 1 }] }),
  'two stages for everybody': born({ stages: [{ approvals: 2 }, { approvals: 1 }] }),
  'two stages that may differ': born({ stages: [{}, { approvals: 2 }], agreement: 'any' }),
  'an exclusive claim': born({ claim: 'exclusive' }),
  'an end that expires': born({}, { expiresAt: 30 }),
  'an end that denies': born({}, { expiresAt: 30, onExpiry: 'denied' }),
  'an end that approves': born({}, { expiresAt: 30, onExpiry: 'approved' }),
  'a turn that asks': born({}, { turnId: 't1' }),
};

const people = {
  rita: { userId: 'rita', displayName: 'Rita', groups: [] },
  ann: { userId: 'ann', displayName: 'Ann', groups: [] },
  bob: { userId: 'bob', displayName: 'Bob', groups: [] },
  lea: { userId: 'lea', displayName: 'Lea', groups: ['lead'] },
};
const times = [5, 10, 20, 30, 40];
const by = fc.constantFrom(...Object.values(people));
const at = fc.constantFrom(...times);
const permitted = fc.boolean().map((no) => !no || no);
/** One of two offers. */
const grant = fc
  .record({
    id: fc.constant('g1'),
    index: fc.constantFrom(0, 0, 0, 1),
    permitted: fc.constantFrom(true, true, true, true, false),
    scope: fc.constant('ticket' as const),
    args: fc.constant('any' as const),
    expires_in_ms: fc.constant(100),
  })
  .map((offer) => ({ ...offer, uses: 3 }));
/** What comes with a verdict: often nothing. The keys in either order are the same. */
const words = fc.record(
  { answer: fc.constantFrom('left', 'left', 'right'), comment: fc.constant('because') },
  { requiredKeys: [] },
);
const response = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: words },
  {
    weight: 1,
    arbitrary: words.map((some) => Object.fromEntries(Object.entries(some).toReversed())),
  },
);
const answerEvent = fc
  .record(
    {
      type: fc.constant('respond' as const),
      at,
      by,
      permitted: fc.oneof(
        { weight: 9, arbitrary: fc.constant(true) },
        { weight: 1, arbitrary: permitted.map(() => false) },
      ),
      status: fc.constantFrom('approved' as const, 'denied' as const),
      revision: fc.constantFrom(1, 1, 1, 2),
      grant,
      response,
    },
    { requiredKeys: ['type', 'at', 'by', 'permitted', 'status', 'revision'] },
  )
  .map(({ response, ...event }) => {
    const sent = { ...response, ...(event.grant && { grant: event.grant.index }) };
    return { ...event, ...(Object.keys(sent).length > 0 && { response: sent }) };
  });
const anyEvent: fc.Arbitrary<RequestEvent> = fc.oneof(
  { weight: 6, arbitrary: answerEvent },
  {
    weight: 4,
    arbitrary: fc
      .record({ type: fc.constant('claim' as const), at, by, permitted: fc.boolean() })
      .map((event) => ({ ...event, until: event.at + 10 })),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom('release' as const, 'leave' as const), at, by }),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ type: fc.constant('renew' as const), at, by })
      .map((event) => ({ ...event, until: event.at + 10 })),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      { type: fc.constant('withdraw' as const), at, by, reason: fc.constant('x'), permitted: fc.boolean() },
      { requiredKeys: ['type', 'at', 'by', 'reason'] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('amend' as const),
      at,
      payload: fc.constant({ tool_name: 'block_ip', tool_args: {} }),
      digest: fc.constant('amended'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constantFrom('cancel' as const, 'supersede' as const, 'turn_end' as const),
      at,
      reason: fc.constant('x'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom('lease_end' as const, 'remind' as const, 'escalate' as const, 'expire' as const),
      at,
    }),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({
        type: fc.constant('execute' as const),
        at,
        runId: fc.constantFrom('run1', 'run2'),
        digest: fc.constantFrom('original', 'original', 'amended'),
        isRevoked: fc.constantFrom(false, false, false, true),
      })
      .map((event) => ({ ...event, until: event.at + 10 })),
  },
  {
    weight: 3,
    arbitrary: fc.oneof(
      fc.record({ type: fc.constant('executed' as const), at, runId: fc.constantFrom('run1', 'run2') }),
      fc.record({
        type: fc.constantFrom('execution_failed' as const, 'execution_lost' as const),
        at,
        runId: fc.constantFrom('run1', 'run2'),
        error: fc.constant('no route'),
      }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom('execution_lease_end' as const, 'retry' as const, 'retry' as const),
      at,
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('revoke_grant' as const), at, by }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('asker_leave' as const, 'asker_leave' as const, 'asker_return' as const),
      at,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('not_run' as const),
      at,
      runId: fc.constantFrom('run1', 'run2'),
      error: fc.constant('the turn had ended'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ type: fc.constant('use_grant' as const), at })
      .map((event) => ({ ...event, grant: { id: 'g0', givenBy: [] } })),
  },
);

/** Which outcomes each guard has had, over all tests of this file. */
const outcomes = new Map<string, Set<boolean>>();
const watched = hitlRequestMachine.provide({
  guards: Object.fromEntries(
    Object.entries(requestGuards).map(([name, guard]) => [
      name,
      (step: Parameters<typeof guard>[0]) => {
        const outcome = guard(step);
        outcomes.set(name, (outcomes.get(name) ?? new Set()).add(outcome));
        return outcome;
      },
    ]),
  ),
});
/** What the machines were seen to do. */
const seen = { question: new Coverage(watched), execution: new Coverage(executionMachine) };
const watches = [watchMachine(watched, seen.question), watchMachine(executionMachine, seen.execution)];
afterAll(() => {
  for (const watch of watches) watch.stop();
});
const machines = { hitlRequestMachine: watched, executionMachine };

/** A request as a store would give it back. */
function storedOf(live: LiveRequest) {
  const record = requestRecord(live.snapshot);
  return JSON.parse(JSON.stringify({ record, snapshot: live.stored(record) }));
}

type Terms = Omit<OracleState, 'votes' | 'agreed' | 'extra'> & { votes: string[] };

/** What the machine made of an event, in the oracle's terms. */
function read({ snapshot }: LiveRequest): Terms {
  const record = requestRecord(snapshot);
  const { execution: run } = record;
  const said = ({ answer, comment, grant }: RequestResponse = {}) => [answer, comment, grant].join(' ');
  const chosen = record.verdicts.filter(({ status }) => status === 'approved').map(({ grant }) => grant);
  return {
    status: record.status,
    stage: record.stage,
    revision: record.revision,
    key: record.key !== undefined,
    isAskerGone: record.asker === 'gone',
    claim: record.claim && { user: record.claim.by.userId, until: record.claim.until },
    run: run && { id: run.runId, state: run.state, until: run.until },
    votes: record.verdicts.map(
      ({ by, status, stage, response }) => `${by.userId} ${status} ${stage} ${said(response)}`,
    ),
    grant: record.grant && { index: chosen.at(-1) ?? -1, isRevoked: record.grant.revokedAt !== undefined },
  };
}

const terms = ({ votes, agreed: _agreed, extra: _extra, ...state }: OracleState): Terms => ({
  ...state,
  votes: votes.map(
    ({ who, isYes, stage, said }) => `${who} ${isYes ? 'approved' : 'denied'} ${stage} ${said}`,
  ),
});

function compare(input: RequestInput, events: readonly RequestEvent[], restore: boolean): void {
  let [live, emitted] = LiveRequest.begin(input, undefined, machines);
  expect(emitted).toEqual([{ type: 'hitl_request_pending' }]);
  let oracle = firstState();
  let resolutions = 0;
  let grants = 0;
  for (const event of events) {
    if (restore) live = LiveRequest.restore(storedOf(live), undefined, machines);
    emitted = live.send(event);
    const verdict = judge(oracle, event, input);
    const refused = emitted.find((each) => each.type === 'refused');
    if (typeof verdict === 'string') expect(refused).toMatchObject({ code: verdict });
    else {
      expect(refused).toBeUndefined();
      oracle = verdict;
    }
    expect(read(live)).toEqual(terms(oracle));
    grants += emitted.filter(({ type }) => type === 'grant_given').length;
    expect(grants).toBe(oracle.grant ? 1 : 0);
    resolutions += emitted.filter(({ type }) => type === 'hitl_request_resolved').length;
    expect(resolutions).toBe(oracle.status === 'pending' ? 0 : 1);
    const due = nextDeadline(live.snapshot);
    if (oracle.status !== 'pending' && oracle.run?.state !== 'executing') expect(due).toBeUndefined();
  }
}

describe('the HITL request machine', () => {
  const seed = 20260101;

  describe.each(Object.entries(inputs))('with %s', (_name, input) => {
    it('settles as the specification says, whatever happens in whatever order', () => {
      fc.assert(
        fc.property(fc.array(anyEvent, { maxLength: 14 }), (events) => compare(input, events, false)),
        { seed, numRuns: 400 },
      );
    });

    it('does the same when it is persisted and restored before every event', () => {
      fc.assert(
        fc.property(fc.array(anyEvent, { maxLength: 10 }), (events) => compare(input, events, true)),
        { seed, numRuns: 100 },
      );
    });
  });

  it('lets what was approved be done once, whatever is said of the runs', () => {
    const approve: RequestEvent = {
      type: 'respond',
      at: 5,
      by: people.ann,
      permitted: true,
      status: 'approved',
    };
    const execute: RequestEvent = { type: 'execute', at: 5, runId: 'run1', until: 20, digest: 'original' };
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 14 }), (events) =>
        compare(inputs['no rule'] ?? born({}), [approve, execute, ...events], true),
      ),
      { seed, numRuns: 400 },
    );
  });

  it('does the same in the corners that chance seldom comes to', () => {
    const claim = { type: 'claim' as const, permitted: true, until: 15 };
    compare(
      inputs['four eyes'] ?? born({}),
      [
        { ...claim, at: 5, by: people.ann },
        { type: 'renew', at: 6, by: people.ann, until: 10 },
        { type: 'renew', at: 6, by: people.ann, until: 18 },
        { ...claim, at: 20, by: people.rita },
        { type: 'lease_end', at: 20 },
      ],
      true,
    );
    compare(
      born({ users: ['ann'] }),
      [
        { ...claim, at: 5, by: people.ann },
        { ...claim, at: 20, by: people.bob },
        { type: 'leave', at: 20, by: people.bob },
        { type: 'leave', at: 20, by: people.ann },
      ],
      true,
    );
    const withdraw = { type: 'withdraw' as const, at: 5, reason: 'x' };
    compare(
      born({}),
      [
        { ...withdraw, by: people.ann },
        { ...withdraw, by: people.rita },
      ],
      true,
    );
    const runId = 'run1';
    const run: RequestEvent[] = [
      { type: 'respond', at: 5, by: people.ann, permitted: true, status: 'approved' },
      { type: 'execute', at: 5, runId, until: 20, digest: 'original' },
    ];
    const ends: RequestEvent[] = [
      { type: 'execution_failed', at: 6, runId, error: 'no route' },
      { type: 'execution_lost', at: 6, runId, error: 'cut off' },
      { type: 'execution_lease_end', at: 20 },
    ];
    for (const end of ends) compare(born({}), [...run, end, { type: 'retry', at: 30 }], true);
    const [approve, execute] = run as [RequestEvent, RequestEvent];
    const asker: RequestEvent[] = [
      { type: 'asker_leave', at: 4 },
      { type: 'asker_leave', at: 4 },
      approve,
      { type: 'asker_return', at: 6 },
    ];
    compare(born({}, { turnId: 't1' }), asker, true);
    const notRun = { type: 'not_run' as const, at: 7, error: 'the turn had ended' };
    for (const first of [{ ...notRun, runId }, execute, { ...notRun, runId: 'run2' }]) {
      compare(born({}), [approve, first, { ...notRun, runId: 'run2' }, { ...notRun, runId }, execute], true);
    }
  });

  it('brings back verdicts that were stored without what was sent with them, and counts them', () => {
    const [first] = LiveRequest.begin(born({ approvals: 2 }));
    const say = { type: 'respond' as const, at: 5, permitted: true, status: 'approved' as const };
    const comment = 'because';
    first.send({ ...say, by: people.ann, response: { comment } });
    const stored = storedOf(first);
    for (const verdict of stored.record.verdicts) delete verdict.response;
    const live = LiveRequest.restore(stored);
    expect(live.send({ ...say, by: people.ann, response: { comment } })).toEqual([
      { type: 'refused', code: 'already_answered' },
    ]);
    live.send({ ...say, by: people.bob });
    expect(requestRecord(live.snapshot)).toMatchObject({
      status: 'approved',
      verdicts: [{ by: { userId: 'ann' }, comment }, { by: { userId: 'bob' } }],
    });
  });

  it('took every transition of both charts on the way', () => {
    const all = [...seen.question.transitions, ...seen.execution.transitions];
    expect(all.length).toBeGreaterThan(50);
    expect(all.filter(({ taken }) => taken === 0).map(({ id }) => id)).toEqual([]);
  });

  it('saw both outcomes of every guard on the way', () => {
    const oneSided = Object.keys(requestGuards).filter((name) => outcomes.get(name)?.size !== 2);
    expect(oneSided).toEqual([]);
  });

  it('says of every guard what it means', () => {
    expect(Object.keys(requestGuardMeanings).sort()).toEqual(Object.keys(requestGuards).sort());
  });
});
