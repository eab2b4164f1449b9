/** What the request machine takes, receives and emits, and how its snapshot is read as a record; the hub uses it in these terms. */
import type {
  AnswerPolicy,
  Author,
  Claim,
  CountedVerdict,
  Display,
  GivenGrant,
  GrantTerms,
  Millis,
  People,
  RequestRecord,
  RequestResponse,
  RequestStatus,
  UsedGrant,
  User,
} from '../protocol/records';
import { requestStatuses } from '../protocol/request-status';
import {
  type ExecutionContext,
  type ExecutionEvent,
  type ExecutionInput,
  type executionDeadlineMeanings,
  leaseEnd,
} from './execution';
import type { Refusal } from './refused';

/** What happens when a request is not answered in time. */
export type ExpiryDefault = 'expired' | 'denied' | 'approved';

/** Deadlines beside the end; all absolute. */
export interface RequestDeadlines {
  /** Earliest first; each is emitted once. */
  remindAt: readonly Millis[];
  escalateAt?: Millis | undefined;
  /** Who may answer too from then on. */
  escalateTo: People;
  /** What the end means. */
  onExpiry: ExpiryDefault;
}

/** What most requests are asked with, and what is left of them once people are asked no more. */
export const noDeadlines: RequestDeadlines = {
  remindAt: [],
  escalateAt: undefined,
  escalateTo: {},
  onExpiry: 'expired',
};

/** What a request starts with. */
export interface RequestInput extends RequestDeadlines {
  id: string;
  ticketId: string;
  sessionId: string;
  turnId?: string;
  messageId?: string;
  type: string;
  payload: Record<string, unknown>;
  display?: Display | undefined;
  digest: string;
  responseSchema?: Record<string, unknown> | undefined;
  /** The requester. */
  userId: string;
  key?: string | undefined;
  detached?: boolean;
  createdAt: Millis;
  expiresAt?: Millis;
  policy: AnswerPolicy;
  policyDigest?: string;
  termsDigest?: string;
}

/** What a request remembers. */
export interface RequestContext extends RequestInput {
  revision: number;
  stage: number;
  verdicts: readonly CountedVerdict[];
  claim?: Claim | undefined;
  asker?: 'gone' | undefined;
  respondedBy?: Author;
  respondedAt?: Millis;
  response?: RequestResponse;
  reason?: string;
  /** From its approval on. */
  approvedDigest?: string;
  grant?: GivenGrant | undefined;
  usedGrant?: UsedGrant | undefined;
}

/** The person behind an event, with what the policy goes by. */
export interface Answerer extends Author {
  groups: readonly string[];
}

export function toAnswerer(user: User): Answerer {
  return { userId: user.id, displayName: user.name ?? user.id, groups: user.groups ?? [] };
}

export type RequestEvent =
  | {
      type: 'respond';
      at: Millis;
      by: Answerer;
      /** What the app's own rule said about this person, asked before the event. */
      permitted: boolean;
      status: 'approved' | 'denied';
      response?: RequestResponse;
      /** What the person saw; without it the request must never have been amended. */
      revision?: number;
      /** Of what is approved, where the person has edited it. */
      digest?: string;
      /** The offered grant that the person gives with it; `permitted` is what the app says to that. */
      grant?: GrantTerms & { id: string; index: number; permitted: boolean };
    }
  /** A live grant covers what is asked; sent before any person is asked. */
  | { type: 'use_grant'; at: Millis; grant: UsedGrant }
  | { type: 'claim'; at: Millis; by: Answerer; permitted: boolean; until: Millis }
  /** The holder of a claim, or perhaps someone else, did something in the ticket. */
  | { type: 'renew'; at: Millis; by: Answerer; until: Millis }
  | { type: 'release'; at: Millis; by: Answerer }
  /** The last client of this person has left the ticket. */
  | { type: 'leave'; at: Millis; by: Answerer }
  /** What of it is there changes; `null` takes what is shown beside the payload away. */
  | ({ type: 'amend'; at: Millis; display?: Display | null } & Partial<
      Pick<RequestRecord, 'payload' | 'digest' | 'responseSchema'>
    >)
  | { type: 'cancel'; at: Millis; reason: string }
  /** `permitted`: what the app's own rule said; without one it is absent. */
  | { type: 'withdraw'; at: Millis; by: Answerer; permitted?: boolean; reason: string }
  | { type: 'turn_end'; at: Millis; reason: string }
  /** The turn that asked is over, or was in a process that is gone, and the request stays. */
  | { type: 'asker_leave'; at: Millis }
  /** It was asked again, so that a program learns the outcome. */
  | { type: 'asker_return'; at: Millis }
  | { type: 'supersede'; at: Millis; reason: string }
  | { type: 'lease_end'; at: Millis }
  | { type: 'remind'; at: Millis }
  | { type: 'escalate'; at: Millis }
  | { type: 'expire'; at: Millis }
  /** The grant that came with the approval holds no more. */
  | { type: 'revoke_grant'; at: Millis; by: Answerer }
  /** The effect of what was approved: its execution receives these, and without one they are refused. */
  | ExecutionEvent;

/**
 * What a request emits to the hub: the first three are envelopes, reminders and escalations are for the app, and the events
 * of a grant are committed with it.
 */
export type RequestEmitted =
  | { type: 'hitl_request_pending' }
  | { type: 'hitl_request_updated' }
  | { type: 'hitl_request_resolved' }
  | { type: 'reminded' }
  | { type: 'escalated' }
  | { type: 'grant_given' }
  | { type: 'grant_used' }
  | { type: 'grant_revoked' }
  | ({ type: 'refused' } & Refusal);

/** The part of a request's live or restored snapshot that is read here. */
export interface QuestionSnapshot {
  value: unknown;
  tags: ReadonlySet<string>;
  context: RequestContext;
}

/** A request as it stands: the question, and once it is approved its execution. */
export interface RequestSnapshot {
  question: QuestionSnapshot;
  execution?: { value: unknown; context: ExecutionContext } | undefined;
}

/** The record of a request, as the snapshots of its actors say it. */
export function requestRecord({ question, execution }: RequestSnapshot): RequestRecord {
  const {
    remindAt: _remindAt,
    escalateAt: _escalateAt,
    escalateTo: _escalateTo,
    onExpiry: _onExpiry,
    ...fields
  } = question.context;
  const run = execution?.context.run;
  return { ...fields, ...(run && { execution: run }), status: requestStatus(question) };
}

/** The state a request is in, from the outermost to the innermost: `pending.open`, `resolved.approved.executing`. */
export function stateName({ question, execution }: RequestSnapshot): string {
  return execution ? `${pathOf(question.value)}.${pathOf(execution.value)}` : pathOf(question.value);
}

/** What the execution of a request starts with; nothing unless it is approved. */
export function executionInput({ context, tags }: QuestionSnapshot): ExecutionInput | undefined {
  return tags.has('approved') ? toExecutionInput(context) : undefined;
}

/** What the execution of an approved request starts with. */
export function toExecutionInput({
  id,
  ticketId,
  digest,
  approvedDigest = digest,
}: Pick<RequestContext, 'id' | 'ticketId' | 'digest' | 'approvedDigest'>): ExecutionInput {
  return { id, ticketId, digest: approvedDigest };
}

function pathOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[parent, child] = ['', '']] = Object.entries(value as Record<string, unknown>);
  return `${parent}.${pathOf(child)}`;
}

function requestStatus({ tags }: QuestionSnapshot): RequestStatus {
  // Every state that a request can be in has one of them.
  return requestStatuses.find((status) => tags.has(status)) ?? 'pending';
}

/** The deadline a request has to be sent next, and when. */
export function nextDeadline(snapshot: RequestSnapshot): { at: Millis; type: DeadlineType } | undefined {
  const { question, execution } = snapshot;
  const { context } = question;
  const deadlines: [DeadlineType, Millis | undefined][] = question.tags.has('pending')
    ? [
        ['expire', context.expiresAt],
        ['lease_end', context.claim?.until],
        ['remind', context.remindAt[0]],
        ['escalate', context.escalateAt],
      ]
    : [['execution_lease_end', execution && leaseEnd(execution.context)]];
  let next: { at: Millis; type: DeadlineType } | undefined;
  for (const [type, at] of deadlines) if (at !== undefined && (!next || at < next.at)) next = { at, type };
  return next;
}

/** The deadlines of a question, and that of a run. */
export type QuestionDeadline = 'expire' | 'lease_end' | 'remind' | 'escalate';
export type DeadlineType = QuestionDeadline | keyof typeof executionDeadlineMeanings;

/** What each deadline means, in words for the charts. */
export const deadlineMeanings: Record<QuestionDeadline, string> = {
  expire: 'It has waited as long as it may.',
  lease_end: 'The claim ends unless it is renewed.',
  remind: 'It has waited for a while; there can be several of these.',
  escalate: 'It has waited so long that more people are asked.',
};

/** What each event means that a person or a program sends, in words for the charts. */
export const requestEventMeanings: Record<
  Exclude<RequestEvent['type'], QuestionDeadline | ExecutionEvent['type']>,
  string
> = {
  respond: 'A person says yes or no.',
  use_grant: 'A grant given before covers what is asked.',
  claim: 'A person says that they are answering, or still are.',
  renew: 'A person does something in the ticket.',
  release: 'A person stops answering.',
  leave: 'A person has left the ticket, and has not come back in a while.',
  amend: 'What is asked is changed.',
  cancel: 'The agent or the app takes the question back.',
  withdraw: 'A person takes the question back.',
  turn_end: 'The turn that asked has ended.',
  asker_leave: 'The turn that asked is over, and the question stays.',
  asker_return: 'The same is asked again: a program waits for the outcome.',
  supersede: 'A newer question with the same key comes.',
  revoke_grant: 'The grant that was given with the approval is taken back.',
};
