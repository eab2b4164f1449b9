/** The JSON text of what an app hands over, refused where `JSON.stringify` would silently write something else; `jsonCopy` asks here. */
import { HubError, isHubError, type WireCode } from '../../errors';
import { describeFault, numberFault } from '../../protocol/exact-json';

/**
 * A value as JSON; nothing for one that has none. Left out as ever are fields that are `undefined` and keys that are symbols;
 * an object with a `toJSON` is what that gives, so a `Date` is its ISO text.
 * @throws HubError `code`, saying where and what to write instead, for a number that `numberFault` refuses, a BigInt, a function
 *   or symbol, a hole or `undefined` in an array, a Map, Set or other object that JSON knows nothing of, a `toJSON` that gives
 *   nothing (as that of an invalid `Date`); else what `JSON.stringify` throws
 */
export function jsonText(value: unknown, code: WireCode): string | undefined {
  // Each object that is being written, and the key in it that is visited; the outermost is not the app's but holds `value`.
  const open: { holder: unknown; key: string }[] = [];
  return JSON.stringify(value, function (this: Record<string, unknown>, key: string, written: unknown) {
    // An object cannot be in itself, so one that is open already is where the writing has gone back to.
    const level = open.findLastIndex(({ holder }) => holder === this);
    open.splice(level < 0 ? open.length : level);
    open.push({ holder: this, key });
    const rule = faultOf(written, this, key);
    if (rule === undefined) return written;
    const path = open.slice(1).map((at) => at.key);
    throw new HubError(code, { message: describeFault({ path, rule }) });
  });
}

/**
 * A value as JSON makes of it, where that has at most so many bytes; `undefined` where it has none.
 * @param noun what it is, for the refusal
 * @throws HubError `invalid_request` as `jsonText`, `too_large`
 */
export function jsonWithin(value: unknown, maxBytes: number, noun: string): unknown {
  let text: string | undefined;
  try {
    text = jsonText(value, 'invalid_request');
  } catch (cause) {
    const why = isHubError(cause) ? `: ${cause.message}` : '';
    throw new HubError('invalid_request', { message: `${noun} is no JSON${why}`, cause });
  }
  if (text === undefined) return undefined;
  if (Buffer.byteLength(text) > maxBytes)
    throw new HubError('too_large', { message: `${noun} has more than ${maxBytes} bytes as JSON` });
  return JSON.parse(text);
}

/** Characters of a value as JSON that comes from JSON. */
export function jsonLength(value: unknown): number {
  return JSON.stringify(value)?.length ?? 0;
}

/** @param written what is about to be written for `holder[key]`: the same, unless that has a `toJSON` */
function faultOf(written: unknown, holder: Record<string, unknown>, key: string): string | undefined {
  switch (typeof written) {
    case 'number':
      return numberFault(written);
    case 'bigint':
      return 'A BigInt is not JSON; write it as text';
    case 'function':
    case 'symbol':
      return `A ${typeof written} is not JSON; leave it out`;
    case 'undefined':
      if (Array.isArray(holder)) return 'A list cannot hold undefined; write null or leave it out';
      return key === '' || holder[key] === undefined ? undefined : noJson;
    case 'object':
      if (written === null) return holder[key] === null ? undefined : noJson;
      return objectFault(written);
    default:
      return undefined;
  }
}

const noJson = 'Its toJSON gives nothing; write what it means as text';

function objectFault(object: object): string | undefined {
  if (Array.isArray(object)) return undefined;
  // `[object Map]`; whatever realm it comes from, and instances of the app's own classes are plain.
  const name = Object.prototype.toString.call(object).slice('[object '.length, -1);
  return name === 'Object'
    ? undefined
    : `A value of the kind ${name} is not JSON; write it as text, or what it holds as objects and lists`;
}
