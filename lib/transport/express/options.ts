/** What `expressHitl` and what it gives may be told, group by group; a name nobody knows and a wrong value are refused at the start. */
import { z } from 'zod';
import { HubError } from '../../errors';
import {
  assertOptions,
  callback,
  deadline,
  duration,
  elsewhere,
  type Fields,
  flag,
  isPlain,
  name,
  text,
} from '../../hub/options/options';
import { nearestName } from '../../protocol/nearest-name';

const whole = z
  .number('Must be a whole number from 1 on')
  .int('Must be a whole number from 1 on')
  .min(1, 'Must be a whole number from 1 on');
/** Something that the app has made, of whatever class. */
const made = z.custom<object>(
  (value) => (typeof value === 'object' && value !== null) || typeof value === 'function',
  'Must be an object',
);

const fields = {
  user: callback,
  ticket: callback,
  tickets: callback,
  service: callback,
  mayAudit: callback,
  mayRespond: callback,
  mayCancel: callback,
  mayCancelTurn: callback,
  mayGrant: callback,
  frontendUrl: text,
  allowedOrigins: z.array(text),
  allowMissingOrigin: flag,
  store: made,
  agent: callback,
  agentUser: z.object({ id: name, name }),
  links: made,
  channels: made,
  kinds: made,
  hooks: made,
  logger: made,
  maxClientsPerTicket: whole,
  maxClientsPerUserInTicket: whole,
  maxClientsPerUser: whole,
  classic: made,
  rateLimit: z.union([z.literal(false), made], 'Must be false or an object'),
  log: made,
  charts: made,
  heartbeat: duration,
  handshakeTimeout: duration,
  console: z.union([z.boolean(), made], 'Must be true, false or an object'),
  clock: made,
} satisfies Fields;

/** The fields of the options that are groups of options. */
const groups: Readonly<Record<string, Fields>> = {
  links: {
    secret: z.union([text, z.array(text)], 'Must be a text or a list of texts'),
    baseUrl: text,
    person: callback,
  },
  hooks: { reminded: callback, escalated: callback, resolved: callback },
  rateLimit: { framesPerConnection: whole, framesPerUser: whole, per: duration },
  log: { keep: whole, maxAge: duration },
  charts: { admin: callback },
  console: { assets: text },
  classic: { scope: z.enum(['ticket', 'session']) },
  agentUser: { id: name, name },
};

const channelFields: Fields = { present: callback, update: callback, settle: callback };

/** @throws HubError `invalid_request` naming the option, what was probably meant, and what is known */
export function assertExpressOptions(options: unknown): void {
  assertOptions('expressHitl', options, fields);
  const given = options as Record<string, unknown>;
  for (const required of ['user', 'ticket'])
    if (given[required] === undefined) throw refuse(`${required} is missing; it must be a function`);
  for (const [group, known] of Object.entries(groups)) {
    const value = given[group];
    if (typeof value === 'object') assertGroup(group, value, known);
  }
  for (const [channel, value] of Object.entries(given.channels ?? {}))
    assertChannel(`channels.${channel}`, value);
  if (given.channels !== undefined && !isPlain(given.channels))
    throw refuse('channels must be a plain object');
  if (given.kinds !== undefined && !isPlain(given.kinds)) throw refuse('kinds must be a plain object');
}

/** Of `attach`. @throws HubError `invalid_request` */
export function assertAttachOptions(options: unknown): void {
  if (options !== undefined) assertOptions('attach', options, { path: elsewhere });
}

/** Of `drain`. @throws HubError `invalid_request` */
export function assertDrainOptions(options: unknown): void {
  if (options !== undefined) assertOptions('drain', options, { over: deadline });
}

/** An instance of a class may have more than what it is used for; only what is used is looked at. */
function assertGroup(group: string, value: unknown, known: Fields): void {
  const of = (key: string) => (value as Record<string, unknown> | null)?.[key];
  const used = Object.fromEntries(Object.keys(known).map((key) => [key, of(key)]));
  assertOptions(group, isPlain(value) ? value : used, known);
}

/** A channel is an object of the app's, with whatever it needs; a method that looks like a misspelt one is refused. */
function assertChannel(noun: string, value: unknown): void {
  const has = (key: string) => (value as Record<string, unknown> | null | undefined)?.[key];
  for (const [key, must] of [
    ['present', true],
    ['settle', true],
    ['update', false],
  ] as const)
    if (typeof has(key) !== 'function' && (must || has(key) !== undefined))
      throw refuse(`${noun}.${key} must be a function`);
  const names = Object.keys(channelFields);
  const missing = names.filter((key) => has(key) === undefined);
  for (const key of Object.keys(value ?? {})) {
    const meant = names.includes(key) ? undefined : nearestName(key, missing);
    if (meant !== undefined && typeof has(key) === 'function')
      throw refuse(`${noun}.${key}: did you mean ${meant}?`);
  }
}

function refuse(what: string): HubError {
  return new HubError('invalid_request', { message: `expressHitl: ${what}` });
}
