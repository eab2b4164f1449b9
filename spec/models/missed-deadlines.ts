/** Deadlines that pass before they are sent to a request: what is then refused, by the machine alone, over sockets and after a restart. */
import type { RequestDeed } from './request-model';
import { RequestOverSockets } from './request-over-sockets';
import { type Rules, tickOf } from './request-rules';
import type { RequestStage } from './request-stage';

export interface MissedDeadline {
  /** What a person tries too late. */
  what: string;
  deed: RequestDeed;
  rules: Rules;
  /** By the machine, which has not heard of the deadline. */
  refusal: string;
  /** By a hub, which sends the machine the deadline first. */
  answer: string;
}

/** Ann has claimed it, and two ticks have passed since: with them the claim, and the end where there is one. */
const claimed: Rules = { rounds: [{ yes: 1 }], actors: [] };

export const missedDeadlines: readonly MissedDeadline[] = [
  {
    what: 'an answer',
    deed: { type: 'respond', who: 'ann', yes: true, revision: 1 },
    rules: { ...claimed, end: { after: 2, means: 'expired' } },
    refusal: 'already_resolved pending',
    answer: 'already_resolved expired',
  },
  {
    what: 'a claim by the requester',
    deed: { type: 'claim', who: 'rita' },
    rules: { ...claimed, fourEyes: true },
    refusal: 'not_allowed four_eyes',
    answer: 'not_allowed four_eyes',
  },
  {
    what: 'a claim by another person than was named',
    deed: { type: 'claim', who: 'rita' },
    rules: { ...claimed, rounds: [{ users: ['ann'], yes: 1 }] },
    refusal: 'not_allowed answerers',
    answer: 'not_allowed answerers',
  },
];

/**
 * Asks, lets Ann claim it, and tries the deed in the moment in which its deadlines pass: the reminder is due and sent
 * first; while that is stored, the next tick passes and with it the claim and the end.
 * @param meanwhile does something during the next commit of the stage's store
 */
export async function tryTooLate(
  stage: RequestStage,
  meanwhile: (happens: () => void) => void,
  { deed, rules }: MissedDeadline,
): Promise<{ request: RequestOverSockets; answer: string }> {
  const reminded: Rules = { ...rules, remindAfter: [1] };
  const request = await RequestOverSockets.ask(stage, reminded);
  const { clock } = stage.hub;
  const tick = tickOf(reminded);
  await request.perform({ type: 'claim', who: 'ann' });
  const born = clock.now();
  clock.jumpTo(born + tick);
  meanwhile(() => clock.jumpTo(born + 2 * tick));
  return { request, answer: await request.perform(deed) };
}
