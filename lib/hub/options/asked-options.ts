/** What an app or agent may say when it asks, answers or lists, field by field; `Hitl` and `Turn` check against it. */
import { z } from 'zod';
import { maxIdLength } from '../../protocol/client-frames';
import { callback, deadline, duration, elsewhere, type Fields, flag, name, plain, text } from './options';

/** Reminders of one request. */
export const maxReminders = 10;

/** Something that the app has made. */
const made = z.custom<object>((value) => typeof value === 'object' && value !== null, 'Must be an object');
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
  escalate: plain({ after: deadline, to: plain(people) }),
  expiresIn: deadline,
  onExpiry: z.enum(['expired', 'denied', 'approved']),
  display: elsewhere,
  message: z.looseObject({ id: name }),
} satisfies Fields;

/** Of `HitlRequestInput`; ids, kind and payload, which every request has, are looked at where they are used. */
export const requestFields = {
  ...askFields,
  // Over REST, `to` may be given without `after`.
  escalate: plain({ after: deadline.optional(), to: plain(people) }),
  ticketId: elsewhere,
  sessionId: elsewhere,
  turnId: elsewhere,
  type: elsewhere,
  payload: elsewhere,
  userId: elsewhere,
} satisfies Fields;

/** What a turn asks is on its own ticket and in its own name, whatever else is said. */
const ownOfTurn = { ticketId: elsewhere, sessionId: elsewhere, turnId: elsewhere, userId: elsewhere };
const turnAskFields = { ...askFields, ...ownOfTurn } satisfies Fields;

/** Of `GrantOffer`. */
export const offerFields = {
  scope: z.enum(['ticket', 'everywhere']),
  args: z.enum(['exact', 'any']),
  expiresIn: duration,
  uses: z.number(),
} satisfies Fields;

const grants = z.array(plain(optional(offerFields)));

/** Of a tool approval. */
export const approveFields = {
  ...turnAskFields,
  tool: z.union([name, made], 'Must be the name of a tool, or what hitl.tool gives'),
  args: elsewhere,
  editable: flag,
  grants,
} satisfies Fields;

/** Of `Question`. */
export const questionFields = {
  ...turnAskFields,
  question: text,
  options: z.array(text).nullable(),
  freeText: flag,
} satisfies Fields;

/** Of a request of one of the app's own kinds. */
export const kindFields = { ...turnAskFields, payload: elsewhere } satisfies Fields;

const { key: _key, message: _message, ...ruleAskFields } = askFields;
/** Of a tool rule. */
export const ruleFields = {
  tool: name,
  when: callback,
  decide: z.enum(['allow', 'ask', 'deny']),
  ask: plain(optional({ ...ruleAskFields, editable: flag, grants: z.array(z.unknown()) })),
  because: text,
} satisfies Fields;

/** Of a tool. */
export const toolFields = {
  name,
  description: text,
  args: elsewhere,
  run: callback,
  timeout: duration,
  idempotent: flag,
  rules: elsewhere,
} satisfies Fields;

/** Of a call of a tool. */
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

/** Of a chat message that the app brings. */
export const messageFields = {
  ticketId: elsewhere,
  user: person,
  content: text,
  sessionId: name,
} satisfies Fields;

/** Of a turn that the app ends, tries again or starts over. */
export const turnFields = { turnId: name, by: person } satisfies Fields;

/** Of what turns are listed by. */
export const turnListFields = {
  ticketId: elsewhere,
  status: z.enum(['queued', 'running', 'waiting', 'stuck', 'completed', 'aborted']),
  version: text,
  limit: z.int().min(1).max(200),
  cursor: text,
} satisfies Fields;

/** Of a link. */
export const linkFields = { requestId: text, userId: name, expiresIn: deadline } satisfies Fields;

/** Of `SayOptions`. */
export const sayFields = { key: askFields.key } satisfies Fields;

/** Of a message that grows. */
export const streamFields = { type: z.enum(['response', 'trace', 'plan', 'warning']) } satisfies Fields;

/** Of how much of a session's history is read. */
export const historyFields = { limit: z.number().int().positive() } satisfies Fields;

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
