/** Asks the app what someone may use and see; the socket route and REST both do it here, and fail closed. */
import { z } from 'zod';
import { HubError, toHubError } from '../../errors';
import { Hints } from '../../hub/options/hints';
import type { Logger } from '../../hub/options/logger';
import type { RuleOptions } from '../../hub/requests/app-rules';
import { canonicalJson } from '../../protocol/canonical-json';
import { describeIssue } from '../../protocol/codec';
import type { User } from '../../protocol/records';
import type { InboxOwner } from '../../store/store';
import { askApp } from './ask-app';
import type { AuthOptions, Service } from './auth-options';
import type { Identities, Known } from './identities';

/** Groups and tickets of one person at most, since an inbox looks at each. */
export const maxPrincipals = 1_000;

const ticketsSchema = z.union([z.literal('all'), z.array(z.string())]);

export class Access {
  /** By person and ticket: what was asked in this turn of the event loop about what is only shown. */
  private readonly asked = new Map<string, Promise<boolean>>();

  private readonly hints: Hints;

  constructor(
    readonly identities: Identities,
    private readonly auth: AuthOptions,
    private readonly rules: Pick<RuleOptions, 'mayAudit'>,
    private readonly logger: Logger,
  ) {
    this.hints = Hints.of(logger);
  }

  /** Whether the app says which tickets are in an inbox. */
  get namesInboxTickets(): boolean {
    return this.auth.inboxTickets !== undefined;
  }

  /** @throws HubError `forbidden` where a program may not ask, `unavailable` */
  async authorizeService(ticketId: string, { tickets, expiresAt }: Service): Promise<void> {
    const may = await askApp(this.logger, 'auth.identifyService', async () => {
      if (typeof tickets === 'function') return tickets(ticketId);
      return tickets === 'all' || (Array.isArray(tickets) && tickets.includes(ticketId));
    });
    this.identities.assertHolds(expiresAt);
    if (may !== true)
      throw new HubError('forbidden', { message: 'This service has no access to this ticket' });
  }

  /** @throws HubError `authentication_required` for a login that has ended, `forbidden`, `not_found`, `unavailable` */
  async authorize(ticketId: string, user: Known): Promise<void> {
    const access = await askApp(this.logger, 'auth.authorize', async () =>
      this.auth.authorize({ user, ticketId }),
    );
    this.identities.assertHolds(user.expiresAt);
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
    const given = await askApp(this.logger, 'auth.inboxTickets', async () =>
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
    const user = this.identities.findsPeople ? await this.identities.person(id) : { id, name, groups: [] };
    return this.mayUse(ticketId, user);
  }

  /**
   * Whether a turn may go on for the person who began it: as they are now, where `auth.findUser` says that, else as they were.
   * @throws HubError `unavailable`
   */
  async mayContinue(ticketId: string, user: Known): Promise<boolean> {
    try {
      return await this.mayUse(
        ticketId,
        this.identities.findsPeople ? await this.identities.person(user.id) : user,
      );
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
    return (
      (await askApp(this.logger, 'rules.mayAudit', async () => this.rules.mayAudit?.({ user, ticketId }))) ===
      true
    );
  }
}

/** Whether this refusal means that something does not exist for this user, not that it is unavailable now or that the user is not signed in. */
export function isHidden(refusal: unknown): boolean {
  const { status } = toHubError(refusal);
  return status === 403 || status === 404;
}
