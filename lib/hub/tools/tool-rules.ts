/** The rules before a guarded tool: which of them decides about a call; `guardTool` asks here. */

import { whyImpossible } from '../../actors/answer-policy';
import { HubError, messageOf } from '../../errors';
import type { Display } from '../../protocol/records';
import { deepFreeze } from '../kinds/kinds';
import { ruleFields } from '../options/asked-options';
import type { Logger } from '../options/logger';
import { assertOptions } from '../options/options';
import type { AskOptions } from '../requests/ask';
import type { ApproveOptions, Turn } from '../turns/turn';

/** What may be done without a human, what needs one, and what may not be done at all. The first rule that fits decides. */
export interface ToolRule<Args> {
  /** A tool's name, in which `*` stands for anything. Default: every tool. */
  tool?: string;
  /** Default: any arguments. A predicate that throws, or says neither true nor false, denies. */
  when?(args: Args, turn: Turn): boolean | Promise<boolean>;
  decide: 'allow' | 'ask' | 'deny';
  /** With `ask`: who may answer, how long it waits, whether the arguments may be edited, what may be granted beside the call, what is shown beside it. */
  ask?: Omit<AskOptions, 'key' | 'display'> &
    Pick<ApproveOptions, 'editable' | 'grants'> & {
      /** May depend on the arguments; if it throws, nobody is asked and nothing is run. */
      display?: Display | ((args: Args) => Display);
    };
  /** With `deny`: told to the agent. */
  because?: string;
}

/**
 * The rules as they are now, checked, frozen and apart from what was given.
 * @throws HubError `invalid_request` for an unknown field, a wrong value, or what the rule's decision has no use for
 */
export function rulesOf<Args>(given: readonly ToolRule<Args>[]): readonly ToolRule<Args>[] {
  if (!Array.isArray(given))
    throw new HubError('invalid_request', { message: 'The rules of a tool are a list' });
  return Object.freeze(given.map((rule, index) => ruleOf(rule, `Rule ${index + 1}`)));
}

/** Copied and frozen; a `display` that is made from the arguments stays the function that was given. */
function copyOf<Ask extends { display?: unknown }>({ display, ...ask }: Ask): Ask {
  const shown = typeof display === 'function' ? display : deepFreeze(structuredClone(display));
  return Object.freeze({
    ...deepFreeze(structuredClone(ask)),
    ...(shown !== undefined && { display: shown }),
  }) as unknown as Ask;
}

function ruleOf<Args>(given: ToolRule<Args>, noun: string): ToolRule<Args> {
  assertOptions(noun, given, ruleFields);
  const { decide, when, ask, because, tool } = given;
  const impossible =
    (decide === undefined && "decide must be 'allow', 'ask' or 'deny'") ||
    (ask !== undefined && decide !== 'ask' && "ask counts only where decide is 'ask'") ||
    (because !== undefined && decide !== 'deny' && "because counts only where decide is 'deny'") ||
    (ask?.policy &&
      whyImpossible(ask.policy, {
        userId: '',
        ...(ask.escalateIn !== undefined && { escalateTo: ask.escalateTo }),
      }));
  if (impossible) throw new HubError('invalid_request', { message: `${noun}: ${impossible}` });
  return Object.freeze({
    decide,
    ...(tool !== undefined && { tool }),
    ...(when && { when: (args: Args, turn: Turn) => when.call(given, args, turn) }),
    ...(ask && { ask: copyOf(ask) }),
    ...(because !== undefined && { because }),
  });
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
