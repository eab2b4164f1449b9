/** Asks the app's own rules about a person and a request, and takes only a clear yes for one; requests ask here. */
import type { Logger } from 'winston';
import { messageOf } from '../errors';
import type { RequestRecord, User } from '../protocol/records';
import type { Clock } from './clock';
import { deepFreeze } from './kinds';

/** A rule of the app, asked at the moment of the deed; one that throws, rejects or takes ten seconds says no. */
type Rule = (user: User, request: Readonly<RequestRecord>) => boolean | Promise<boolean>;

export interface AppRules {
  /** Who may answer or claim, beside each request's policy. Default: everybody. */
  mayRespond?: Rule | undefined;
  /** Who may take a question back. Default: the requester. */
  mayCancel?: Rule | undefined;
}
export type MayRespond = Rule;
export type MayCancel = Rule;

/** How long a rule may take. */
export const ruleTimeoutMs = 10_000;

/** What the rule says; undefined if the app has none. Never rejects. */
export async function askRule(
  parts: { rules: AppRules; clock: Clock; logger: Logger },
  name: keyof AppRules,
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
  let stopWaiting = () => {};
  const tooLong = new Promise<never>((_resolve, reject) => {
    stopWaiting = clock.later(ruleTimeoutMs, () => reject(new Error(`no answer in ${ruleTimeoutMs} ms`)));
  });
  try {
    const asked = async () => rule.ask();
    return (await Promise.race([asked(), tooLong])) === true;
  } catch (error) {
    logger.error(`${rule.name} failed; that is taken for a no`, {
      ...rule.about,
      error: messageOf(error),
    });
    return false;
  } finally {
    stopWaiting();
  }
}
