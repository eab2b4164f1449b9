/** What the request machine is born with, hears and tells, and how its snapshot reads as a record; the hub talks to it in these terms. */
import type {
  Author,
  Display,
  GrantTerms,
  Millis,
  People,
  RequestRecord,
  RequestResponse,
  RequestStatus,
  UsedGrant,
  User,
} from '../protocol/records';

/** What happens when nobody answers in time. */
export type ExpiryDefault = 'expired' | 'denied' | 'approved';

/** Deadlines beside the end; all absolute. */
export interface RequestDeadlines {
  /** Earliest first; each is told once. */
  remindAt: readonly Millis[];
  escalateAt?: Millis | undefined;
  /** Who may answer too from then on. */
  escalateTo: People;
  /** What the end means. */
  onExpiry: ExpiryDefault;
}

export type RequestInput = Omit<
  RequestRecord,
  | 'status'
  | 'revision'
  | 'stage'
  | 'verdicts'
  | 'claim'
  | 'respondedBy'
  | 'respondedAt'
  | 'response'
  | 'reason'
  | 'asker'
  | 'execution'
  | 'approvedDigest'
  | 'grant'
  | 'usedGrant'
> &
  RequestDeadlines;

export type RequestContext = Omit<RequestRecord, 'status'> & RequestDeadlines;

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
  /** A live grant covers what is asked; comes before anybody is. */
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
  /** It was asked again, so that somebody learns the outcome. */
  | { type: 'asker_return'; at: Millis }
  | { type: 'supersede'; at: Millis; reason: string }
  | { type: 'lease_end'; at: Millis }
  | { type: 'remind'; at: Millis }
  | { type: 'escalate'; at: Millis }
  | { type: 'expire'; at: Millis }
  /**
   * Someone is about to carry out what was approved, `digest` being what they are about to do; `isRevoked` if the grant
   * that approved it is gone.
   */
  | { type: 'execute'; at: Millis; runId: string; until: Millis; digest: string; isRevoked?: boolean }
  | { type: 'executed'; at: Millis; runId: string }
  | { type: 'execution_failed'; at: Millis; runId: string; error: string }
  | { type: 'execution_lost'; at: Millis; runId: string; error: string }
  /** The call that it was approved for is over without having begun it. */
  | { type: 'not_run'; at: Millis; runId: string; error: string }
  | { type: 'execution_lease_end'; at: Millis }
  /** A person has looked and says: do it again. */
  | { type: 'retry'; at: Millis }
  /** The grant that came with the approval holds no more. */
  | { type: 'revoke_grant'; at: Millis; by: Answerer };

/** Why an event was refused; `rule` says which rule refused it where there are several behind one code. */
export interface Refusal {
  code:
    | 'already_resolved'
    | 'already_answered'
    | 'stale_revision'
    | 'not_allowed'
    | 'claimed_by_other'
    | 'not_claimed'
    | 'not_executable';
  rule?:
    | 'app'
    | 'four_eyes'
    | 'answerers'
    | 'requester'
    | 'grant'
    | 'not_approved'
    | 'digest'
    | 'under_way'
    | 'done'
    | 'needs_retry'
    | 'other_run'
    | 'grant_revoked';
}

/**
 * What a request tells the hub: the first three are envelopes, reminders and escalations are for the app, and what is said
 * of a grant is kept with it.
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

/** The part of a live or restored snapshot that is read here. */
export interface RequestSnapshot {
  value: unknown;
  context: RequestContext;
}

/** The record of a request, as its actor's snapshot tells it. */
export function requestRecord({ value, context }: RequestSnapshot): RequestRecord {
  const {
    remindAt: _remindAt,
    escalateAt: _escalateAt,
    escalateTo: _escalateTo,
    onExpiry: _onExpiry,
    ...record
  } = context;
  return { ...record, status: requestStatus(value) };
}

/** The state a request is in, from the outermost to the innermost: `pending.open`. */
export function stateName({ value }: Pick<RequestSnapshot, 'value'>): string {
  if (typeof value === 'string') return value;
  const [[parent, child] = ['', '']] = Object.entries(value as Record<string, unknown>);
  return `${parent}.${stateName({ value: child })}`;
}

function requestStatus(value: unknown): RequestStatus {
  const [parent, child] = Object.entries(value as Record<string, string | object>)[0] ?? [];
  if (parent !== 'resolved') return 'pending';
  return (typeof child === 'string' ? child : Object.keys(child ?? {})[0]) as RequestStatus;
}

/** The deadline a request has to be told of next, and when. */
export function nextDeadline(snapshot: RequestSnapshot): { at: Millis; type: DeadlineType } | undefined {
  const { context } = snapshot;
  const isPending = requestStatus(snapshot.value) === 'pending';
  const deadlines: [DeadlineType, Millis | undefined][] = isPending
    ? [
        ['expire', context.expiresAt],
        ['lease_end', context.claim?.until],
        ['remind', context.remindAt[0]],
        ['escalate', context.escalateAt],
      ]
    : [
        [
          'execution_lease_end',
          context.execution?.state === 'executing' ? context.execution.until : undefined,
        ],
      ];
  let next: { at: Millis; type: DeadlineType } | undefined;
  for (const [type, at] of deadlines) if (at !== undefined && (!next || at < next.at)) next = { at, type };
  return next;
}

export type DeadlineType = 'expire' | 'lease_end' | 'remind' | 'escalate' | 'execution_lease_end';

/** What each deadline means, in words for the charts. */
export const deadlineMeanings: Record<DeadlineType, string> = {
  expire: 'It has waited as long as it may.',
  lease_end: 'The claim ends unless it is renewed.',
  remind: 'It has waited for a while; there can be several of these.',
  escalate: 'It has waited so long that more people are asked.',
  execution_lease_end: 'Whoever does it has been silent for longer than a run may be.',
};

/** What each event means that a person or a program sends, in words for the charts. */
export const requestEventMeanings: Record<Exclude<RequestEvent['type'], DeadlineType>, string> = {
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
  asker_return: 'The same is asked again: somebody waits for the outcome.',
  supersede: 'A newer question with the same key comes.',
  execute: 'Someone is about to do what was approved, or still is at it.',
  executed: 'The one who did it says that it is done.',
  execution_failed: 'The one who tried says that it failed.',
  execution_lost: 'The one who did it was cut off and cannot say.',
  not_run: 'The one who was about to do it says that it was not begun.',
  retry: 'A person has looked and says: do it again.',
  revoke_grant: 'The grant that was given with the approval is taken back.',
};
