/** What `turn.again` gives: the agent's code returns it to end a leg and begin the next; `Legs` acts on it. */
import { HubError } from '../../../errors';
import { jsonWithin } from '../../kinds/json-text';

/** Bytes of a state, as JSON. */
export const maxStateBytes = 4_194_304;

/** Return this: it ends the call of the function and begins the next one with an empty journal. */
export interface Again {
  readonly '~again': true;
}

/** What an `Again` stands for. */
export interface NextLeg {
  /** JSON. */
  state: unknown;
  /** Requests that have to be settled first. */
  when: readonly string[];
  /** How long it is to wait first. */
  delayMs: number | undefined;
}

const legs = new WeakMap<object, NextLeg>();

/** @throws HubError `invalid_request` for a state that JSON cannot represent, `too_large` */
export function again(leg: NextLeg): Again {
  const made: Again = Object.freeze({ '~again': true });
  legs.set(made, { ...leg, state: asState(leg.state) });
  return made;
}

/** What the agent's code returned stands for; nothing if it is over. */
export function nextLegOf(returned: unknown): NextLeg | undefined {
  return typeof returned === 'object' && returned !== null ? legs.get(returned) : undefined;
}

function asState(state: unknown): unknown {
  const copy = jsonWithin(state, maxStateBytes, 'The state given to turn.again');
  if (copy === undefined)
    throw new HubError('invalid_request', { message: 'turn.again: a state is needed, and it is JSON' });
  return copy;
}
