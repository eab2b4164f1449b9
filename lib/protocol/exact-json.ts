/** Parses JSON texts, and checks values, whose meaning does not change on the way to numbers and objects; every reader of JSON uses it, in the page too. */
import { Tokenizer, TokenType } from '@streamparser/json';
import { HubError } from '../errors';
import { isExact } from './exact-number';

/** Levels of objects and arrays accepted in anything a client sends, the outermost being the first. */
export const maxDepth = 32;

/** What is wrong with a JSON value, and the keys and indices that lead there where that helps. */
export interface Fault {
  path?: (string | number)[];
  rule: string;
}

/**
 * What a JSON text means, exactly as it is written.
 * @throws HubError `invalid_frame` for what is not JSON, and for all that `inexactIn` finds
 */
export function parseExact(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HubError('invalid_frame', { message: 'This is not JSON' });
  }
  const fault = inexactIn(text, value);
  if (fault) throw new HubError('invalid_frame', { message: fault });
  return value;
}

/**
 * What a text has lost when it was parsed, or should not have, as one sentence with the place and what to write instead: a
 * number that a double cannot carry, a doubled key, a key `__proto__`, more than `maxDepth` levels. Nothing when all is well.
 * @param value what `JSON.parse` made of `text`
 */
export function inexactIn(text: string, value: unknown): string | undefined {
  const fault = faultIn(value);
  // Most texts come from a `JSON.stringify`. One that reads the same when it is written again has every key once and every
  // number as doubles are written; only others are looked at closely.
  if (!fault && JSON.stringify(value) === text) return undefined;
  const found = faultInText(text) ?? fault;
  return found && describeFault(found);
}

/**
 * The same for a value whose text is gone, of which only the size of a number can say that it may have been another.
 * @throws HubError `invalid_frame`
 */
export function assertPlain(value: unknown): void {
  const fault = faultIn(value);
  if (fault) throw new HubError('invalid_frame', { message: describeFault(fault) });
}

/** Why a number may not be the one that was written: it is none, or an integer so large that its neighbours are gone. */
export function numberFault(value: number): string | undefined {
  return Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value))
    ? undefined
    : inexact(String(value));
}

/** Where something is, and what the rule is there; a sentence that holds no more of what was sent than is needed. */
export function describeFault({ path, rule }: Fault): string {
  if (!path) return rule;
  const place = path.join('.');
  return `${place === '' ? 'The content' : shortened(place, longestPlace)}: ${rule}`;
}

const longestPlace = 256;
const longestNumber = 64;

function inexact(source: string): string {
  const shown = shortened(source, longestNumber);
  return `${shown} cannot be carried exactly by a number; write it as text, "${shown}"`;
}

function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

function faultIn(value: unknown, depth = 0): Fault | undefined {
  if (typeof value === 'number') {
    const rule = numberFault(value);
    return rule === undefined ? undefined : { path: [], rule };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= maxDepth) return { rule: `More than ${maxDepth} levels deep` };
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') return { rule: 'A key may not be __proto__' };
    const fault = faultIn(inner, depth + 1);
    if (fault) return fault.path ? { ...fault, path: [key, ...fault.path] } : fault;
  }
  return undefined;
}

/** An object or array that is not closed yet, and the key or index in it that is being read. */
type Open = { keys?: Set<string>; at: string | number };

/** The first doubled key or inexact number of a text that is JSON. It needs no stack, however deep the text is. */
function faultInText(text: string): Fault | undefined {
  const open: Open[] = [];
  let isKeyNext = false;
  let found: Fault | undefined;
  const note = (rule: string): void => {
    found ??= { path: open.map(({ at }) => at), rule };
  };
  const tokens = new NumberTokens((source) => {
    if (!isExact(source)) note(inexact(source));
  });
  tokens.onToken = ({ token, value }) => {
    const inner = open.at(-1);
    switch (token) {
      case TokenType.LEFT_BRACE:
        open.push({ keys: new Set(), at: '' });
        isKeyNext = true;
        break;
      case TokenType.LEFT_BRACKET:
        open.push({ at: 0 });
        isKeyNext = false;
        break;
      case TokenType.RIGHT_BRACE:
      case TokenType.RIGHT_BRACKET:
        open.pop();
        isKeyNext = false;
        break;
      case TokenType.COMMA:
        isKeyNext = inner?.keys !== undefined;
        if (typeof inner?.at === 'number') inner.at += 1;
        break;
      case TokenType.STRING:
        if (!isKeyNext || !inner) break;
        isKeyNext = false;
        inner.at = String(value);
        if (inner.keys?.has(inner.at)) note('This key is written twice; write it once');
        inner.keys?.add(inner.at);
        break;
      default:
    }
  };
  try {
    tokens.write(text);
    tokens.end();
  } catch {
    // Nothing that one reader takes and the other does not.
    note('This is not JSON');
  }
  return found;
}

class NumberTokens extends Tokenizer {
  constructor(private readonly onNumber: (source: string) => void) {
    super();
  }

  /** Called before `onToken`. */
  protected override parseNumber(source: string): number {
    this.onNumber(source);
    return Number(source);
  }
}
