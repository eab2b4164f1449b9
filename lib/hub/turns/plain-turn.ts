/** A turn of a plain agent, as it runs on this node: its agent is called once, and it ends with its process; turns make one for each message. */
import type { turnMachine } from '../../actors/turn-machine';
import type { Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { LiveActor } from '../commit/live-actor';
import type { Hitl } from '../requests/hitl';
import type { Outputs } from './outputs';
import { nameIntent, type Running } from './running';
import type { About } from './said';
import type { Streams } from './streams';
import { type Agent, Turn } from './turn';
import { TurnLink } from './turn-link';

export interface PlainParts {
  store: Store;
  clock: Clock;
  hitl: Hitl;
  outputs: Outputs;
  streams: Streams;
  agent(): Agent | undefined;
}

export function plainTurn(
  parts: PlainParts,
  actor: LiveActor<typeof turnMachine>,
  { message, user }: About,
): Running {
  const { id, ticketId, sessionId } = actor.snapshot.context;
  const abort = new AbortController();
  const { signal } = abort;
  const about = { id, ticketId, sessionId, user, signal };
  const line = new TurnLink(parts, about, (intent) => nameIntent({ actor }, intent, parts.clock.now()));
  const turn = new Turn(id, ticketId, sessionId, user, message, signal, line);
  const call = async () => {
    await parts.agent()?.(turn);
    // What was said without waiting for it was still said before the end.
    await line.settled();
    return true;
  };
  return { actor, call, line, abort };
}
