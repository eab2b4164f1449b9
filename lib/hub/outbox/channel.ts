/** What a channel is: how requests reach people outside the hub (a mail, a chat, a webhook), and what is told to one and when. */
import type { RequestView } from '../../protocol/views';
import type { Duration } from '../options/duration';

/** One thing that a channel is told; the same one comes again until the channel has taken it. */
export interface Delivery {
  /** The same at every try of one delivery, and of no other: an idempotency key. At most 200 of `A-Z a-z 0-9 _ -`. */
  id: string;
  /** The name of the channel in the option `channels`. */
  channel: string;
  /** Which try this is, from 1. A try that was cut by the end of the process is not counted. */
  attempt: number;
  /** The request as it stands now, as it is on the wire. */
  hitl: RequestView;
  /** Aborts when the time of this try is over, or the hub closes: what still happens then does not count. */
  signal: AbortSignal;
}

/** A delivery of a request that can be answered. */
export interface OpenDelivery extends Delivery {
  /**
   * A link for one person to this request as it stands now; see `Links.create`. There with the option `links`.
   * @param expiresIn default `'24h'`
   */
  link?: (userId: string, expiresIn?: Duration) => Promise<string>;
}

/**
 * A way to people, written by the app. Each method may be called again with what it was told before, or with a card it does
 * not know: a card goes by `hitl.id`. It has delivered when it resolves; when it rejects it is tried again, later and later,
 * unless it rejects with a `DeliveryRefused`.
 */
export interface Channel {
  /** Show a request to people. A card that is there already is brought up to date. */
  present(delivery: OpenDelivery): Promise<void> | void;
  /** The request has changed: bring its card up to date. A channel without it keeps its cards as they were. */
  update?(delivery: OpenDelivery): Promise<void> | void;
  /** The request has ended: retire its card. */
  settle(delivery: Delivery): Promise<void> | void;
}

/** What a channel throws when trying again is of no use. */
export class DeliveryRefused extends Error {
  override readonly name = 'DeliveryRefused';
}
