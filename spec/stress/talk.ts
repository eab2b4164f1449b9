/** Two neighbours who talk while something else goes on; scenarios judge by them whether it costs others anything. */
import type { CheckingClient } from './checking-client';
import type { Stage } from './stage';

/**
 * One says a word when the other has heard the last one, until it is over.
 * @returns how many milliseconds it took at most until a word was heard
 */
export async function talkUntil(
  stage: Stage,
  talker: CheckingClient,
  listener: CheckingClient,
  isOver: () => boolean,
): Promise<number> {
  let slowestMs = 0;
  for (let round = 0; !isOver() && round < 10_000; round += 1) {
    const begun = performance.now();
    const from = listener.seq;
    await stage.insist(talker, stage.message());
    await listener.until(() => listener.seq > from, 'to hear it');
    slowestMs = Math.max(slowestMs, performance.now() - begun);
    // As fast as a person who types fast, and below the limit.
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  return slowestMs;
}
