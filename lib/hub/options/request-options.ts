/** What `hub.requests` and `hub.grants` take, field by field. */
import { z } from 'zod';
import { elsewhere, type Fields, name, plain, text } from './options';

const person = z.looseObject({ id: name, name: text.nullish(), groups: z.array(text).nullish() });
const occasion = plain({
  by: person.optional(),
  via: z.enum(['socket', 'rest', 'link', 'channel', 'app', 'turn', 'deadline']).optional(),
  from: text.optional(),
});
const signal = z.custom<AbortSignal>(
  (value) => typeof value === 'object' && value !== null && 'aborted' in value,
  'Must be an AbortSignal',
);
const page = { limit: z.int().min(1).max(200), cursor: text };
const status = z.enum(['pending', 'approved', 'answered', 'denied', 'expired', 'cancelled', 'superseded']);
const one = { requestId: name, occasion };

/** Of `RequestPlace`; its ids are looked at where they are used. */
export const placeFields = {
  ticketId: elsewhere,
  requestedBy: name,
  sessionId: elsewhere,
  turnId: elsewhere,
  occasion,
} satisfies Fields;

/** Of `AnswerInput`. */
export const answerFields = {
  ...one,
  by: person,
  status: z.enum(['approved', 'answered', 'denied']),
  kind: name,
  comment: text,
  answer: text,
  args: elsewhere,
  grant: z.number(),
  response: z.custom<object>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'Must be an object; a text goes to answer, with the status answered',
  ),
  revision: z.number().int().positive(),
} satisfies Fields;

/** Of claims. */
export const claimFields = { ...one, by: person } satisfies Fields;
/** Of an amendment. */
export const changeFields = { ...one, payload: elsewhere, display: elsewhere } satisfies Fields;
/** Of what takes a request back. */
export const cancelFields = { ...one, by: person, reason: text } satisfies Fields;
/** Of a wait. */
export const waitFields = { request: z.looseObject({ id: name }), requestId: name, signal } satisfies Fields;
/** Of what can be stopped. */
export const signalFields = { signal } satisfies Fields;
/** Of what requests are listed by. */
export const listFields = { ticketId: elsewhere, status, kind: text, ...page } satisfies Fields;
/** Of what the audit is read by. */
export const auditFields = { ticketId: elsewhere, requestId: text } satisfies Fields;
/** Of a run. */
export const runFields = { ...one, runId: name } satisfies Fields;
/** Of a run that starts. */
export const runStartFields = { ...runFields, payload: elsewhere } satisfies Fields;
/** Of a run that went wrong. */
export const runErrorFields = { ...runFields, error: text } satisfies Fields;
/** Of what may be run again. */
export const retryFields = one satisfies Fields;

/** Of what standing approvals are listed by. */
export const grantListFields = { ticketId: elsewhere, live: z.boolean(), ...page } satisfies Fields;
/** Of whose uses are read. */
export const grantUseFields = { grantId: name, ...page } satisfies Fields;
/** Of what takes a standing approval back. */
export const revokeFields = { grantId: name, by: person, occasion } satisfies Fields;
