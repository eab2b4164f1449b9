/** Asks the app's own rules about a person and a request, and takes only a clear yes for one; requests ask here. */
import { HubError, messageOf } from '../../errors';
import type { RequestRecord, TurnRecord, User } from '../../protocol/records';
import type { Clock } from '../commit/clock';
import type { Occasion } from '../commit/occasion';
import type { HitlRequest, HitlTypes, KnownUser, NoTypes } from '../kinds/app-types';
import type { GrantSubject } from '../kinds/grant';
import type { Logger } from '../options/logger';
import { toRequest } from './outcome';

/** A rule of the app's own about a person and a subject: only `true` is a yes. */
export type AppRule<App extends HitlTypes, Subject> = (
  asked: { user: KnownUser<App['user']> } & Subject,
) => boolean | Promise<boolean>;

/** The app's own rules: the option `rules`. Each is asked at the moment of the deed; one that throws, rejects or takes ten seconds says no. */
export interface RuleOptions<App extends HitlTypes = NoTypes> {
  /** Who may answer or claim, beside each request's policy. Default: all. */
  mayAnswer?: AppRule<App, { request: HitlRequest<App> }> | undefined;
  /** Who may take a question back. Default: the requester. */
  mayCancel?: AppRule<App, { request: HitlRequest<App> }> | undefined;
  /** Who may end a turn, and try a stuck one again or start it over. Default: all who have access to its ticket. */
  mayCancelTurn?: AppRule<App, { turn: Readonly<TurnRecord> }> | undefined;
  /** Who may give, see and revoke a grant that holds in every ticket. Default: those who may answer the request it comes with. */
  mayGrant?: AppRule<App, { grant: Readonly<GrantSubject> }> | undefined;
  /**
   * Whether this person, who has access to the ticket, sees in its audit from which addresses things were done. Default:
   * over REST, no person does. Throwing or rejecting → 503.
   */
  mayAudit?: AppRule<App, { ticketId: string }> | undefined;
}

/** How long a rule may take. */
export const ruleTimeoutMs = 10_000;

/** What the rule says; undefined if the app has none. Never rejects. */
export async function askRule(
  parts: { rules: RuleOptions; clock: Clock; logger: Logger },
  name: 'mayAnswer' | 'mayCancel',
  user: User,
  record: RequestRecord,
): Promise<boolean | undefined> {
  const { rules } = parts;
  if (!rules[name]) return undefined;
  // Of the object itself, which may be an instance of a class.
  const ask = () => rules[name]?.({ user: known(user), request: toRequest(record) });
  return saysYes({ name: `rules.${name}`, ask, about: { requestId: record.id } }, parts);
}

/** A user with name and groups filled in. */
export function known({ id, name = id, groups = [], ...rest }: User): Required<User> {
  return { ...rest, id, name, groups };
}

/** Only a clear yes is one: a rule that throws, says nothing, or takes too long says no, and that is logged. Never rejects. */
export async function saysYes(
  rule: { name: string; ask: () => unknown; about: Record<string, unknown> },
  { clock, logger }: { clock: Clock; logger: Logger },
): Promise<boolean> {
  try {
    return (await inTime(rule.ask, clock, () => new Error(`no answer in ${ruleTimeoutMs} ms`))) === true;
  } catch (error) {
    logger.error(`${rule.name} failed; that is taken for a no`, {
      ...rule.about,
      error: messageOf(error),
    });
    return false;
  }
}

/**
 * Asks whether the person behind a change still may. What waits for it waits no longer than for a rule.
 * @throws what the asked throws, HubError `unavailable` if that takes too long
 */
export async function assertStillMay({ assertAccess }: Occasion, clock: Clock): Promise<void> {
  if (assertAccess) await inTime(assertAccess, clock, () => new HubError('unavailable'));
}

async function inTime<T>(ask: () => T, clock: Clock, late: () => Error): Promise<Awaited<T>> {
  let stopWaiting = () => {};
  const tooLong = new Promise<never>((_resolve, reject) => {
    stopWaiting = clock.later(ruleTimeoutMs, () => reject(late()));
  });
  try {
    const asked = async () => ask();
    return await Promise.race([asked(), tooLong]);
  } finally {
    stopWaiting();
  }
}
