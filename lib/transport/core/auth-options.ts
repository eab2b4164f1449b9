/** The option `auth`: what an app says of who sends a request and what they may use; `Identities` and `Access` ask it, and apps write it. */
import type { KnownUser, MaybePromise } from '../../hub/kinds/app-types';
import type { User } from '../../protocol/records';
import type { Handshake } from './handshake';

/** What the app says of a person and a ticket. */
export type TicketAccess = 'allow' | 'forbidden' | 'not_found';

/**
 * Who sends a request, and what they may see: the option `auth`. A callback that throws or rejects denies access (→ 503).
 * @typeParam Req the request as the app's framework has it
 * @typeParam U users with the app's own fields
 */
export interface AuthOptions<Req = Handshake, U extends Identity = Identity> {
  /**
   * Who sends this request, after the app's middleware: an id, a user, or nothing if no one is signed in (→ 401). Put it first: what it
   * returns types all callbacks after it. Fields of the app's own are given back to its callbacks and agents, and never sent.
   */
  identify(req: Req): MaybePromise<U | string | null | undefined>;
  /**
   * Whether this person may use this ticket: asked when they join, on every REST call, and at every frame but `ping`; where
   * the app has rules of its own for what is asked, once more after them. Any other value than the three means no (→ 503).
   */
  authorize(access: { user: KnownUser<NoInfer<U>>; ticketId: string }): MaybePromise<TicketAccess>;
  /**
   * In which tickets this person finds requests without named answerers in their inbox; `'all'` where everyone works on
   * everything. Asked when an inbox is read or opened; `authorize` is asked all the same about what is shown. Default: none,
   * so that an inbox has only what names the person or a group. More than 1,000 tickets and groups are a fault (→ 503).
   */
  inboxTickets?:
    | ((access: { user: KnownUser<NoInfer<U>> }) => MaybePromise<readonly string[] | 'all'>)
    | undefined;
  /** Which program sends this request, or nothing if it is a person. A program may ask and never answer. Default: there are none. */
  identifyService?: ((req: Req) => MaybePromise<Service | null | undefined>) | undefined;
  /**
   * A person as they are now, groups included, where no request of theirs is at hand: behind a link, and when a grant
   * is used; nothing for one who is gone. Required with the option `links`.
   */
  findUser?: ((userId: string) => MaybePromise<NoInfer<U> | null | undefined>) | undefined;
}

/** Who sends a request. */
export interface Identity extends User {
  /**
   * When the login ends: from then on REST answers 401, and the person's sockets are closed with 4401. Default: whenever the
   * app says so, with `hub.clients.disconnect`.
   */
  expiresAt?: number | Date | null | undefined;
}

/** A program that the app lets ask people: an agent in another process. */
export interface Service {
  /** Stable, and the id of no user: what it asks is asked in this name, and only it may wait for that or change it. */
  id: string;
  /** Shown to people; default: the id. */
  name?: string;
  /** In which tickets it may ask. */
  tickets: 'all' | readonly string[] | ((ticketId: string) => MaybePromise<boolean>);
  /**
   * Whether it may ask with `on_expiry: 'approved'`, and so be approved by silence; only `true` means yes. Default: it may
   * not.
   */
  mayExpireApproved?: boolean;
  /** When its credential ends: from then on the user is not signed in (401), also while waiting for a connection. Default: never by itself. */
  expiresAt?: number | Date | null | undefined;
}
