/** `durable`: what an app wraps its agent in, so that its turns outlive their process; `hitl.agent` registers what it gives. */
import { HubError } from '../../../errors';
import type { HitlTypes, NoTypes } from '../../kinds/app-types';
import type { Schema, SchemaOutput } from '../../kinds/standard-schema';
import type { Turn } from '../turn';
import { AgentCode, type DurableOptions } from './agent-code';
import type { DurableTurn } from './durable-turn';

/** Made by `durable`, for `hitl.agent`; not to be called. */
export interface DurableAgent<App extends HitlTypes = NoTypes> {
  /**
   * Types only: it fits wherever a plain agent that takes the same turns does, and so one that needs nothing of an app fits every app.
   * A property, since a method's parameters are compared in both directions.
   */
  readonly '~durable': (turn: Turn<App>) => unknown;
}

const codes = new WeakMap<object, AgentCode>();

/**
 * An agent whose turns go on after a crash, a deploy or the loss of a machine: its function is called again from its top, and
 * what it said, asked and found out before comes from the turn's journal. See docs/durable-turns.md.
 * @throws HubError `invalid_request` for what is no function, and options that are unknown or cannot be
 */
export function durable<App extends HitlTypes = NoTypes, S extends Schema = Schema<never>>(
  run: (turn: DurableTurn<App, SchemaOutput<NoInfer<S>>>) => unknown,
  options: DurableOptions<S> = {},
): DurableAgent<App> {
  const code = new AgentCode(run as never, options as unknown as DurableOptions<Schema>);
  const agent: DurableAgent<App> = {
    '~durable': () => {
      throw new TypeError('A durable agent is registered with hitl.agent, not called');
    },
  };
  return register(agent, code);
}

/** The same agent, with its functions called by `call`: for tools that look at what it does. */
export function calledBy<App extends HitlTypes>(
  agent: DurableAgent<App>,
  call: Parameters<AgentCode['calledBy']>[0],
): DurableAgent<App> {
  const code = codeOf(agent);
  if (!code)
    throw new HubError('invalid_request', { message: 'This is no durable agent: durable makes one' });
  return register({ ...agent }, code.calledBy(call));
}

function register<A extends object>(agent: A, code: AgentCode): A {
  codes.set(agent, code);
  return Object.freeze(agent);
}

/** The code of what `durable` made; nothing of anything else. */
export function codeOf(agent: unknown): AgentCode | undefined {
  return typeof agent === 'object' && agent !== null ? codes.get(agent) : undefined;
}
