/** What a hub does for people who write a durable agent, in development only: warns of calls outside steps. The hub's port uses it where an agent is registered. */
import type { Logger } from '../../options/logger';
import type { AgentCode } from './agent-code';
import { callWatched, type StrayCall, watchGlobals } from './stray-calls';

/** Places that are warned of; of more there is no use. */
const maxWarnings = 100;

/**
 * The same code where NODE_ENV is anything but `development`: nothing is watched then, and no global is touched. Else each place
 * that takes something from outside a step is warned of once.
 * @param until ends it
 */
export function warningOfStrayCalls(
  code: AgentCode,
  { logger, until }: { logger: Logger; until: AbortSignal },
): AgentCode {
  if (process.env.NODE_ENV !== 'development') return code;
  until.addEventListener('abort', watchGlobals(), { once: true });
  const warned = new Set<string>();
  const warn = ({ call, file, line }: StrayCall) => {
    const place = `${call} at ${file}:${line}`;
    if (warned.has(place) || warned.size >= maxWarnings) return;
    warned.add(place);
    logger.warn(
      `A durable agent calls ${place} outside a step: a replay may get something else. See docs/durable-turns.md`,
    );
  };
  return code.calledBy((turn, run) => callWatched(turn, async (given) => run(given), warn));
}
