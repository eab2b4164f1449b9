/** A second, separate account of who may settle a request and when, in plain code; the machine is held against it. */
import type { RequestEvent, RequestInput } from '../../lib/actors/hitl-request';

/** One person's verdict that stands. */
interface Vote {
  who: string;
  isYes: boolean;
  stage: number;
  /** What a yes carries, and all that was sent. */
  content: string;
  said: string;
  /** The grant that it names. */
  pick: number | undefined;
}

/** What the oracle remembers. */
export interface OracleState {
  status: 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled' | 'superseded';
  votes: Vote[];
  /** What the stage before has agreed on. */
  agreed: string | undefined;
  stage: number;
  revision: number;
  claim: { user: string; until: number } | undefined;
  run:
    | { id: string; state: 'executing' | 'executed' | 'failed' | 'unknown' | 'not_run'; until: number }
    | undefined;
  extra: string[];
  key: boolean;
  isAskerGone: boolean;
  grant: { index: number; isRevoked: boolean } | undefined;
}

export function firstState(): OracleState {
  return {
    status: 'pending',
    votes: [],
    agreed: undefined,
    stage: 0,
    revision: 1,
    claim: undefined,
    run: undefined,
    extra: [],
    key: true,
    isAskerGone: false,
    grant: undefined,
  };
}

/** The state after an event, or the code of its refusal. An event that means nothing leaves the state as it is. */
export function judge(state: OracleState, event: RequestEvent, born: RequestInput): OracleState | string {
  const late = born.expiresAt !== undefined && event.at >= born.expiresAt;
  const personal = ['respond', 'claim', 'release', 'withdraw'].includes(event.type);
  if (state.status !== 'pending') {
    if (personal || event.type === 'amend' || event.type === 'cancel') return 'already_resolved';
    if (event.type === 'supersede') return { ...state, key: false };
    return judgeRun(state, event, born);
  }
  switch (event.type) {
    case 'asker_leave':
      return { ...state, isAskerGone: born.turnId !== undefined };
    case 'asker_return':
      return { ...state, isAskerGone: false };
    case 'respond': {
      if (late) return 'already_resolved';
      if (!mayAct(state, event, born)) return 'not_allowed';
      const me = event.by.userId;
      const vote = voteOf(event, state.stage);
      const mine = state.votes.find(({ who }) => who === me);
      if (mine && mine.stage < state.stage) return 'already_answered';
      if (mine && mine.isYes === vote.isYes && mine.said === vote.said) return 'already_answered';
      if ((event.revision ?? 1) !== state.revision) return 'stale_revision';
      const claimed = state.claim !== undefined && event.at < state.claim.until && state.claim.user !== me;
      if (claimed && born.policy.claim === 'exclusive') return 'claimed_by_other';
      if (!event.permitted) return 'not_allowed';
      if (event.grant && !event.grant.permitted) return 'not_allowed';
      return settle({ ...state, votes: [...state.votes.filter((each) => each !== mine), vote] }, vote, born);
    }
    case 'claim': {
      if (state.claim && event.at < state.claim.until && state.claim.user !== event.by.userId)
        return 'claimed_by_other';
      if (!event.permitted || !mayAct(state, event, born)) return 'not_allowed';
      return { ...state, claim: { user: event.by.userId, until: event.until } };
    }
    case 'release':
      return state.claim?.user === event.by.userId ? { ...state, claim: undefined } : 'not_claimed';
    case 'lease_end':
      return state.claim && event.at >= state.claim.until ? { ...state, claim: undefined } : state;
    case 'use_grant':
      return { ...state, status: 'approved', claim: undefined };
    case 'amend':
      return {
        ...state,
        revision: state.revision + 1,
        claim: undefined,
        votes: [],
        agreed: undefined,
        stage: 0,
      };
    case 'renew':
    case 'leave': {
      if (state.claim?.user !== event.by.userId) return state;
      if (event.type === 'leave') return { ...state, claim: undefined };
      return { ...state, claim: { ...state.claim, until: Math.max(state.claim.until, event.until) } };
    }
    case 'withdraw':
      if (!(event.permitted ?? event.by.userId === born.userId)) return 'not_allowed';
      return { ...state, status: 'cancelled', claim: undefined };
    case 'cancel':
      return { ...state, status: 'cancelled', claim: undefined };
    case 'turn_end':
      return { ...state, status: 'cancelled', claim: undefined, key: false };
    case 'supersede':
      return { ...state, status: 'superseded', claim: undefined };
    case 'escalate': {
      const due = born.escalateAt !== undefined && event.at >= born.escalateAt;
      return due ? { ...state, extra: [...(born.escalateTo.users ?? [])] } : state;
    }
    case 'expire':
      return late ? { ...state, status: born.onExpiry, claim: undefined } : state;
    case 'execute':
    case 'executed':
    case 'execution_failed':
    case 'execution_lost':
    case 'retry':
      return 'not_executable';
    default:
      return state;
  }
}

function mayAct(state: OracleState, event: RequestEvent, born: RequestInput): boolean {
  if (!('by' in event)) return false;
  if (born.policy.excludeRequester && event.by.userId === born.userId) return false;
  const round = (born.policy.stages ?? [born.policy])[state.stage] ?? {};
  if (!round.users && !round.groups) return true;
  const named = [...(round.users ?? []), ...state.extra].includes(event.by.userId);
  return named || event.by.groups.some((group) => round.groups?.includes(group));
}

function voteOf(event: Extract<RequestEvent, { type: 'respond' }>, stage: number): Vote {
  const { answer, comment, grant } = event.response ?? {};
  return {
    who: event.by.userId,
    isYes: event.status === 'approved',
    stage,
    content: String(answer),
    said: [answer, comment, grant].join(' '),
    pick: event.grant?.index,
  };
}

/** The state once this vote is counted among the others. */
function settle(state: OracleState, vote: Vote, { policy }: RequestInput): OracleState {
  const rounds = policy.stages ?? [policy];
  const { approvals: needed = 1, of = 0 } = rounds[state.stage] ?? {};
  const open = { ...state, claim: undefined };
  const alike = state.votes.filter(({ stage, isYes }) => stage === state.stage && isYes === vote.isYes);
  if (!vote.isYes) {
    const isHopeless = policy.denial !== 'majority' || alike.length > of - needed;
    return { ...open, status: isHopeless ? 'denied' : 'pending' };
  }
  const mayDiffer = policy.agreement === 'any';
  const together = alike.filter(({ content }) => mayDiffer || content === vote.content);
  const isContrary = !mayDiffer && state.agreed !== undefined && state.agreed !== vote.content;
  if (isContrary || together.length < needed) return open;
  if (state.stage + 1 < rounds.length) return { ...open, stage: state.stage + 1, agreed: vote.content };
  const { pick } = vote;
  const isGiven = state.votes.every(
    (each) => !each.isYes || (each.pick === pick && each.content === vote.content),
  );
  const grant = pick !== undefined && isGiven ? { index: pick, isRevoked: false } : undefined;
  return { ...open, status: 'approved', grant };
}

function judgeRun(state: OracleState, event: RequestEvent, born: RequestInput): OracleState | string {
  const { run } = state;
  const approved = state.status === 'approved';
  switch (event.type) {
    case 'execute':
      if (!approved) return 'not_executable';
      if (run?.state === 'executing' && run.id === event.runId)
        return { ...state, run: { ...run, until: event.until } };
      if (run && run.state !== 'not_run') return 'not_executable';
      if (event.digest !== (state.revision > 1 ? 'amended' : born.digest)) return 'not_executable';
      if (event.isRevoked) return 'not_executable';
      return { ...state, run: { id: event.runId, state: 'executing', until: event.until } };
    case 'executed':
    case 'execution_failed':
      if (run?.state !== 'executing' || run.id !== event.runId) return 'not_executable';
      return { ...state, run: { ...run, state: event.type === 'executed' ? 'executed' : 'failed' } };
    case 'execution_lost':
      if (run?.state !== 'executing' || run.id !== event.runId) return 'not_executable';
      return { ...state, run: { ...run, state: 'unknown' } };
    case 'not_run': {
      if (!approved || (run && run.state !== 'executing' && run.state !== 'not_run')) return state;
      if (run?.state === 'executing' && run.id !== event.runId) return 'not_executable';
      return { ...state, run: { id: event.runId, state: 'not_run', until: event.at } };
    }
    case 'asker_return':
      return approved ? { ...state, isAskerGone: false } : state;
    case 'revoke_grant':
      return state.grant ? { ...state, grant: { ...state.grant, isRevoked: true } } : state;
    case 'execution_lease_end':
      return run?.state === 'executing' && event.at >= run.until
        ? { ...state, run: { ...run, state: 'unknown' } }
        : state;
    case 'retry':
      return run?.state === 'failed' || run?.state === 'unknown'
        ? { ...state, run: undefined }
        : 'not_executable';
    default:
      return state;
  }
}
