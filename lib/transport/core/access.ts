/** Asks the app who someone is and what they may see; the socket route and REST both do it here, and fail closed. */
import { z } from 'zod';
import { HubError, isHubError, messageOf, stackOf, toHubError } from '../../errors';
import type { Clock } from '../../hub/commit/clock';
import type { KnownUser, MaybePromise } from '../../hub/kinds/app-types';
import { Hint, Hints } from '../../hub/options/hints';
import type { Logger } from '../../hub/options/logger';
import type { RuleOptions } from '../../hub/requests/app-rules';
import { canonicalJson } from '../../protocol/canonical-json';
import { describeIssue } from '../../protocol/codec';
import { nearestName } from '../../protocol/nearest-name';
import type { Millis, User } from '../../protocol/records';
import type { InboxOwner } from '../../store/store';
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

/** A user of whom all is known. */
export type Known = Required<User> & { expiresAt?: Millis };

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

/** Groups and tickets of one person at most, since an inbox looks at each. */
export const maxPrincipals = 1_000;

const endSchema = z
  .union([z.number(), z.date()], 'Must be a number of milliseconds since 1970, or a Date')
  .transform(Number)
  .nullish();
/** An app's user may have whatever else it needs. */
const userSchema = z.object({
  id: z.string().nullish(),
  name: z.string().nullish(),
  groups: z.array(z.string()).nullish(),
  expiresAt: endSchema,
});

const ticketsSchema = z.union([z.literal('all'), z.array(z.string())]);

export class Access {
  /** By person and ticket: what was asked in this turn of the event loop about what is only shown. */
  private readonly asked = new Map<string, Promise<boolean>>();

  private readonly hints: Hints;
  private hasIdentified = false;

  constructor(
    private readonly auth: AuthOptions,
    private readonly rules: Pick<RuleOptions, 'mayAudit'>,
    private readonly logger: Logger,
    private readonly clock: Clock,
  ) {
    this.hints = Hints.of(logger);
  }

  /** Whether the app says which tickets are in an inbox. */
  get namesInboxTickets(): boolean {
    return this.auth.inboxTickets !== undefined;
  }

  /** The program behind a request, if it is one. @throws HubError `authentication_required` after its end, `unavailable` */
  async service(req: Handshake): Promise<Service | undefined> {
    const given = await this.ask('auth.identifyService', async () => this.auth.identifyService?.(req));
    if (!given) return undefined;
    const { id, name, tickets, mayExpireApproved } = given;
    const end = endSchema.safeParse(given.expiresAt);
    if (
      end.success &&
      typeof id === 'string' &&
      id !== '' &&
      (name === undefined || typeof name === 'string')
    ) {
      const expiresAt = end.data ?? undefined;
      this.assertHolds(expiresAt);
      return {
        id,
        tickets,
        mayExpireApproved: mayExpireApproved === true,
        ...(name !== undefined && { name }),
        ...(expiresAt !== undefined && { expiresAt }),
      };
    }
    this.logger.error('auth.identifyService gave no service; access is refused');
    throw new HubError('unavailable');
  }

  /** @throws HubError `forbidden` where a program may not ask, `unavailable` */
  async authorizeService(ticketId: string, { tickets, expiresAt }: Service): Promise<void> {
    const may = await this.ask('auth.identifyService', async () => {
      if (typeof tickets === 'function') return tickets(ticketId);
      return tickets === 'all' || (Array.isArray(tickets) && tickets.includes(ticketId));
    });
    this.assertHolds(expiresAt);
    if (may !== true)
      throw new HubError('forbidden', { message: 'This service has no access to this ticket' });
  }

  /** The person behind a request. @throws HubError `authentication_required`, `forbidden` for a program, `unavailable` */
  async identify(req: Handshake): Promise<Known> {
    if (await this.service(req))
      throw new HubError('forbidden', { message: 'This is for people, not for programs' });
    return this.known('auth.identify', async () => this.auth.identify(req), req);
  }

  /** @throws HubError `authentication_required` once this time has come */
  assertHolds(expiresAt: Identity['expiresAt']): void {
    if (expiresAt != null && Number(expiresAt) <= this.clock.now())
      throw new HubError('authentication_required', { message: 'The login has ended' });
  }

  /** A person as they are now. @throws HubError `authentication_required`, `forbidden`, `unavailable` */
  async person(id: string): Promise<Known> {
    const user = await this.known('auth.findUser', async () => this.auth.findUser?.(id));
    if (user.id !== id) throw new HubError('forbidden');
    return user;
  }

  /** @param req where the callback is asked about one */
  private async known(
    callbackName: string,
    callback: () => Promise<unknown>,
    req?: Handshake,
  ): Promise<Known> {
    const given = await this.ask(callbackName, callback);
    if (!given) throw new HubError('authentication_required', { cause: this.whyNobody(given, req) });
    const result = userSchema.safeParse(typeof given === 'string' ? { id: given } : given);
    if (!result.success) {
      // Groups that are one string would let `includes` find what is not there: nothing here is guessed at.
      const id: unknown = typeof given === 'object' ? Reflect.get(given, 'id') : given;
      const wrong =
        typeof id === 'number' || typeof id === 'bigint'
          ? `the id is a ${typeof id}, and has to be a text: write String(id)`
          : describeIssue(result.error.issues[0]);
      this.logger.error(`${callbackName} gave no user; access is refused`, { wrong });
      throw new HubError('unavailable');
    }
    const { id, name, groups, expiresAt } = result.data;
    if (!id) {
      const has = typeof given === 'object' ? Object.keys(given).slice(0, 10).join(', ') : '';
      const cause = new Hint(
        `${callbackName} id`,
        `${callbackName} gave a user without id, so the answer is 401: it has ${has || 'nothing'}; return { id, name?, groups? }, the id a text that stays`,
      );
      throw new HubError('authentication_required', { cause });
    }
    this.hasIdentified = true;
    if (expiresAt == null) this.warnOfMisspelt(callbackName, given);
    else this.assertHolds(expiresAt);
    // The app's own fields are given back to its callbacks and agents.
    const { expiresAt: _end, ...own } = Object(given) as Identity;
    const fields = typeof given === 'string' ? {} : own;
    return { ...fields, id, name: name ?? id, groups: groups ?? [], ...(expiresAt != null && { expiresAt }) };
  }

  /** A callback that has identified no one so far is likely never to identify anyone. */
  private whyNobody(given: unknown, req: Handshake | undefined): Hint | undefined {
    if (this.hasIdentified || !req) return undefined;
    return new Hint(
      'nobody',
      `auth.identify gave ${given === '' ? 'an empty text' : given} for the first who came, so the answer is 401, as for everybody of whom it gives nothing: is somebody signed in, does the login run before app.use(hitl.router), and does identify return what it found?${whyNoCookie(req)}`,
    );
  }

  /** An end of a login under an unknown name would have no effect: warned about once, since it may be the app's own field. */
  private warnOfMisspelt(callbackName: string, given: unknown): void {
    if (typeof given !== 'object') return;
    const misspelt = Object.keys(given ?? {}).find((name) => nearestName(name, ['expiresAt']));
    if (misspelt === undefined) return;
    this.hints.give(
      'expiresAt',
      `${callbackName} gave ${misspelt}, which ends nothing: did you mean expiresAt?`,
    );
  }

  /** @throws HubError `authentication_required` for a login that has ended, `forbidden`, `not_found`, `unavailable` */
  async authorize(ticketId: string, user: Known): Promise<void> {
    const access = await this.ask('auth.authorize', async () => this.auth.authorize({ user, ticketId }));
    this.assertHolds(user.expiresAt);
    if (access === 'allow') return;
    if (access === 'forbidden')
      throw new HubError('forbidden', { message: 'You have no access to this ticket' });
    if (access === 'not_found') throw new HubError('not_found', { message: 'There is no such ticket' });
    // Of a text only that it is one, since it may be anything.
    const kind = typeof access === 'string' ? 'text' : typeof access;
    const given = access === null || kind === 'boolean' ? access : kind;
    this.logger.error(
      `auth.authorize gave ${given}, so access is refused: return 'allow', 'forbidden' or 'not_found'`,
    );
    throw new HubError('unavailable');
  }

  /** Whose inbox this user reads. @throws HubError `unavailable` */
  async inboxOf(user: Required<User>): Promise<InboxOwner> {
    if (!this.namesInboxTickets)
      this.hints.give(
        'inboxTickets',
        "An inbox was opened and auth.inboxTickets is not given, so it has only what names the person or a group of theirs: write inboxTickets: () => 'all', or the ids of the person's tickets",
      );
    const given = await this.ask('auth.inboxTickets', async () =>
      this.auth.inboxTickets ? this.auth.inboxTickets({ user }) : [],
    );
    const result = ticketsSchema.safeParse(given);
    const tickets = result.data ?? [];
    const wrong =
      (!result.success && describeIssue(result.error.issues[0])) ||
      (user.groups.length + tickets.length > maxPrincipals &&
        `more than ${maxPrincipals} groups and tickets`);
    if (wrong) {
      this.logger.error('auth.inboxTickets gave no tickets; the inbox is refused', { wrong });
      throw new HubError('unavailable');
    }
    return { userId: user.id, groups: user.groups, tickets };
  }

  /**
   * Of these, what is on tickets this user may use; each ticket is asked about once.
   * @throws HubError `authentication_required`, `unavailable`
   */
  async visible<T extends { ticketId: string }>(
    items: readonly T[],
    user: Known,
    mayUse = (ticketId: string) => this.mayUse(ticketId, user),
  ): Promise<T[]> {
    const tickets = [...new Set(items.map(({ ticketId }) => ticketId))];
    const answers = await Promise.all(tickets.map(mayUse));
    const open = new Set(tickets.filter((_ticketId, index) => answers[index]));
    return items.filter(({ ticketId }) => open.has(ticketId));
  }

  /**
   * As `visible`, for open inboxes: all that ask about one person and ticket in one turn of the event loop share the answer. No
   * answer is used for longer, and none of these for an action.
   */
  visibleAtOnce<T extends { ticketId: string }>(items: readonly T[], user: Known): Promise<T[]> {
    return this.visible(items, user, (ticketId) => {
      const key = canonicalJson([ticketId, user]);
      const known = this.asked.get(key);
      if (known) return known;
      const answer = this.mayUse(ticketId, user);
      if (this.asked.size === 0) setImmediate(() => this.asked.clear());
      this.asked.set(key, answer);
      return answer;
    });
  }

  /**
   * Whether a person who gave a grant may use this ticket now.
   * Without `auth.findUser` they are asked about by id and name, in no group.
   * @throws HubError `authentication_required`, `forbidden`, `unavailable`, which are no yes
   */
  async mayStillUse(ticketId: string, { id, name = id }: User): Promise<boolean> {
    const user = this.auth.findUser ? await this.person(id) : { id, name, groups: [] };
    return this.mayUse(ticketId, user);
  }

  /**
   * Whether a turn may go on for the person who began it: as they are now, where `auth.findUser` says that, else as they were.
   * @throws HubError `unavailable`
   */
  async mayContinue(ticketId: string, user: Known): Promise<boolean> {
    try {
      return await this.mayUse(ticketId, this.auth.findUser ? await this.person(user.id) : user);
    } catch (error) {
      if (HubError.is(error, 'authentication_required')) return false;
      throw error;
    }
  }

  /** Like `authorize`, as a yes or no. @throws HubError `authentication_required` and `unavailable`, which are neither */
  private async mayUse(ticketId: string, user: Known): Promise<boolean> {
    try {
      await this.authorize(ticketId, user);
      return true;
    } catch (error) {
      if (!isHidden(error)) throw error;
      return false;
    }
  }

  /** Whether addresses are shown too. @throws HubError `unavailable` */
  async mayAudit(ticketId: string, user: Required<User>): Promise<boolean> {
    return (await this.ask('rules.mayAudit', async () => this.rules.mayAudit?.({ user, ticketId }))) === true;
  }

  private async ask<T>(name: string, callback: () => Promise<T>): Promise<T> {
    try {
      return await callback();
    } catch (cause) {
      if (isHubError(cause)) throw cause;
      // Its message and place only: what an app's error carries beside may hold what must not be logged.
      this.logger.error(`${name} failed; access is refused`, {
        error: messageOf(cause),
        stack: stackOf(cause),
      });
      throw new HubError('unavailable', { cause });
    }
  }
}

/** Whether this refusal means that something does not exist for this user, not that it is unavailable now or that the user is not signed in. */
export function isHidden(refusal: unknown): boolean {
  const { status } = toHubError(refusal);
  return status === 403 || status === 404;
}

/** What a hub can see of why a login was not remembered: a proxy that the app does not trust, a page of another site. */
function whyNoCookie({ headers, secure }: Handshake): string {
  if (headers.cookie !== undefined || headers.authorization !== undefined) return '';
  if (/^https\b/.test(`${headers['x-forwarded-proto'] ?? ''}`) && secure === false)
    return " No cookie came, and a proxy took the request over https, which Express does not know: write app.set('trust proxy', 1), else a session with a secure cookie sets none.";
  const { origin, host } = headers;
  if (origin === undefined || !URL.canParse(origin) || new URL(origin).host === host) return '';
  return ` No cookie came with it from ${origin.slice(0, 200)}: for a page of another site the cookie needs SameSite=None; Secure, and a fetch credentials: 'include'.`;
}
