/** Asks the app's own rules about a person and a request, and takes only a clear yes for one; requests ask here. */

import { HubError, messageOf } from '../../errors';
import type { RequestRecord, TurnRecord, User } from '../../protocol/records';
import type { Clock } from '../commit/clock';
import type { Occasion } from '../commit/occasion';
import { deepFreeze } from '../kinds/kinds';
import type { Logger } from '../options/logger';

/** A rule of the app, asked at the moment of the deed; one that throws, rejects or takes ten seconds says no. */
type Rule<Subject = RequestRecord> = (user: User, subject: Readonly<Subject>) => boolean | Promise<boolean>;

export interface AppRules {
  /** Who may answer or claim, beside each request's policy. Default: everybody. */
  mayRespond?: Rule | undefined;
  /** Who may take a question back. Default: the requester. */
  mayCancel?: Rule | undefined;
  /** Who may end a turn with a frame. Default: everybody with access to its ticket. */
  mayCancelTurn?: Rule<TurnRecord> | undefined;
}
export type MayRespond = Rule;
export type MayCancel = Rule;
export type MayCancelTurn = Rule<TurnRecord>;

/** How long a rule may take. */
export const ruleTimeoutMs = 10_000;

/** What the rule says; undefined if the app has none. Never rejects. */
export async function askRule(
  parts: { rules: AppRules; clock: Clock; logger: Logger },
  name: 'mayRespond' | 'mayCancel',
  user: User,
  record: RequestRecord,
): Promise<boolean | undefined> {
  const rule = parts.rules[name];
  if (!rule) return undefined;
  const ask = () => rule(user, deepFreeze(structuredClone(record)));
  return saysYes({ name, ask, about: { requestId: record.id } }, parts);
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
