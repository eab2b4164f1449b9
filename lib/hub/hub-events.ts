/** The events that an app may listen to with `hub.on`: their names, what each carries, and the patterns that fit several. */
import { HubError } from '../errors';
import { nearestName } from '../protocol/nearest-name';
import type {
  Execution,
  MessageRecord,
  Millis,
  SessionRecord,
  TurnProblem,
  TurnRecord,
} from '../protocol/records';
import type { AnyOutcome, HitlRequest, HitlTypes, NoTypes } from './kinds/app-types';
import type { Grant } from './kinds/grant';
import type { FailedDelivery } from './outbox/channel';
import type { ClientInfo } from './tickets/client-info';

/** What changed of an open request. */
export type RequestUpdate = 'amended' | 'claimed' | 'released' | 'counted' | 'asker_left' | 'asker_returned';

/** What each event carries beside its name, time and ticket; all of it frozen. */
export interface EventBody<App extends HitlTypes = NoTypes> {
  /** A request is shown to people. */
  'request.opened': { request: HitlRequest<App> };
  /** It has changed and is still open; `counted`: an answer counts, and more are needed. */
  'request.updated': { request: HitlRequest<App>; change: RequestUpdate };
  /** A reminder is due: nudge people. */
  'request.reminded': { request: HitlRequest<App> };
  /** More people may answer from now on: page them. */
  'request.escalated': { request: HitlRequest<App> };
  /** It has ended, whether or not a program waits for it. */
  'request.resolved': { request: HitlRequest<App>; outcome: AnyOutcome<App> };
  /** What was approved is being run, is done, or was cut off. */
  'execution.changed': { request: HitlRequest<App>; execution: Execution };
  'turn.started': { turn: TurnRecord };
  /** A durable turn waits for people or a time; it needs no process until then. */
  'turn.waiting': { turn: TurnRecord; requestIds: readonly string[] };
  /** A durable turn cannot go on by itself: somebody tries again, starts it over or cancels it. */
  'turn.stuck': { turn: TurnRecord; reason: TurnProblem['reason']; problem: string };
  'turn.ended': { turn: TurnRecord };
  'message.added': { message: MessageRecord };
  'message.updated': { message: MessageRecord };
  'session.created': { session: SessionRecord };
  'client.joined': { client: ClientInfo<App> };
  'client.left': { client: ClientInfo<App> };
  'grant.given': { grant: Grant };
  /** A standing approval approved a request. */
  'grant.used': { grantId: string; request: HitlRequest<App> };
  'grant.revoked': { grantId: string; request: HitlRequest<App> };
  /** A channel has failed to take a delivery; called for each try that fails. */
  'delivery.failed': {
    delivery: FailedDelivery;
    /** False: it is given up, and among `hub.channels.failed()`. */
    willRetry: boolean;
  };
}

/** In the order of `EventBody`. */
const eventNames = [
  'request.opened',
  'request.updated',
  'request.reminded',
  'request.escalated',
  'request.resolved',
  'execution.changed',
  'turn.started',
  'turn.waiting',
  'turn.stuck',
  'turn.ended',
  'message.added',
  'message.updated',
  'session.created',
  'client.joined',
  'client.left',
  'grant.given',
  'grant.used',
  'grant.revoked',
  'delivery.failed',
] as const satisfies readonly (keyof EventBody)[];

export type EventName = keyof EventBody;
/** A name, all of a thing (`'request.*'`), or `'*'`. */
export type EventPattern =
  | EventName
  | (EventName extends infer Name ? (Name extends `${infer Head}.${string}` ? `${Head}.*` : never) : never)
  | '*';
/** The names that fit a pattern. */
export type EventNameOf<Pattern extends EventPattern> = Pattern extends '*'
  ? EventName
  : Pattern extends `${infer Head}.*`
    ? Extract<EventName, `${Head}.${string}`>
    : Extract<EventName, Pattern>;

/** One event, or the union of all that fit a pattern; narrow by `event`. */
export type HubEvent<App extends HitlTypes = NoTypes, Pattern extends EventPattern = '*'> = {
  [Name in EventNameOf<Pattern>]: {
    readonly event: Name;
    /** When it happened. */
    readonly at: Millis;
    readonly ticketId: string;
  } & Readonly<EventBody<App>[Name]>;
}[EventNameOf<Pattern>];

/** The names that fit a pattern. @throws HubError `invalid_request` with what was probably meant, if none does */
export function namesOf(pattern: string): ReadonlySet<EventName> {
  if (pattern === '*') return new Set(eventNames);
  const fitting = eventNames.filter(
    (name) => name === pattern || (`${pattern}`.endsWith('.*') && name.startsWith(pattern.slice(0, -1))),
  );
  if (fitting.length > 0) return new Set(fitting);
  const known = [...new Set(eventNames.map((name) => `${name.split('.')[0]}.*`)), ...eventNames, '*'];
  const short = eventNames.find((name) => name.endsWith(`.${pattern}`));
  const meant = short ?? nearestName(`${pattern}`, known);
  throw new HubError('invalid_request', {
    message: `hub.on: there is no event ${pattern}${meant === undefined ? '' : `; did you mean ${meant}?`} There are ${known.join(', ')}`,
  });
}
