/** What a channel is: how requests reach people outside the hub (a mail, a chat, a webhook), and what is delivered to one and when. */
import type { Millis } from '../../protocol/records';
import { type RequestView, requestView } from '../../protocol/request-view';
import type { AnyRequest, HitlRequest, HitlTypes } from '../kinds/app-types';
import type { Duration } from '../options/duration';
import { toRecord } from '../requests/outcome';

/** One thing that a channel is to deliver; the same one comes again until the channel has taken it. */
// biome-ignore lint/suspicious/noExplicitAny: a channel for every app
export interface Delivery<App extends HitlTypes = any> {
  /** The same at every try of one delivery, and of no other: an idempotency key. At most 200 of `A-Z a-z 0-9 _ -`. */
  id: string;
  /** The name of the channel in the option `channels`. */
  channel: string;
  /** Which try this is, from 1. A try that was cut by the end of the process is not counted. */
  attempt: number;
  /** The request as it stands now. */
  request: HitlRequest<App>;
  /** Aborts when the time of this try is over, or the hub closes: what still happens then does not count. */
  signal: AbortSignal;
}

/** A delivery of a request that can be answered. */
// biome-ignore lint/suspicious/noExplicitAny: a channel for every app
export interface OpenDelivery<App extends HitlTypes = any> extends Delivery<App> {
  /**
   * A link for one person to this request as it stands now; see `Links.create`.
   * @param to `expiresIn`: default `'24h'`
   * @throws HubError `invalid_request` without the option `links`
   */
  link(to: { userId: string; expiresIn?: Duration }): Promise<string>;
  /**
   * The ids of the people who may answer now and whom the policy names by id. Where the policy names a group, or no people at
   * all, the app knows the members.
   */
  recipients: readonly string[];
}

/**
 * A way to people, written by the app. Each method may be called again with what it was called with before, or with a card it
 * does not know: a card goes by `request.id`. It has delivered when it resolves; when it rejects it is tried again, later and
 * later, unless it rejects with a `DeliveryRefused`.
 */
// biome-ignore lint/suspicious/noExplicitAny: a channel for every app
export interface Channel<App extends HitlTypes = any> {
  /** Show a request to people. A card that is there already is brought up to date. */
  present(delivery: OpenDelivery<App>): Promise<void> | void;
  /** The request has changed: bring its card up to date. A channel without it leaves its cards as they were. */
  update?(delivery: OpenDelivery<App>): Promise<void> | void;
  /** The request has ended: retire its card. */
  settle(delivery: Delivery<App>): Promise<void> | void;
}

/** A delivery that failed: the last try of it. */
export interface FailedDelivery {
  channel: string;
  requestId: string;
  /** What it was: `present` a card, `update` it, `settle` it for good. */
  event: 'present' | 'update' | 'settle';
  /** How many tries have failed. */
  attempts: number;
  /** What the last one failed with; at most 500 characters. */
  error: string;
  failedAt: Millis;
}

/** What a channel throws when trying again is of no use. */
export class DeliveryRefused extends Error {
  override readonly name = 'DeliveryRefused';
}

/** The request of a delivery as it is on the wire, for channels that carry it on. */
export function viewOf({ request }: Delivery, now: Millis): RequestView {
  return requestView(toRecord(request as AnyRequest), now);
}
