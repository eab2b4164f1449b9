/** The rules before a tool: which of them decides about a call; `turn.callTool` asks here. */
import { whyImpossible } from '../../actors/answer-policy';
import { HubError, messageOf } from '../../errors';
import type { Display } from '../../protocol/records';
import type { HitlTypes, NoTypes } from '../kinds/app-types';
import { deepFreeze } from '../kinds/kinds';
import { ruleFields } from '../options/asked-options';
import type { Logger } from '../options/logger';
import { assertOptions } from '../options/options';
import type { ApprovalOptions } from '../requests/request-input';
import type { Turn } from '../turns/turn';

/** What an approval that a rule asks for is asked with. */
export interface RuleAsk<Args> extends Omit<ApprovalOptions, 'key' | 'message' | 'display'> {
  /** What people are shown beside the arguments; may depend on them. If it throws, no person is asked and nothing is run. */
  display?: Display | ((args: Args) => Display);
}

/** Which calls a rule is about. */
export interface RuleScope<Args, App extends HitlTypes = NoTypes> {
  /** A tool's name, in which `*` stands for anything, for rules that several tools have in common. Default: every tool. */
  tool?: string;
  /** Default: any arguments. A predicate that throws, or says neither true nor false, denies. */
  when?(args: Args, turn: Turn<App>): boolean | Promise<boolean>;
}

/** What may be done without people, what needs them, and what may not be done at all. The first rule that fits decides. */
export type ToolRule<Args, App extends HitlTypes = NoTypes> = RuleScope<Args, App> &
  (
    | { decide: 'allow'; ask?: never; because?: never }
    /** `ask`: who may answer, how long it waits, whether the arguments may be edited, what may be allowed beside the call. */
    | { decide: 'ask'; ask?: RuleAsk<Args>; because?: never }
    /** `because`: given to the agent. */
    | { decide: 'deny'; because?: string; ask?: never }
  );

/**
 * The rules as they are now, checked, frozen and apart from what was given.
 * @throws HubError `invalid_request` for an unknown field, a wrong value, or what the rule's decision has no use for
 */
export function rulesOf<Args>(given: readonly ToolRule<Args>[]): readonly ToolRule<Args>[] {
  if (!Array.isArray(given))
    throw new HubError('invalid_request', { message: 'The rules of a tool are a list' });
  return Object.freeze(given.map((rule, index) => ruleOf(rule as Rule<Args>, `Rule ${index + 1}`)));
}

/** Copied and frozen; a `display` that is made from the arguments stays the function that was given. */
function copyOf<Ask extends { display?: unknown }>({ display, ...ask }: Ask): Ask {
  const shown = typeof display === 'function' ? display : deepFreeze(structuredClone(display));
  return Object.freeze({
    ...deepFreeze(structuredClone(ask)),
    ...(shown !== undefined && { display: shown }),
  }) as unknown as Ask;
}

/** As it may come from JavaScript. */
interface Rule<Args> {
  tool?: string;
  when?(args: Args, turn: Turn): boolean | Promise<boolean>;
  decide: 'allow' | 'ask' | 'deny';
  ask?: RuleAsk<Args>;
  because?: string;
}

function ruleOf<Args>(given: Rule<Args>, noun: string): ToolRule<Args> {
  assertOptions(noun, given, ruleFields);
  const { decide, when, ask, because, tool } = given;
  const impossible =
    (decide === undefined && "decide must be 'allow', 'ask' or 'deny'") ||
    (ask !== undefined && decide !== 'ask' && "ask counts only where decide is 'ask'") ||
    (because !== undefined && decide !== 'deny' && "because counts only where decide is 'deny'") ||
    (ask?.policy &&
      whyImpossible(ask.policy, {
        userId: '',
        ...(ask.escalate && { escalateTo: ask.escalate.to }),
      }));
  if (impossible) throw new HubError('invalid_request', { message: `${noun}: ${impossible}` });
  return Object.freeze({
    decide,
    ...(tool !== undefined && { tool }),
    ...(when && { when: (args: Args, turn: Turn) => when.call(given, args, turn) }),
    ...(ask && { ask: copyOf(ask) }),
    ...(because !== undefined && { because }),
  }) as ToolRule<Args>;
}

/** Without a rule that fits, a human is asked. */
export async function ruleFor<Args>(
  name: string,
  args: Args,
  turn: Turn,
  rules: readonly ToolRule<Args>[],
  logger: Logger,
): Promise<ToolRule<Args>> {
  for (const rule of rules) {
    if (!matches(rule.tool ?? '*', name)) continue;
    try {
      const fits = rule.when ? await rule.when(args, turn) : true;
      if (typeof fits !== 'boolean') throw new Error(`neither true nor false, but ${typeof fits}`);
      if (fits) return rule;
    } catch (error) {
      logger.error('A tool rule failed; the call is denied', { tool: name, error: messageOf(error) });
      return { decide: 'deny', because: 'the rule that decides about it failed' };
    }
  }
  return { decide: 'ask' };
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
}
