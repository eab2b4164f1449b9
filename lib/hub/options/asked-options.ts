/** What an app or agent may say when it asks, answers or lists, field by field; `Hitl` and `Turn` check against it. */
import { z } from 'zod';
import { maxIdLength } from '../../protocol/client-frames';
import { requestStatusSchema } from '../../protocol/views';
import { callback, deadline, duration, elsewhere, type Fields, flag, name, plain, text } from './options';

/** Reminders of one request. */
export const maxReminders = 10;

const names = z.array(name);
/** Whom a policy names; who may answer too after an escalation. */
const people = { users: names.optional(), groups: names.optional() };
const stage = {
  ...people,
  name: text.optional(),
  approvals: z.number().optional(),
  of: z.number().optional(),
};
const policy = plain({
  ...stage,
  stages: z.array(plain(stage)).optional(),
  excludeRequester: flag.optional(),
  denial: z.enum(['veto', 'majority']).optional(),
  claim: z.enum(['courtesy', 'exclusive']).optional(),
  agreement: z.enum(['same', 'any']).optional(),
});

/** Beside what is asked: `AskOptions`. */
export const askFields = {
  key: z.string().min(1).max(maxIdLength, `A key has 1 to ${maxIdLength} characters`),
  supersede: flag,
  detached: flag,
  policy,
  remindIn: z.union([deadline, z.array(deadline).max(maxReminders, `At most ${maxReminders} reminders`)], {
    error: 'One duration or a list of at most 10, each at most 3650d; write for example 15m',
  }),
  escalateIn: deadline,
  escalateTo: plain(people),
  expiresIn: deadline,
  onExpiry: z.enum(['expired', 'denied', 'approved']),
  display: elsewhere,
} satisfies Fields;

/** Of `HitlRequestInput`; ids, kind and payload, which every request has, are looked at where they are used. */
export const requestFields = {
  ...askFields,
  ticketId: elsewhere,
  sessionId: elsewhere,
  turnId: elsewhere,
  messageId: elsewhere,
  type: elsewhere,
  payload: elsewhere,
  userId: elsewhere,
} satisfies Fields;

/** What a turn asks is on its own ticket and in its own name, whatever else is said. */
const ownOfTurn = { ticketId: elsewhere, sessionId: elsewhere, turnId: elsewhere, userId: elsewhere };
const turnAskFields = { ...askFields, ...ownOfTurn, message: z.looseObject({ id: name }) } satisfies Fields;

/** Of `GrantOffer`. */
export const offerFields = {
  scope: z.enum(['ticket', 'everywhere']),
  args: z.enum(['exact', 'any']),
  expiresIn: duration,
  uses: z.number(),
} satisfies Fields;

const grants = z.array(plain(optional(offerFields)));

/** Of `ApproveOptions`. */
export const approveFields = {
  ...turnAskFields,
  toolName: name,
  toolArgs: elsewhere,
  editable: flag,
  grants,
} satisfies Fields;

/** Of `QuestionOptions`. */
export const questionFields = {
  ...turnAskFields,
  question: text,
  options: z.array(text).nullable(),
  freeText: flag,
} satisfies Fields;

/** Of `KindOptions`. */
export const kindFields = { ...turnAskFields, type: name, payload: elsewhere } satisfies Fields;

const { key: _key, ...ruleAskFields } = askFields;
/** Of a tool rule. */
export const ruleFields = {
  tool: name,
  when: callback,
  decide: z.enum(['allow', 'ask', 'deny']),
  ask: plain(optional({ ...ruleAskFields, editable: flag, grants: z.array(z.unknown()) })),
  because: text,
} satisfies Fields;

/** Of a guarded tool. */
export const toolFields = {
  name,
  schema: elsewhere,
  run: callback,
  timeout: duration,
} satisfies Fields;

/** Of a call of a guarded tool. */
export const callFields = { callId: z.string().min(1).max(maxIdLength) } satisfies Fields;

const person = z.looseObject({ id: name, name: text.nullish(), groups: z.array(text).nullish() });

/** Of `Line`. */
export const lineFields = {
  content: text,
  source: z.enum(['slack', 'cli']),
  user: person,
  type: z.enum(['trace', 'warning', 'response']),
  thread: z.string().min(1).max(maxIdLength, `A thread has 1 to ${maxIdLength} characters`),
  sessionId: name,
  turn: flag,
  key: askFields.key,
} satisfies Fields;

/** Of `HitlAnswer`. */
export const answerFields = {
  by: person,
  status: z.enum(['approved', 'denied']),
  response: elsewhere,
  revision: z.number().int().positive(),
} satisfies Fields;

/** Of a chat message that the app brings. */
export const messageFields = {
  ticketId: elsewhere,
  user: person,
  content: text,
  sessionId: name,
} satisfies Fields;

/** Of a turn that the app ends. */
export const turnFields = { turnId: name, by: person } satisfies Fields;

/** Of a link. */
export const linkFields = { requestId: text, userId: name, expiresIn: deadline } satisfies Fields;

/** Of a withdrawal. */
export const withdrawFields = { by: person, reason: text } satisfies Fields;

/** Of a wait. */
export const waitFields = {
  signal: z.custom<AbortSignal>(
    (value) => typeof value === 'object' && value !== null && 'aborted' in value,
    'Must be an AbortSignal',
  ),
} satisfies Fields;

/** Of a run that begins or goes on. */
export const runFields = { runId: name, payload: elsewhere } satisfies Fields;

/** Of what requests are listed by. */
export const listFields = { ticketId: elsewhere, status: requestStatusSchema } satisfies Fields;

/** Of what the audit is read by. */
export const auditFields = { ticketId: elsewhere, requestId: text } satisfies Fields;

/** Of what grants are listed by. */
export const grantListFields = { ticketId: elsewhere, live: flag } satisfies Fields;

/** Of what an inbox is narrowed by. */
export const inboxFields = { type: text, toolName: text, ticketId: elsewhere } satisfies Fields;

/** Of whose inbox is read, and what of it. */
export const inboxCountFields = {
  user: person,
  tickets: z.union([z.literal('all'), z.array(text)], "Must be 'all' or a list of ticket ids"),
  kind: text,
  tool: text,
  ticketId: elsewhere,
} satisfies Fields;
export const inboxListFields = {
  ...inboxCountFields,
  order: z.enum(['oldest', 'newest', 'urgent']),
  limit: z.int().min(1).max(200),
  cursor: text,
} satisfies Fields;

/** The same fields, none of which must be there. */
function optional(fields: Fields) {
  return Object.fromEntries(
    Object.entries(fields).map(([key, schema]) => [key, (schema ?? z.unknown()).optional()]),
  );
}
