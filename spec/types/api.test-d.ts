/** Type tests of the public names: what compiles, what does not, and what is inferred; `types.spec.ts` compiles this file, nothing runs it. */
import express from 'express';
import type {
  Agent,
  Answer,
  AnswerPolicy,
  AnyOutcome,
  Approval,
  Author,
  Channel,
  Decision,
  DurableAgent,
  Duration,
  HitlRequest,
  HubEvent,
  KnownUser,
  OpenRequest,
  ToolCall,
  Turn,
  TurnRecord,
  User,
  Verdict,
} from 'express-hitl';
import { defineKind, durable, expressHitl } from 'express-hitl';
import {
  type CrashCheck,
  crashAfterEachCommit,
  findStrayCalls,
  fireDeadlines,
  type PrefixReplay,
  replayEveryPrefix,
  replayJournal,
  restartHub,
  type SavedJournal,
  saveJournal,
  startTestHub,
  type TestHub,
} from 'express-hitl/testing';
import { z } from 'zod';
import { type App, auth, blockIp, hitl } from './app';
import { expectTypeOf } from './expect-type';

declare const turn: Turn<App>;
declare const by: User;
const { hub } = hitl;

export function plugin(): void {
  expectTypeOf(turn.user.tenant).toEqualTypeOf<string>();
  expectTypeOf(turn.user.name).toEqualTypeOf<string>();
  expectTypeOf<typeof turn.user>().toExtend<KnownUser>();
  // @ts-expect-error users are read-only
  turn.user.id = 'bob';
  expressHitl({
    auth: { identify: async () => ({ id: 'a', role: 'admin' as const }), authorize: () => 'allow' },
    kinds: { pay: defineKind({ payload: z.object({ sum: z.number() }) }) },
    rules: { mayAnswer: ({ request }) => request.kind !== 'pay' || request.payload.sum < 10 },
    agent: async (inline) => {
      expectTypeOf(inline.user.role).toEqualTypeOf<'admin'>();
      await inline.request('pay', { sum: 1 });
      // @ts-expect-error a misspelt kind
      await inline.request('pai', { sum: 1 });
      // @ts-expect-error a wrong payload
      await inline.request('pay', { sum: '1' });
    },
  });
  // @ts-expect-error access is one of three words
  expressHitl({ auth: { identify: () => 'a', authorize: () => 'yes' } });
  // @ts-expect-error an option nobody knows
  expressHitl({ auth, rateLimit: false });
  // @ts-expect-error `auth` is required
  expressHitl({});
  // @ts-expect-error a kind is made by defineKind
  expressHitl({ auth, kinds: { pay: { payload: z.object({}), approval: () => z.object({}) } } });
  expectTypeOf<'15m'>().toExtend<Duration>();
  const general = async (any: Turn) => {
    await any.say(any.message.content);
  };
  hitl.agent(general);
  const named: Agent<App> = async (own) => {
    expectTypeOf(own.user.tenant).toEqualTypeOf<string>();
  };
  hitl.agent(named);
  void general(turn);
}

export async function approve(): Promise<void> {
  const approval = await turn.approve({ tool: blockIp, args: { ip: '1.2.3.4' }, expiresIn: '15m' });
  expectTypeOf(approval).toEqualTypeOf<Approval<{ ip: string; minutes: number }>>();
  // @ts-expect-error no arguments before an approval
  approval.args;
  if (approval.status === 'approved') {
    expectTypeOf(approval.args).toEqualTypeOf<Readonly<{ ip: string; minutes: number }>>();
    expectTypeOf(approval.decidedBy).toEqualTypeOf<'people' | 'grant' | 'deadline'>();
    // @ts-expect-error an approval has no reason
    approval.reason;
  } else if (approval.status === 'denied') {
    expectTypeOf(approval.comment).toEqualTypeOf<string | undefined>();
    expectTypeOf(approval.by).toEqualTypeOf<Author | undefined>();
  } else {
    expectTypeOf(approval.status).toEqualTypeOf<'expired' | 'cancelled' | 'superseded'>();
    expectTypeOf(approval.reason).toEqualTypeOf<string | undefined>();
  }
  // @ts-expect-error arguments of another shape
  await turn.approve({ tool: blockIp, args: { host: 'x' } });
  // @ts-expect-error a missing argument
  await turn.approve({ tool: blockIp, args: {} });
  const byName = await turn.approve({ tool: 'reboot', args: { host: 'ws-17' } });
  if (byName.status === 'approved') expectTypeOf(byName.args.host).toEqualTypeOf<string>();
  // @ts-expect-error the old names are gone
  await turn.approve({ toolName: 'reboot', toolArgs: {} });
  // @ts-expect-error options are known
  await turn.approve({ tool: 'reboot', args: {}, expireIn: '1h' });
  // @ts-expect-error an escalation says to whom
  await turn.approve({ tool: 'reboot', args: {}, escalate: { after: '1h' } });
}

export async function ask(): Promise<void> {
  const two = await turn.ask({ question: 'Ours?', options: ['Yes', 'No'] });
  expectTypeOf(two).toEqualTypeOf<Answer<'Yes' | 'No'>>();
  // @ts-expect-error no answer before it is answered
  two.answer;
  if (two.status === 'answered') {
    expectTypeOf(two.answer).toEqualTypeOf<'Yes' | 'No'>();
    // @ts-expect-error a misspelt option is found
    two.answer === 'yes';
  }
  // @ts-expect-error a question is answered, never approved
  two.status === 'approved';
  const free = await turn.ask({ question: 'Which host?' });
  if (free.status === 'answered') expectTypeOf(free.answer).toEqualTypeOf<string>();
  const either = await turn.ask({ question: 'Which?', options: ['a', 'b'], freeText: true });
  if (either.status === 'answered') expectTypeOf<'other' & string>().toExtend<typeof either.answer>();
  const dynamic = await turn.ask({ question: 'Which?', options: ['a'] as string[] });
  if (dynamic.status === 'answered') expectTypeOf(dynamic.answer).toEqualTypeOf<string>();
  for (const verdict of two.verdicts) {
    if (verdict.status === 'answered') expectTypeOf(verdict.answer).toEqualTypeOf<'Yes' | 'No'>();
    // @ts-expect-error a denial has no answer
    else verdict.answer;
  }
  expectTypeOf(two.verdicts).toEqualTypeOf<
    readonly Verdict<{ status: 'answered'; answer: 'Yes' | 'No' }>[]
  >();
}

export async function request(): Promise<void> {
  const refund = await turn.request('refund', { order: 'o-1' }, { expiresIn: '1d' });
  expectTypeOf(refund).toEqualTypeOf<Decision<{ cents: number }>>();
  // @ts-expect-error no response before an approval
  refund.response;
  if (refund.status === 'approved')
    expectTypeOf(refund.response).toEqualTypeOf<Readonly<{ cents: number }>>();
  const severity = await turn.request('severity', { alert: 'a', highest: 4 });
  if (severity.status === 'approved') expectTypeOf(severity.response.level).toEqualTypeOf<number>();
  const publish = await turn.request('publish', { page: '/' });
  // @ts-expect-error a kind without response has none
  if (publish.status === 'approved') publish.response;
  // @ts-expect-error the built-in kinds have methods of their own
  await turn.request('question', { question: '?' });
  const opened = await turn.open({ kind: 'refund', payload: { order: '1' } });
  expectTypeOf(await turn.wait(opened)).toEqualTypeOf<Decision<{ cents: number }>>();
}

export async function callTool(): Promise<void> {
  const call = await turn.callTool(blockIp, { ip: '1.2.3.4', minutes: 5 });
  expectTypeOf(call).toEqualTypeOf<ToolCall<{ rule: string; aborted: boolean }>>();
  if (call.status === 'executed') expectTypeOf(call.result.rule).toEqualTypeOf<string>();
  else expectTypeOf(call.message).toEqualTypeOf<string>();
  if (call.status === 'confirmed') expectTypeOf(call.report).toEqualTypeOf<string | undefined>();
  // @ts-expect-error what people confirm has no result of the tool's type
  if (call.status === 'confirmed') call.result;
  if (call.status === 'not_run') {
    expectTypeOf(call.reason).toEqualTypeOf<string>();
    expectTypeOf(call.request).toEqualTypeOf<Approval['request'] | undefined>();
  }
  expectTypeOf(call.status).toEqualTypeOf<
    'executed' | 'confirmed' | 'denied' | 'expired' | 'cancelled' | 'superseded' | 'not_run'
  >();
  // @ts-expect-error an argument of another type
  await turn.callTool(blockIp, { ip: 7 });
  const run = () => 1;
  hitl.tool({ name: 'x', args: z.object({}), run, idempotent: true });
  // @ts-expect-error it is or it is not
  hitl.tool({ name: 'x', args: z.object({}), run, idempotent: 'yes' });
  // @ts-expect-error a rule that denies asks nobody
  hitl.tool({ name: 'x', args: z.object({}), run, rules: [{ decide: 'deny', ask: {} }] });
}

export async function requests(): Promise<void> {
  const opened = await hub.requests.open({
    kind: 'refund',
    payload: { order: '1' },
    ticketId: 'T-1',
    requestedBy: 'cron',
  });
  expectTypeOf(opened).toExtend<OpenRequest<App, 'refund'>>();
  expectTypeOf(opened.payload).toEqualTypeOf<{ order: string; cents: number }>();
  const outcome = await hub.requests.wait({ request: opened });
  if (outcome.status === 'approved') expectTypeOf(outcome.response.cents).toEqualTypeOf<number>();
  const any = await hub.requests.wait({ requestId: 'r-1' });
  expectTypeOf(any).toEqualTypeOf<AnyOutcome<App>>();
  if (any.kind === 'question' && any.status === 'answered') expectTypeOf(any.answer).toEqualTypeOf<string>();
  const place = { ticketId: 'T-1', requestedBy: 'cron' };
  // @ts-expect-error the payload of another kind
  await hub.requests.open({ ...place, kind: 'refund', payload: { page: '/' } });
  // @ts-expect-error nobody asks without a place
  await hub.requests.open({ kind: 'refund', payload: { order: '1' } });
  const answer = { requestId: 'r', by };
  await hub.requests.answer({ ...answer, status: 'denied', comment: 'no' });
  await hub.requests.answer({ ...answer, status: 'answered', answer: 'Yes' });
  await hub.requests.answer({ ...answer, status: 'approved', kind: 'refund', response: { cents: 5 } });
  await hub.requests.answer({ ...answer, status: 'approved', args: { ip: '1' }, revision: 2 });
  await hub.requests.answer({ ...answer, status: 'approved', kind: 'publish' });
  // @ts-expect-error a denial carries no answer
  await hub.requests.answer({ requestId: 'r', by, status: 'denied', answer: 'Yes' });
  const refund = { ...answer, status: 'approved', kind: 'refund' } as const;
  // @ts-expect-error a response of another shape
  await hub.requests.answer({ ...refund, response: { level: 5 } });
  // @ts-expect-error a response is missing
  await hub.requests.answer(refund);
  // @ts-expect-error no positions
  await hub.requests.cancel('r', 'moot');
  const page = await hub.requests.list({ status: 'pending', kind: 'refund', limit: 10 });
  const [first] = page.items;
  expectTypeOf(first).toEqualTypeOf<HitlRequest<App> | undefined>();
  if (first?.kind === 'severity') expectTypeOf(first.payload.highest).toEqualTypeOf<number>();
  // @ts-expect-error a kind nobody registered
  await hub.requests.list({ kind: 'refunds' });
}

export function events(): void {
  hub.on('request.resolved', ({ request: resolved, outcome }) => {
    if (resolved.kind === 'refund') expectTypeOf(resolved.payload.cents).toEqualTypeOf<number>();
    if (outcome.kind === 'refund' && outcome.status === 'approved')
      expectTypeOf(outcome.response.cents).toEqualTypeOf<number>();
  });
  hub.on('turn.waiting', ({ turn, requestIds }) => {
    expectTypeOf(requestIds).toEqualTypeOf<readonly string[]>();
    expectTypeOf(turn).toEqualTypeOf<TurnRecord>();
  });
  hub.on('turn.stuck', ({ reason, problem }) => {
    expectTypeOf(reason).toEqualTypeOf<'changed' | 'crashing' | 'too_long'>();
    expectTypeOf(problem).toEqualTypeOf<string>();
  });
  hub.on('*', (event) => expectTypeOf(event).toEqualTypeOf<HubEvent<App>>());
  // @ts-expect-error the name on the wire is not the event's
  hub.on('hitl_request_resolved', () => {});
  hub.on('client.joined', ({ client }) => expectTypeOf(client.user.tenant).toEqualTypeOf<string>());
}

export function channels(): void {
  const chat: Channel<App> = {
    present: async ({ request: { kind, payload }, link }) => {
      if (kind === 'refund') await link({ userId: String(payload) });
    },
    settle: () => {},
  };
  // @ts-expect-error a channel that cannot end a card is none
  const half: Channel = { present: () => {} };
  const general: Channel = { present: ({ request: { id } }) => void id, settle: () => {} };
  expressHitl({ auth, channels: { general } });
  void [chat, half];
}

export async function policies(): Promise<void> {
  const policy = (policy: AnswerPolicy) => turn.ask({ question: '?', policy });
  await policy({});
  await policy({ users: ['ann'], approvals: 1, excludeRequester: true, claim: 'exclusive', denial: 'veto' });
  await policy({ groups: ['board'], approvals: 3, of: 5, denial: 'majority', agreement: 'any' });
  await policy({ stages: [{ name: 'analyst', groups: ['soc'] }, { users: ['cto'] }] });
  await policy({ stages: [{ approvals: 2, of: 3 }], denial: 'majority', excludeRequester: true });
  // @ts-expect-error a majority is out of how many
  await policy({ groups: ['board'], approvals: 3, denial: 'majority' });
  // @ts-expect-error each round says out of how many
  await policy({ stages: [{ approvals: 2, of: 3 }, { users: ['cto'] }], denial: 'majority' });
  // @ts-expect-error `of` counts only for a majority
  await policy({ approvals: 2, of: 3 });
  // @ts-expect-error `of` of a round counts only for a majority
  await policy({ stages: [{ approvals: 2, of: 3 }] });
  // @ts-expect-error people of one round beside rounds
  await policy({ users: ['ann'], stages: [{ users: ['cto'] }] });
  // @ts-expect-error a number of approvals beside rounds
  await policy({ approvals: 2, stages: [{ users: ['cto'] }] });
  // @ts-expect-error `of` beside rounds
  await policy({ of: 3, stages: [{ approvals: 2, of: 3 }], denial: 'majority' });
  // @ts-expect-error a denial is one of two words
  await policy({ denial: 'unanimous' });
  // What reads a policy reads it whatever it is made up of.
  const read = ({ users, approvals, of, stages, denial }: AnswerPolicy) => ({
    users,
    approvals,
    of,
    stages,
    denial,
  });
  expectTypeOf(read({}).of).toEqualTypeOf<number | undefined>();
  expectTypeOf(read({}).denial).toEqualTypeOf<'veto' | 'majority' | undefined>();
}

export async function testing(): Promise<void> {
  const kinds = {
    pay: defineKind({ payload: z.object({ sum: z.number() }), response: z.object({ iban: z.string() }) }),
  };
  const hub = await startTestHub({
    auth: { identify: (req) => ({ id: req.get('x-user') ?? '', tenant: 'acme' }) },
    kinds,
    agent: async (inline) => {
      expectTypeOf(inline.user.tenant).toEqualTypeOf<string>();
      await inline.request('pay', { sum: 1 });
      // @ts-expect-error a misspelt kind
      await inline.request('pai', { sum: 1 });
    },
    prepare: (prepared) => void prepared.hub.on('client.joined', ({ client }) => client.user.tenant),
    sqlite: true,
  });
  expectTypeOf(hub).toEqualTypeOf<TestHub<{ kinds: typeof kinds; user: { id: string; tenant: string } }>>();
  const client = await hub.connect({ user: 'bob', groups: ['lead'] });
  const asked = await client.nextRequest();
  if (asked.kind === 'pay') {
    expectTypeOf(asked.payload).toEqualTypeOf<{ sum: number }>();
    await client.answer({ requestId: asked.id, status: 'approved', kind: 'pay', response: { iban: 'DE' } });
    // @ts-expect-error a response is missing
    await client.answer({ requestId: asked.id, status: 'approved', kind: 'pay' });
  }
  await client.answer({ requestId: 'r', status: 'denied', comment: 'no', revision: 2 });
  await client.answer({ requestId: 'r', status: 'answered', answer: 'Yes' });
  // @ts-expect-error a client answers in its own name
  await client.answer({ requestId: 'r', status: 'denied', by });
  // @ts-expect-error a kind nobody registered
  await hub.hub.requests.list({ kind: 'pai' });
  // @ts-expect-error an option nobody knows
  await startTestHub({ sqlit: true });
  const app = await startTestHub({ create: () => ({ app: express(), hitl }) });
  expectTypeOf(app.hitl).toEqualTypeOf<typeof hitl>();
  const request = await (await app.connect()).nextRequest();
  if (request.kind === 'severity') expectTypeOf(request.payload.highest).toEqualTypeOf<number>();
  const bare: TestHub = await startTestHub();
  await bare.advance('15m');
  await fireDeadlines(hub, '1d');
  await restartHub(app);
}

/** An agent that needs nothing of an app fits every app, durable or not; one that needs something fits where that is. */
export function durableAgentsOfApps() {
  const own = durable<App>(async (its) => its.request('severity', { alert: 'a', highest: 3 }));
  const bare: DurableAgent = durable(async (its) => its.say(its.user.name));
  const named = expressHitl({
    auth: { identify: () => ({ id: 'a', name: 'A' }), authorize: () => 'allow' },
  });
  named.agent(bare);
  expectTypeOf(hitl.agent(own)).toEqualTypeOf<DurableAgent<App>>();
  hitl.agent(bare);
  const paid = expressHitl({
    auth: { identify: () => ({ id: 'a' }), authorize: () => 'allow' },
    kinds: { pay: defineKind({ payload: z.object({ sum: z.number() }) }) },
  });
  paid.agent(bare);
  // @ts-expect-error its kinds are those of another app
  paid.agent(own);
  // @ts-expect-error its users have a field of their own
  named.agent(durable<{ kinds: Record<never, never>; user: { id: string; tenant: string } }>(() => {}));
  // A plain agent, just so.
  named.agent(async (its: Turn) => its.say(its.user.name));
}

export async function durableAgents() {
  const agent = durable<App>(async (own) => own.say(await own.step('s', () => 'x')));
  const answers = [
    { status: 'approved' as const, args: { ip: 'x' } },
    { status: 'answered' as const, answer: 'Yes' },
  ];
  const found = await replayEveryPrefix(agent, { message: 'm', answers, hub: { kinds: {} } });
  expectTypeOf(found).toEqualTypeOf<PrefixReplay>();
  if (found.fits) expectTypeOf(found.entries).toEqualTypeOf<number>();
  else expectTypeOf(found.instead).toEqualTypeOf<readonly string[]>();
  // @ts-expect-error what does not fit has no count
  if (!found.fits) found.entries;
  // @ts-expect-error a message is missing
  await replayEveryPrefix(agent, { answers });
  // @ts-expect-error an answer nobody can give
  await replayEveryPrefix(agent, { message: 'm', answers: [{ status: 'expired' }] });
  // @ts-expect-error a plain agent is called once
  await findStrayCalls(async () => {}, { message: 'm' });
  const strays = await findStrayCalls(() => agent, {
    message: 'm',
    answers: ({ kind }) => (kind === 'question' ? undefined : { status: 'denied' }),
  });
  expectTypeOf(strays[0]?.line).toEqualTypeOf<number | undefined>();
  expectTypeOf(await crashAfterEachCommit(agent, { message: 'm' })).toEqualTypeOf<CrashCheck>();
  const saved = await saveJournal(await startTestHub(), 't');
  expectTypeOf(saved).toEqualTypeOf<SavedJournal>();
  const fit = await replayJournal(agent, saved);
  if (!fit.fits) expectTypeOf(fit.recorded).toEqualTypeOf<string>();
  // @ts-expect-error what fits has nothing instead
  if (fit.fits) fit.instead;
}
