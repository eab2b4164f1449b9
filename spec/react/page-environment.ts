/** A page of jsdom in which Node's network works as everywhere, so that a spec has its hub and its page in one process. */
import type { EnvironmentContext, JestEnvironmentConfig } from '@jest/environment';
import JsdomEnvironment from 'jest-environment-jsdom';

/** What a hub uses and jsdom does not have. */
const ofNode = [
  'fetch',
  'Request',
  'Response',
  'Headers',
  'TextEncoder',
  'TextDecoder',
  'structuredClone',
  'setImmediate',
  'clearImmediate',
  'Uint8Array',
] as const;

export default class PageEnvironment extends JsdomEnvironment {
  constructor(config: JestEnvironmentConfig, context: EnvironmentContext) {
    super(config, context);
    for (const name of ofNode) Object.assign(this.global, { [name]: globalThis[name] });
  }

  /** jsdom asks for the builds for browsers, of which `ws` says that it is none for them. */
  override exportConditions(): string[] {
    return ['node', 'node-addons', 'development'];
  }
}
