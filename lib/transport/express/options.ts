/** What `expressHitl` and what it gives take, group by group; an unknown name and a wrong value are refused at the start. */
import { z } from 'zod';
import { HubError } from '../../errors';
import { logMethods } from '../../hub/options/logger';
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
import { codeOf } from '../../hub/turns/durable/durable';
import { nearestName } from '../../protocol/nearest-name';
import { movedOptions } from './moved-options';

const whole = z
  .number('Must be a whole number from 1 on')
  .int('Must be a whole number from 1 on')
  .min(1, 'Must be a whole number from 1 on');
/** Something that the app has made, of whatever class. */
const made = z.custom<object>(
  (value) => (typeof value === 'object' && value !== null) || typeof value === 'function',
  'Must be an object',
);

/** A path in its place is the likely mistake. */
const aStore = z.custom<object>((value) => typeof value === 'object' && value !== null, {
  error: ({ input }) =>
    typeof input === 'string'
      ? `Must be a store: write store: sqliteStore('${input}')`
      : "Must be a store, such as sqliteStore('./data/hitl.db')",
});

/** Types of a durable one cannot be told apart there, so it has a place of its own. */
// biome-ignore lint/complexity/noBannedTypes: any function will do
const plainAgent = z.custom<Function>((value) => typeof value === 'function', {
  error: ({ input }) =>
    codeOf(input) ? 'A durable agent is registered: hitl.agent(durable(…))' : 'Must be a function',
});

/** The options, and of each group its own by its path. */
const groups: Readonly<Record<string, Fields>> = {
  '': {
    auth: made,
    rules: made,
    limits: made,
    http: made,
    pages: made,
    retention: made,
    links: made,
    kinds: made,
    channels: made,
    store: aStore,
    agent: plainAgent,
    agentName: made,
    classic: made,
    logger: made,
    clock: made,
  },
  auth: {
    identify: callback,
    authorize: callback,
    inboxTickets: callback,
    identifyService: callback,
    findUser: callback,
  },
  rules: {
    mayAnswer: callback,
    mayCancel: callback,
    mayCancelTurn: callback,
    mayGrant: callback,
    mayAudit: callback,
  },
  limits: {
    clientsPerTicket: whole,
    clientsPerUserInTicket: whole,
    clientsPerUser: whole,
    frames: z.union([z.literal(false), made], 'Must be false or an object'),
  },
  'limits.frames': { perConnection: whole, perUser: whole, per: duration },
  http: { origins: z.array(text), allowMissingOrigin: flag, heartbeat: duration, handshakeTimeout: duration },
  pages: { console: z.union([z.boolean(), made], 'Must be true, false or an object'), charts: made },
  'pages.console': { assets: text },
  'pages.charts': { maySee: callback },
  retention: { log: made },
  'retention.log': { envelopes: whole, maxAge: duration },
  links: { secret: z.union([text, z.array(text)], 'Must be a text or a list of texts'), baseUrl: text },
  agentName: { id: name, name },
  classic: { scope: z.enum(['ticket', 'session']) },
};

/** What has to be there, and what to write; in a group that is left out nothing has to be. */
const required: readonly (readonly [path: string, write: string])[] = [
  ['auth', 'auth: { identify: (req) => req.user?.id, authorize: ({ user, ticketId }) => "allow" }'],
  ['auth.identify', 'identify: (req) => req.user?.id, who sends the request, or nothing for nobody'],
  ['auth.authorize', 'authorize: ({ user, ticketId }) => "allow", "forbidden" or "not_found"'],
  ['links.secret', 'secret: process.env.LINK_SECRET, at least 32 bytes'],
  ['links.baseUrl', 'baseUrl: "https://app.example.com/soc", the mount as a browser reaches it'],
  ['pages.charts.maySee', 'maySee: (req) => req.user?.isAdmin === true'],
  ['agentName.id', 'agentName: { id: "agent", name: "Agent" }'],
  ['agentName.name', 'agentName: { id: "agent", name: "Agent" }'],
];

const channelFields: Fields = { present: callback, update: callback, settle: callback };

/** @throws HubError `invalid_request` naming the option, what was probably meant, and what is known */
export function assertExpressOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null) assertOptions('expressHitl', options, {});
  for (const [path, known] of Object.entries(groups)) {
    const value = at(options, path);
    if (typeof value === 'object' && value !== null) assertGroup(path, value, known);
  }
  for (const [path, write] of required) {
    const group = path.split('.').slice(0, -1).join('.');
    const isUsed = typeof at(options, group) === 'object';
    if (isUsed && at(options, path) === undefined) throw refuse(`${path} is missing; write ${write}`);
  }
  const { links, auth, logger, channels, kinds } = options as Record<string, object | undefined>;
  if (links && at(auth, 'findUser') === undefined)
    throw refuse(
      'auth.findUser is missing, which links need; write findUser: (userId) => …, the person as they are now',
    );
  const method = logger && logMethods.find((each) => typeof at(logger, each) !== 'function');
  if (method)
    throw refuse(
      `logger.${method} must be a function; a logger has ${logMethods.join(', ')}, as winston and console`,
    );
  for (const [channel, value] of Object.entries(channels ?? {})) assertChannel(`channels.${channel}`, value);
  if (channels !== undefined && !isPlain(channels)) throw refuse('channels must be a plain object');
  if (kinds !== undefined && !isPlain(kinds)) throw refuse('kinds must be a plain object');
}

/** Of `attach`. @throws HubError `invalid_request` */
export function assertAttachOptions(options: unknown): void {
  if (options !== undefined) assertOptions('attach', options, { path: elsewhere });
}

/** Of `drain`. @throws HubError `invalid_request` */
export function assertDrainOptions(options: unknown): void {
  if (options !== undefined) assertOptions('drain', options, { over: deadline });
}

/** What stands at a path of the options; a part of a path that is no object has nothing. */
function at(options: unknown, path: string): unknown {
  let value = options;
  for (const key of path === '' ? [] : path.split('.'))
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  return value;
}

/** An instance of a class may have more than what it is used for; only what is used is looked at. */
function assertGroup(path: string, value: object, known: Fields): void {
  const noun = path === '' ? 'expressHitl' : `expressHitl: ${path}`;
  if (!isPlain(value)) {
    const used = Object.fromEntries(Object.keys(known).map((key) => [key, at(value, key)]));
    assertOptions(noun, used, known);
    return;
  }
  for (const key of Object.keys(value)) {
    const elsewhereNow = Object.hasOwn(known, key) ? undefined : whereNow(path, key, Object.keys(known));
    if (elsewhereNow !== undefined) throw refuse(elsewhereNow);
  }
  assertOptions(noun, value, known);
}

/** Where an option that is not known in this group stands; nothing where the group itself has a name like it, or none has. */
function whereNow(path: string, key: string, known: readonly string[]): string | undefined {
  const given = path === '' ? key : `${path}.${key}`;
  const old = [given, key].find((name) => Object.hasOwn(movedOptions, name));
  if (old !== undefined) return `${given} is ${movedOptions[old]} now`;
  if (nearestName(key, known) !== undefined) return undefined;
  const misspelt = nearestName(key, Object.keys(movedOptions));
  if (misspelt !== undefined) return `${given} is not known; did you mean ${movedOptions[misspelt]}?`;
  for (const [group, fields] of Object.entries(groups)) {
    const meant = Object.hasOwn(fields, key) ? key : nearestName(key, Object.keys(fields));
    if (meant !== undefined)
      return `${given} is not known; did you mean ${group === '' ? meant : `${group}.${meant}`}?`;
  }
  return undefined;
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
