/** What the app or agent asks, and how it becomes what a request actor is born with; `Asking` uses it. */
import { approvalsNeeded, maxNamed, named, whyImpossible } from '../../actors/answer-policy';
import type { ExpiryDefault, RequestInput } from '../../actors/hitl-request';
import { HubError } from '../../errors';
import { stagesOf } from '../../protocol/audience';
import type { AnswerPolicy, Display, MessageRecord, Millis, People } from '../../protocol/records';
import { newId } from '../commit/new-id';
import { grantsOffered } from '../kinds/built-in-kinds';
import { toDisplay } from '../kinds/display';
import { policyDigestOf } from '../kinds/grant-terms';
import { digestOf, type Kinds } from '../kinds/kinds';
import { termsDigestOf } from '../kinds/terms';
import { requestFields } from '../options/asked-options';
import { type Duration, toDeadlineMillis } from '../options/duration';
import { assertOptions } from '../options/options';
import { assertName } from '../tickets/client';

/** What every request may say beside what it asks. */
export interface AskOptions {
  /**
   * Asking again with the same key, content and terms (policy, deadlines, what silence means), also after a restart,
   * re-attaches to the same request or its outcome. Unique in the ticket.
   */
  key?: string;
  /** A pending request with the same key and other content or terms is superseded. Default: that is an error, `key_conflict`. */
  supersede?: boolean;
  /** Stays pending when its turn ends. Default false: it is withdrawn. */
  detached?: boolean;
  /**
   * What people are shown beside what they decide on: no part of it, of what a key compares, or of what is run. Default:
   * nothing.
   */
  display?: Display;
  /** Who may answer and what it takes. Default: one answer by a person with access to the ticket. */
  policy?: AnswerPolicy;
  /** `hub.on('request.reminded')` is called after each of these; at most 10. */
  remindIn?: Duration | readonly Duration[];
  /** More people may answer after this, and `hub.on('request.escalated')` is called. */
  escalate?: { after: Duration; to: People };
  /** Default: it waits for ever. */
  expiresIn?: Duration;
  /** What silence means. Default `expired`. */
  onExpiry?: ExpiryDefault;
  /** The message it is shown at. */
  message?: Pick<MessageRecord, 'id'>;
}

/** A question to a human. */
export interface HitlRequestInput extends Omit<AskOptions, 'escalate'> {
  /** As in `AskOptions`; without `after` no people are added. */
  escalate?: { after?: Duration | undefined; to: People };
  ticketId: string;
  sessionId: string;
  turnId?: string;
  /** `tool_approval`, `question`, or a registered kind. */
  type: string;
  /** What the kind requires; copied and frozen. At most 256 KiB as JSON. */
  payload: Record<string, unknown>;
  /** The requester's id. */
  userId: string;
}

/** What most requests say: nothing. One of each for all, since a copy of nothing costs as much as any other. */
const noPolicy: AnswerPolicy = Object.freeze({});
const noPeople: People = Object.freeze({});

/**
 * @param note is given what is not done as it was asked, and why
 * @throws HubError `invalid_request` (an option that is not known or cannot be, a policy that cannot be met), `invalid_id`,
 *   `too_large`
 */
export function toRequestInput(
  input: HitlRequestInput,
  kinds: Kinds,
  now: Millis,
  note: (why: string) => void = () => {},
): RequestInput {
  assertOptions('The request', input, requestFields);
  assertAsker(input);
  const { type, policy = noPolicy, key, escalate, expiresIn, onExpiry } = input;
  const { after: escalateIn, to: escalateTo = noPeople } = escalate ?? {};
  const payload = withEditable(type, kinds.payload(type, input.payload), policy, kinds, note);
  const title = kinds.title(type);
  const shown = input.display === undefined && title !== undefined ? {} : input.display;
  const display =
    shown === undefined
      ? undefined
      : toDisplay(title === undefined || shown === null ? shown : { title, ...shown });
  const impossible =
    (policy !== noPolicy &&
      whyImpossible(policy, { userId: input.userId, ...(escalateIn !== undefined && { escalateTo }) })) ||
    whyNobody(escalateTo) ||
    (onExpiry === 'approved' && kinds.whyNotBySilence(type, payload));
  if (impossible) {
    throw new HubError('invalid_request', {
      message: `The request cannot be asked like this: ${impossible}`,
    });
  }
  const reminders = [input.remindIn ?? []].flat();
  const offersGrants = grantsOffered({ type, payload }).length > 0;
  const responseSchema = kinds.responseSchema(type, payload);
  return {
    id: newId(now),
    ticketId: input.ticketId,
    sessionId: input.sessionId,
    ...(input.turnId && { turnId: input.turnId }),
    ...(input.message && { messageId: input.message.id }),
    type,
    payload,
    ...(display && { display }),
    digest: digestOf(type, payload),
    ...(responseSchema && { responseSchema }),
    userId: input.userId,
    ...(key !== undefined && { key, termsDigest: termsDigestOf(input) }),
    ...(input.detached && { detached: true }),
    createdAt: now,
    ...(expiresIn !== undefined && { expiresAt: now + toDeadlineMillis(expiresIn) }),
    policy: policy === noPolicy ? policy : structuredClone(policy),
    ...(offersGrants && { policyDigest: policyDigestOf(policy, escalateTo) }),
    remindAt: reminders.map((each) => now + toDeadlineMillis(each)).sort((a, b) => a - b),
    ...(escalateIn !== undefined && { escalateAt: now + toDeadlineMillis(escalateIn) }),
    escalateTo: escalateTo === noPeople ? escalateTo : structuredClone(escalateTo),
    onExpiry: onExpiry ?? 'expired',
  };
}

/** @throws HubError `invalid_id` for a ticket, session, turn or message that no socket could name */
function assertAsker({ ticketId, sessionId, turnId, message, userId }: HitlRequestInput): void {
  assertName(ticketId);
  assertName(sessionId);
  if (turnId !== undefined) assertName(turnId);
  if (message !== undefined) assertName(message.id);
  if (typeof userId !== 'string' || userId === '')
    throw new HubError('invalid_request', {
      message: 'The request: userId is the id of the requester, and not empty',
    });
}

function whyNobody({ users, groups }: People): string | undefined {
  if (named({ ...(users && { users }), ...(groups && { groups }) }) > maxNamed)
    return `at most ${maxNamed} users and groups in escalate.to`;
  return users?.length === 0 || groups?.length === 0
    ? 'a list in escalate.to is empty; name people in it, or leave it out'
    : undefined;
}

/**
 * The payload, `editable` only where something can be edited: an edit is one person's, so where several must agree the
 * others would not have seen it, and arguments that nothing can check may not be changed.
 */
export function withEditable(
  type: string,
  payload: Record<string, unknown>,
  policy: AnswerPolicy,
  kinds: Kinds,
  note: (why: string) => void,
): Record<string, unknown> {
  if (type !== 'tool_approval' || payload.editable !== true) return payload;
  const stages = stagesOf(policy);
  const isForSeveral = stages.length > 1 || approvalsNeeded(stages[0]) > 1;
  if (!isForSeveral && kinds.knowsTool(payload.tool_name)) return payload;
  note(
    isForSeveral
      ? 'several people must agree, and the others would not see what one has edited'
      : `no schema is known for ${String(payload.tool_name)}: define it with hitl.tool`,
  );
  return Object.freeze({ ...payload, editable: false });
}
