/** Sees what the code of a durable agent takes from outside its steps: clocks, chance, timers, fetch. The hub warns of it in development, and the testing kit reports it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import nodeCrypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { resolve, sep } from 'node:path';
import timers from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DurableTurn } from './durable-turn';

/** A call outside a step, whose result may be another one in a replay. */
export interface StrayCall {
  /** As one writes it: `Date.now`, `new Date()`, `setTimeout`. */
  call: string;
  /** Where the agent's code, or what it uses of the app, does it. */
  file: string;
  line: number;
}

type Report = (call: StrayCall) => void;

/** Frames of a stack that are looked through for the app's own code. */
const maxFrames = 50;
/** Where this package is; not known where an app is bundled with it as ES modules, and then one frame of it may be named. */
const own = typeof __dirname === 'string' ? resolve(__dirname, '../../..') + sep : undefined;

/** Whose agent's code this is, if it is one's; not inside what the code hands to its turn, such as a step. */
const inAgent = new AsyncLocalStorage<Report | undefined>();

/** Calls an agent's code, and reports what it takes from outside its steps, as long as `watchGlobals` holds. */
export function callWatched<T>(turn: DurableTurn, code: (turn: DurableTurn) => T, report: Report): T {
  const watched = new Proxy(turn, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => inAgent.run(undefined, () => Reflect.apply(value, target, args));
    },
  });
  return inAgent.run(report, () => code(watched));
}

let watches = 0;
let undo: (() => void)[] = [];

/** From now on the globals say who calls them. Returns what ends that; with the last of several they are as they were. */
export function watchGlobals(): () => void {
  if (watches === 0) undo = replaceAll();
  watches += 1;
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    watches -= 1;
    if (watches > 0) return;
    for (const restore of undo) restore();
    undo = [];
    syncBuiltinESMExports();
  };
}

function replaceAll(): (() => void)[] {
  const replaced = [
    replaceDate(),
    replace(Date, 'now', 'Date.now'),
    replace(performance, 'now', 'performance.now'),
    replace(process, 'hrtime', 'process.hrtime'),
    replace(Math, 'random', 'Math.random'),
    replace(globalThis, 'setTimeout', 'setTimeout'),
    replace(globalThis, 'setInterval', 'setInterval'),
    replace(timers, 'setTimeout', 'setTimeout of node:timers/promises'),
    replace(globalThis, 'fetch', 'fetch'),
    replace(AbortSignal, 'timeout', 'AbortSignal.timeout'),
    replace(globalThis.crypto, 'randomUUID', 'crypto.randomUUID'),
    replace(globalThis.crypto, 'getRandomValues', 'crypto.getRandomValues'),
    replace(nodeCrypto, 'randomUUID', 'crypto.randomUUID'),
    replace(nodeCrypto, 'randomBytes', 'crypto.randomBytes'),
    replace(nodeCrypto, 'randomInt', 'crypto.randomInt'),
  ];
  // Named imports of Node's modules.
  syncBuiltinESMExports();
  return replaced;
}

/** Puts a function that looks at its caller in the place of another. */
function replace(holder: object, name: string, call: string): () => void {
  const real: unknown = Reflect.get(holder, name);
  if (typeof real !== 'function') return () => {};
  const watching = new Proxy(real, {
    apply(target, self, args) {
      note(call);
      return Reflect.apply(target as () => unknown, self, args);
    },
  });
  return put(holder, name, watching);
}

/** `new Date()` and `Date()`; a date of a given time is no clock. */
function replaceDate(): () => void {
  const Real = Date;
  const watching = new Proxy(Real, {
    construct(target, args, newTarget) {
      if (args.length === 0) note('new Date()');
      return Reflect.construct(target, args, newTarget);
    },
    apply(target) {
      note('Date()');
      return target();
    },
  });
  const restore = [put(Real.prototype, 'constructor', watching), put(globalThis, 'Date', watching)];
  return () => {
    for (const each of restore) each();
  };
}

/** What somebody else has put in its place since stays there. */
function put(holder: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(holder, name);
  Object.defineProperty(holder, name, {
    configurable: true,
    writable: true,
    enumerable: true,
    ...before,
    value,
  });
  return () => {
    if (Reflect.get(holder, name) !== value) return;
    if (before) Object.defineProperty(holder, name, before);
    else Reflect.deleteProperty(holder, name);
  };
}

function note(call: string): void {
  const report = inAgent.getStore();
  if (!report) return;
  const place = callerIn(stackHere());
  if (place) report({ call, ...place });
}

function stackHere(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = maxFrames;
  try {
    return `${new Error('here').stack}`;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The first place in the app's own code; nothing where Node itself calls, this package comes before, or libraries alone are seen. */
function callerIn(stack: string): { file: string; line: number } | undefined {
  let isFirst = true;
  for (const frame of stack.split('\n').slice(1)) {
    const found = /\((.+):(\d+):\d+\)$/.exec(frame) ?? /^\s*at (?:async )?(.+):(\d+):\d+$/.exec(frame);
    if (!found) continue;
    const [, at = '', line] = found;
    const file = at.startsWith('file://') ? fileURLToPath(at) : at;
    if (file === __filename) continue;
    // What `fetch` does inside is part of what was called.
    if (isFirst && at.startsWith('node:')) return undefined;
    isFirst = false;
    if (at.startsWith('node:')) continue;
    if (own !== undefined && file.startsWith(own)) return undefined;
    if (!/[\\/]node_modules[\\/]/.test(file)) return { file, line: Number(line) };
  }
  return undefined;
}
