/** What the app or agent asks, and how it becomes what a request actor is born with; `Hitl.request` uses it. */
import { approvalsNeeded, maxNamed, named, stagesOf, whyImpossible } from '../actors/answer-policy';
import type { ExpiryDefault, RequestInput } from '../actors/hitl-request';
import { HubError } from '../errors';
import { maxIdLength } from '../protocol/client-frames';
import type { AnswerPolicy, Display, Millis, People } from '../protocol/records';
import { toDisplay } from './display';
import { type Duration, toMillis } from './duration';
import { policyDigestOf } from './grant-terms';
import { digestOf, grantsOffered, type Kinds } from './kinds';
import { newId } from './new-id';

/** What every request may say beside what it asks. */
export interface AskOptions {
  /** Asking again with the same key and content, also after a restart, re-attaches to the same request or its outcome. Unique in the ticket. */
  key?: string;
  /** A request with the same key and other content makes way. Default: that is an error, `key_conflict`. */
  supersede?: boolean;
  /** Stays pending when its turn ends. Default false: it is withdrawn. */
  detached?: boolean;
  /**
   * What people are shown beside what they decide on: no part of it, of what a key compares, or of what is run. Default:
   * nothing.
   */
  display?: Display;
  /** Who may answer and what it takes. Default: one answer by anybody with access to the ticket. */
  policy?: AnswerPolicy;
  /** The app is told after each of these; at most 10. */
  remindIn?: Duration | readonly Duration[];
  /** More people may answer after this, and the app is told. */
  escalateIn?: Duration;
  escalateTo?: People;
  /** Default: it waits for ever. */
  expiresIn?: Duration;
  /** What silence means. Default `expired`. */
  onExpiry?: ExpiryDefault;
}

/** A question to a human. */
export interface HitlRequestInput extends AskOptions {
  ticketId: string;
  sessionId: string;
  turnId?: string;
  /** The message it is shown at. */
  messageId?: string;
  /** `tool_approval`, `question`, or a registered kind. */
  type: string;
  /** What the kind requires; copied and frozen. At most 256 KiB as JSON. */
  payload: Record<string, unknown>;
  /** The requester's id. */
  userId: string;
}

const maxReminders = 10;
/** What most requests say: nothing. One of each for all, since a copy of nothing costs as much as any other. */
const noPolicy: AnswerPolicy = Object.freeze({});
const nobody: People = Object.freeze({});

/** @throws HubError `invalid_request`, `too_large` */
export function toRequestInput(input: HitlRequestInput, kinds: Kinds, now: Millis): RequestInput {
  const payload = kinds.payload(input.type, input.payload);
  const display = input.display === undefined ? undefined : toDisplay(input.display);
  const { policy = noPolicy, key, escalateIn, escalateTo = nobody, expiresIn } = input;
  const reminders = [input.remindIn ?? []].flat();
  const impossible =
    whyImpossible(policy) ||
    (key !== undefined &&
      (key === '' || key.length > maxIdLength) &&
      `a key has 1 to ${maxIdLength} characters`) ||
    (reminders.length > maxReminders && `at most ${maxReminders} reminders`) ||
    (named(escalateTo) > maxNamed && `at most ${maxNamed} users and groups in escalateTo`);
  if (impossible) {
    throw new HubError('invalid_request', `The request cannot be asked like this: ${impossible}`);
  }
  assertEditable(payload, policy);
  const offersGrants = grantsOffered({ type: input.type, payload }).length > 0;
  const responseSchema = kinds.responseSchema(input.type, payload);
  return {
    id: newId(now),
    ticketId: input.ticketId,
    sessionId: input.sessionId,
    ...(input.turnId && { turnId: input.turnId }),
    ...(input.messageId && { messageId: input.messageId }),
    type: input.type,
    payload,
    ...(display && { display }),
    digest: digestOf(input.type, payload),
    ...(responseSchema && { responseSchema }),
    userId: input.userId,
    ...(key && { key }),
    ...(input.detached && { detached: true }),
    createdAt: now,
    ...(expiresIn !== undefined && { expiresAt: now + toMillis(expiresIn) }),
    policy: policy === noPolicy ? policy : structuredClone(policy),
    ...(offersGrants && { policyDigest: policyDigestOf(policy, escalateTo) }),
    remindAt: reminders.map((each) => now + toMillis(each)).sort((a, b) => a - b),
    ...(escalateIn !== undefined && { escalateAt: now + toMillis(escalateIn) }),
    escalateTo: escalateTo === nobody ? escalateTo : structuredClone(escalateTo),
    onExpiry: input.onExpiry ?? 'expired',
  };
}

/**
 * An edit is one person's: where several must agree, the others would not have seen it.
 * @throws HubError `invalid_request`
 */
export function assertEditable(payload: Record<string, unknown>, policy: AnswerPolicy): void {
  const stages = stagesOf(policy);
  if (payload.editable === true && (stages.length > 1 || approvalsNeeded(stages[0]) > 1)) {
    throw new HubError('invalid_request', 'Arguments can be edited only where one answer is enough');
  }
}
