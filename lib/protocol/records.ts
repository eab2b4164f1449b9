/** What the hub knows of sessions, turns, messages and requests; the store persists these, the views are built from them. */

/** A point in time: milliseconds since 1970-01-01 UTC, as `Date.now()` gives. */
export type Millis = number;

/** A person or service, as the app's `user` callback names them. */
export interface User {
  /** Unique and stable; what policies and records name. */
  id: string;
  /** Shown to people; default: the id. */
  name?: string;
  /** What policies may refer to. */
  groups?: readonly string[];
}

/** Who wrote a message or answered a request. */
export interface Author {
  userId: string;
  displayName: string;
}

/** One conversation of one user on one ticket; turns of a session run one after another. */
export interface SessionRecord {
  id: string;
  ticketId: string;
  /** Where it is held; `system`: remarks of the app, which the agent does not answer. */
  source: 'web' | 'cli' | 'slack' | 'system';
  userId: string;
  /** The tab it was begun in; the same user resumes it through the same tab. */
  tabId: string;
  createdAt: Millis;
  /** When the last message came, to within 5 seconds: it is written when it moves by that. */
  lastActiveAt: Millis;
}

export type TurnStatus = 'queued' | 'running' | 'waiting' | 'stuck' | 'completed' | 'aborted';
/** Why a turn did not complete. */
export type AbortReason = 'error' | 'cancelled' | 'shutdown' | 'crash' | 'expired';

/** One answer of the agent to one chat message. */
export interface TurnRecord {
  id: string;
  ticketId: string;
  sessionId: string;
  /** Who wrote the message it answers. */
  userId: string;
  status: TurnStatus;
  intent?: string;
  queuedAt: Millis;
  startedAt?: Millis;
  endedAt?: Millis;
  reason?: AbortReason;
  /** The message it answers; none of a turn stored by an earlier version. */
  messageId?: string;
  /** Who wrote it, as they were then. */
  user?: Required<User>;
  /** How a durable turn goes on from process to process; none for a turn of a plain agent. */
  run?: TurnRun;
  /** Of a waiting turn. */
  waitsFor?: TurnWaitsFor;
  /** Of a stuck turn. */
  problem?: TurnProblem;
  /** When a later process went on with it last. */
  continuedAt?: Millis;
}

/** How a durable turn goes on from process to process. */
export interface TurnRun {
  /** Of the agent's code it began with; none where the agent names no version. */
  version?: string;
  /** The node that runs it; none while it is queued, waits or is stuck, and after a process has let go of it. */
  owner?: string;
  /** +1 each time it is taken, begins a leg, or gets stuck; 0 before the first. A write under an older one is refused. */
  generation: number;
  /** +1 with each `again` and each start over; each leg has a journal of its own. From 0. */
  leg: number;
  /** When the present leg began, if it is not the first. */
  legBegunAt?: Millis;
  /** Processes that took it since it got any further. */
  tries: number;
  /** Entries of the journal when it was taken last. */
  triedAt: number;
  /** When it goes on, or ends for its age, by itself. */
  dueAt?: Millis;
  /** Its greatest age: later it ends as `expired`. */
  expiresAt?: Millis;
  /** Ids of the requests that the next leg waits for before its code is called. */
  when?: readonly string[];
  /** When the next leg begins at the earliest, where it waits for a time. */
  notBefore?: Millis;
}

/** What a waiting turn waits for: people, a time, or whichever comes first. */
export interface TurnWaitsFor {
  since: Millis;
  /** The open requests; empty where it waits for a time alone. */
  requestIds: readonly string[];
  /** The time at which it goes on by itself. */
  until?: Millis;
}

/** Why a turn is stuck, for people and programs. */
export interface TurnProblem {
  /** `changed`: its code no longer does what is recorded. `crashing`: its processes end under it. `too_long`: its journal is full. */
  reason: 'changed' | 'crashing' | 'too_long';
  at: Millis;
  message: string;
  /** With `changed`: the call that is recorded and was not made. */
  recorded?: string;
  /** With `changed`: the calls that were made instead. */
  instead?: readonly string[];
}

export type MessageType = 'user' | 'trace' | 'plan' | 'response' | 'warning';

/** One line of the timeline; an update changes the line in place and records its earlier text. */
export interface MessageRecord {
  id: string;
  ticketId: string;
  sessionId: string;
  turnId?: string;
  type: MessageType;
  author?: Author;
  content: string;
  createdAt: Millis;
  updatedAt?: Millis;
  /** It grows: `content` is its beginning. One of a turn that has ended grows no more, whatever is stored; see `asRead`. */
  isStreaming?: true;
  /** Earlier contents, oldest first, each with the time it was written; who reads one message alone gets none, who updates it the one that was replaced. */
  revisions: readonly MessageRevision[];
}

/** What a message said before. */
export interface MessageRevision {
  content: string;
  /** When it began to say so. */
  updatedAt: Millis;
}

export type RequestStatus = 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled' | 'superseded';

/** What a person sent as an answer, beside the verdict. */
export interface RequestResponse {
  comment?: string | undefined;
  /** Of a question. */
  answer?: string | undefined;
  /** Edited arguments of a tool approval; only where the request allows editing. */
  tool_args?: Record<string, unknown> | undefined;
  [field: string]: unknown;
}

/** Some people, by name or by group; neither given: everyone with access to the ticket. */
export interface People {
  users?: readonly string[];
  groups?: readonly string[];
}

/** Who may answer a request now: these people, but for some of them. */
export interface Answerers extends People {
  /** Ids of users who may not although they are among them: an excluded requester, and who has been counted. */
  except: readonly string[];
}

/** One round of answers: who may answer in it and how many of them must say yes. */
export interface Stage extends People {
  /** Shown to people, `analyst` for example. */
  name?: string;
  /** How many different people must approve. Default 1. */
  approvals?: number;
  /** Out of how many; only where `denial` is `majority`, and needed there. */
  of?: number;
}

/** A round that one denial ends. */
export interface VetoStage extends Stage {
  of?: never;
}

/** A round that is denied once its approvals can no longer be reached. */
export interface MajorityStage extends Stage {
  /** Out of how many; not less than `approvals`. */
  of: number;
}

/** What holds for every round of a policy. */
export interface PolicyRules {
  /** Four eyes: the requester may not answer. Default false. */
  excludeRequester?: boolean;
  /** `exclusive`: while a claim lasts only its holder may answer. Default `courtesy`: a claim only notifies the others. */
  claim?: 'courtesy' | 'exclusive';
  /**
   * What the approvals of a quorum must have in common, where an approval carries more than a comment. `same`: they count
   * together only if they carry the same; `any`: whatever they carry. Default `same`.
   */
  agreement?: 'same' | 'any';
}

/**
 * Who may answer a request and what it takes. Without any rule: one answer by anyone with access, the requester included.
 * One round is described by the policy itself; several, in the order in which they are answered, by `stages`, each with its own
 * people. With `denial: 'veto'`, the default, one denial denies; with `'majority'` a round is denied once its approvals can no
 * longer be reached, so each round says `of` how many.
 */
export type AnswerPolicy = PolicyRules &
  (
    | (VetoStage & { stages?: never; denial?: 'veto' })
    | (MajorityStage & { stages?: never; denial: 'majority' })
    | (Partial<Record<keyof Stage, never>> & { stages: readonly VetoStage[]; denial?: 'veto' })
    | (Partial<Record<keyof Stage, never>> & { stages: readonly MajorityStage[]; denial: 'majority' })
  );

/** What people are shown beside the payload to decide by; not part of what is digested, compared by keys, or executed. */
export interface Display {
  title?: string | undefined;
  description?: string | undefined;
  /** Why it is asked. */
  reason?: string | undefined;
  risk?: 'low' | 'medium' | 'high' | 'critical' | undefined;
  links?: readonly { url: string; label?: string | undefined }[] | undefined;
}

/** One person's answer that counted. */
export interface CountedVerdict {
  by: Author;
  at: Millis;
  status: 'approved' | 'denied';
  /** In which stage, from 0. */
  stage: number;
  comment?: string | undefined;
  /** All that this person sent with the verdict. */
  response?: RequestResponse | undefined;
  /** Which of the offered grants this person would give, from 0. */
  grant?: number | undefined;
}

/** What an approval may free beside the one call it is for: offered in a request's payload, so shown to people and in the digest. */
export interface GrantTerms {
  /** `ticket`: in the ticket where it is given. `everywhere`: in every ticket. */
  scope: 'ticket' | 'everywhere';
  /** `exact`: for the arguments that are approved. `any`: for whatever arguments; never everywhere. */
  args: 'exact' | 'any';
  /** From the approval on. */
  expires_in_ms: number;
  /** How many calls; as many as come if it is not there. */
  uses?: number | undefined;
}

/** The grant that came with an approval, as the request records it. */
export interface GivenGrant extends Omit<GrantTerms, 'expires_in_ms'> {
  id: string;
  expiresAt: Millis;
  revokedAt?: Millis | undefined;
  revokedBy?: Author | undefined;
}

/** The grant that approved a request. */
export interface UsedGrant {
  id: string;
  givenBy: readonly Author[];
}

/** An approval in advance for calls of one tool, given by people with an approval; each use of it is a request of its own. */
export interface GrantRecord extends GivenGrant {
  toolName: string;
  /** Where it was given and, with the scope `ticket`, where it holds. */
  ticketId: string;
  /** The approval it was given with. */
  requestId: string;
  /** Everyone whose approval it took, in the order in which they gave it. */
  givenBy: readonly Author[];
  /** Of the approval, as it stood then. */
  policy: AnswerPolicy;
  /** With `exact`: the arguments it is for. */
  toolArgs?: Record<string, unknown>;
  /** Digest of all that a call must have in common with it: tool, place, arguments, offer, policy. */
  covers: string;
  createdAt: Millis;
  /** How many calls it has covered. */
  used: number;
  lastUsedAt?: Millis | undefined;
}

/** What became of the effect that was approved; a decision and its effect are two things. */
export interface Execution {
  /**
   * `unknown`: the program that ran it is gone, and it is not known whether it happened. `not_run`: the call that it was
   * approved for is over, and did not begin; `error` says why. The same call, made again, may still run it.
   */
  state: 'executing' | 'executed' | 'failed' | 'unknown' | 'not_run';
  /** Which run; a late word of an earlier run does not count. */
  runId: string;
  startedAt: Millis;
  /** The run is given up for lost at this time unless it is heard of. */
  until: Millis;
  endedAt?: Millis;
  error?: string;
}

/** Someone's claim on a pending request; it ends by itself at `until`. */
export interface Claim {
  by: Author;
  at: Millis;
  until: Millis;
}

/** A request to a human, as projected from its actor; the actor is the truth. */
export interface RequestRecord {
  id: string;
  ticketId: string;
  sessionId: string;
  turnId?: string;
  /** The message it is shown at. */
  messageId?: string;
  /** `tool_approval`, `question`, or a kind the app registers. */
  type: string;
  /** Frozen at the request; `digest` is over it. */
  payload: Record<string, unknown>;
  /** Shown beside the payload. */
  display?: Display | undefined;
  /** `sha256:` and hex over the type and payload: what was shown is what is answered. */
  digest: string;
  /** JSON Schema of what an approval carries. */
  responseSchema?: Record<string, unknown> | undefined;
  /** +1 with every change a person may want to see before answering; begins at 1. */
  revision: number;
  status: RequestStatus;
  /** The requester. */
  userId: string;
  /** Re-attaches the same question after a crash; unique in its ticket. */
  key?: string | undefined;
  /** Stays pending when its turn ends. */
  detached?: boolean;
  /** The turn that asked is over and no turn has taken the request up since: an answer reaches no running program. */
  asker?: 'gone' | undefined;
  createdAt: Millis;
  expiresAt?: Millis;
  claim?: Claim | undefined;
  respondedBy?: Author;
  respondedAt?: Millis;
  response?: RequestResponse;
  /** Why it was cancelled, superseded or expired. */
  reason?: string;
  policy: AnswerPolicy;
  /** The stage that is being answered, from 0. */
  stage: number;
  verdicts: readonly CountedVerdict[];
  /** Of what was approved: `digest`, or that of the edited arguments. */
  approvedDigest?: string;
  execution?: Execution | undefined;
  /** Where grants are offered: digest of the policy as it was asked, before any escalation. */
  policyDigest?: string;
  /** With a key: digest of the terms it was asked under, which the same key must not change. */
  termsDigest?: string;
  /** The grant that its approval gave. */
  grant?: GivenGrant | undefined;
  /** The grant that approved it in place of people, and who had given that. */
  usedGrant?: UsedGrant | undefined;
}
