/** What the scenes give to the blocks of the pages over and over: types, imports, an app's callbacks. */
import type { Agent, HubError } from '../../../lib';
import type { Load } from '../example';

/** What a block that is the body of a function exports. */
export interface Body<T = unknown> {
  example(given: object): Promise<T>;
}

export const importZod = `import { z } from 'zod';`;
export const importPlugin = `import { expressHitl } from 'express-hitl';`;
export const importTurn = `import type { Turn } from 'express-hitl';`;

/** The callbacks that a page leaves out, and their type in a block. */
export const access = { auth: { identify: () => 'alice', authorize: () => 'allow' as const } };
export const accessType = '{ auth: { identify(): string; authorize(): "allow" } }';

/** What an app's own firewall looks like in a block. */
export const firewallType = '{ block(args: object, signal?: AbortSignal): Promise<unknown> }';

/** An agent whose whole turn is the block. */
export function asAgent(load: Load, given: object = {}): Agent {
  return (turn) => load<Body>().example({ turn, ...given });
}

/** Matches a refusal with this code. */
export function isCode(code: HubError['code'], more: object = {}) {
  return expect.objectContaining({ code, ...more });
}
