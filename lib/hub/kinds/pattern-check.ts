/** Whether a pattern can take exponential time on some text; kinds and tools whose schema has such a pattern are refused. */
import { type AST, RegExpParser } from '@eslint-community/regexpp';

/** From this many rounds on, a counted repetition is as bad as an endless one. */
const manyRounds = 10;
/** Limit for the places in a pattern that read a character; a larger pattern takes too long to check. */
const maxPlaces = 2_000;
/** Pairs of ways that are compared in one loop. */
const maxSteps = 2_000_000;

/** A part of a pattern, as places where characters are read: those it begins and ends at, and whether it may read nothing. */
interface Part {
  first: number[];
  last: number[];
  isNullable: boolean;
}

const nothing: Part = { first: [], last: [], isNullable: true };

/** Why a pattern is not to be used on what people send, or nothing if it may be. */
export function whyExplosive(pattern: RegExp): string | undefined {
  const { source, flags } = pattern;
  try {
    return new Places(flags, source).isAmbiguous()
      ? `the pattern ${shown(source)} can take exponential time; write it without a repetition whose rounds can be split in several ways`
      : undefined;
  } catch (error) {
    if (error instanceof TooLarge) return `the pattern ${shown(source)} is too large to be checked`;
    throw error;
  }
}

function shown(source: string): string {
  return source.length > 100 ? `${source.slice(0, 100)}…` : source;
}

class TooLarge extends Error {}

/**
 * The places of a pattern and which can follow which (Glushkov's automaton, with how often). A text is read in
 * exponentially many ways if, inside a loop, it leads from a place back to itself on two different ways (Weber and Seidl's
 * criterion for exponential ambiguity).
 */
class Places {
  /** By place: which of the characters looked at are read there. */
  private readonly reads: ReadonlySet<number>[] = [];
  /** By place: how many ways lead on to each other place. */
  private readonly follows: Map<number, number>[] = [];
  private readonly alphabet: string[];
  private readonly known = new Map<string, ReadonlySet<number>>();

  constructor(
    private readonly flags: string,
    source: string,
  ) {
    this.alphabet = charactersOf(source);
    const unicode = flags.includes('u');
    const tree = new RegExpParser().parsePattern(source, 0, source.length, {
      unicode,
      unicodeSets: flags.includes('v'),
    });
    this.either(tree.alternatives, 1);
  }

  isAmbiguous(): boolean {
    return loopsOf(this.follows).some((loop) => this.isAmbiguousLoop(loop));
  }

  private isAmbiguousLoop(loop: ReadonlySet<number>): boolean {
    const ways = new Map<number, number[]>();
    for (const from of loop) {
      const within = [...(this.follows[from] ?? [])].filter(([to]) => loop.has(to));
      if (within.some(([, number]) => number > 1)) return true;
      ways.set(
        from,
        within.map(([to]) => to),
      );
    }
    // Two readers of one text, as pairs of places; a way from a pair of equals over different ones and back is the proof.
    const pairs: Map<number, number>[] = [];
    const numbers = new Map<string, number>();
    const reached: [number, number][] = [];
    const numberOf = (a: number, b: number) => {
      const name = `${a} ${b}`;
      const number = numbers.get(name) ?? reached.push([a, b]) - 1;
      numbers.set(name, number);
      return number;
    };
    for (const place of loop) numberOf(place, place);
    let steps = 0;
    for (let at = 0; at < reached.length; at += 1) {
      const [a = 0, b = 0] = reached[at] ?? [];
      const next = new Map<number, number>();
      for (const toA of ways.get(a) ?? [])
        for (const toB of ways.get(b) ?? []) {
          steps += 1;
          if (steps > maxSteps) throw new TooLarge();
          if (this.overlap(toA, toB)) next.set(numberOf(toA, toB), 1);
        }
      pairs.push(next);
    }
    const isSame = (pair: number) => reached[pair]?.[0] === reached[pair]?.[1];
    return loopsOf(pairs).some((pairLoop) => {
      const same = [...pairLoop].filter(isSame).length;
      return same > 0 && same < pairLoop.size;
    });
  }

  private overlap(a: number, b: number): boolean {
    if (a === b) return true;
    const [some = new Set<number>(), others = new Set<number>()] = [this.reads[a], this.reads[b]];
    for (const character of some) if (others.has(character)) return true;
    return false;
  }

  private either(alternatives: readonly AST.Alternative[], rounds: number): Part {
    const parts = alternatives.map(({ elements }) =>
      elements.reduce((part, element) => this.sequence(part, this.element(element, rounds)), nothing),
    );
    return {
      first: parts.flatMap(({ first }) => first),
      last: parts.flatMap(({ last }) => last),
      isNullable: parts.some(({ isNullable }) => isNullable),
    };
  }

  private sequence(before: Part, after: Part): Part {
    this.link(before.last, after.first);
    return {
      first: before.isNullable ? [...before.first, ...after.first] : before.first,
      last: after.isNullable ? [...before.last, ...after.last] : after.last,
      isNullable: before.isNullable && after.isNullable,
    };
  }

  private element(element: AST.Element, rounds: number): Part {
    switch (element.type) {
      case 'Assertion':
        // What is looked at before or behind is read by itself.
        if ('alternatives' in element) this.either(element.alternatives, rounds);
        return nothing;
      case 'CapturingGroup':
      case 'Group':
        return this.either(element.alternatives, rounds);
      case 'Backreference':
        return [element.resolved].flat()[0] ? this.copied([element.resolved].flat()[0], rounds) : nothing;
      case 'Quantifier':
        return this.repeated(element, rounds);
      default:
        return this.place(element.raw);
    }
  }

  /** A reference reads what its group has read: any text of that group, as far as is known here. */
  private copied(group: AST.CapturingGroup | undefined, rounds: number): Part {
    return group && this.reads.length < maxPlaces ? this.either(group.alternatives, rounds) : nothing;
  }

  private repeated({ element, min, max }: AST.Quantifier, outer: number): Part {
    const rounds = max === Number.POSITIVE_INFINITY ? outer : outer * max;
    const isFixed = min === max && isOneCharacter(element);
    if (max === 0) return nothing;
    if (max === Number.POSITIVE_INFINITY || (rounds >= manyRounds && !isFixed)) {
      const part = this.element(element, max === Number.POSITIVE_INFINITY ? outer : rounds);
      this.link(part.last, part.first);
      // Rounds that must be made may be empty, so which of them are is one more choice.
      if (part.isNullable && min >= manyRounds) this.link(part.last, part.first);
      return { ...part, isNullable: part.isNullable || min === 0 };
    }
    let whole = nothing;
    for (let round = 0; round < Math.min(max, manyRounds * 10); round += 1) {
      const part = this.element(element, isFixed ? outer : rounds);
      whole = this.sequence(whole, round < min ? part : { ...part, isNullable: true });
    }
    return whole;
  }

  private place(raw: string): Part {
    if (this.reads.length >= maxPlaces) throw new TooLarge();
    const at = this.reads.length;
    this.reads.push(this.readBy(raw));
    this.follows.push(new Map());
    return { first: [at], last: [at], isNullable: false };
  }

  /** What a class or character reads is asked of the engine itself. */
  private readBy(raw: string): ReadonlySet<number> {
    const known = this.known.get(raw);
    if (known) return known;
    const reader = new RegExp(`^(?:${raw})$`, this.flags.replace(/[gy]/g, ''));
    const read = new Set(this.alphabet.flatMap((character, at) => (reader.test(character) ? [at] : [])));
    this.known.set(raw, read);
    return read;
  }

  private link(from: readonly number[], to: readonly number[]): void {
    for (const place of from) {
      const next = this.follows[place];
      for (const target of to) next?.set(target, (next.get(target) ?? 0) + 1);
    }
  }
}

function isOneCharacter({ type }: AST.QuantifiableElement): boolean {
  return type === 'Character' || type === 'CharacterSet' || type === 'CharacterClass';
}

/** Characters that stand for all: those of Latin-1, those the pattern names with their neighbours, and some from elsewhere. */
function charactersOf(source: string): string[] {
  const points = new Set(Array.from({ length: 256 }, (_none, point) => point));
  for (const each of ['ſ', 'Ж', 'ж', 'א', '中', 'ひ', '٣', '\u2028', 'K', '😀', '𝒳'])
    points.add(each.codePointAt(0) ?? 0);
  const escapes = [...source.matchAll(/\\(?:u\{([0-9a-f]+)\}|u([0-9a-f]{4})|x([0-9a-f]{2}))/gi)];
  const named = [
    ...[...source].map((each) => each.codePointAt(0) ?? 0),
    ...escapes.map(([, a, b, c]) => Number.parseInt(a ?? b ?? c ?? '0', 16)),
  ];
  for (const point of named.slice(0, 1_000))
    for (const near of [point - 1, point, point + 1]) if (near >= 0 && near <= 0x10ffff) points.add(near);
  return [...points].map((point) => String.fromCodePoint(point));
}

/** The strongly connected parts of a graph that hold a circle (Tarjan's algorithm, without recursion). */
function loopsOf(graph: readonly ReadonlyMap<number, number>[]): Set<number>[] {
  const found: Set<number>[] = [];
  const order = new Map<number, number>();
  const low = new Map<number, number>();
  const stack: number[] = [];
  const onStack = new Set<number>();
  for (let root = 0; root < graph.length; root += 1) {
    if (order.has(root)) continue;
    const visits: { node: number; next: Iterator<number> }[] = [];
    const enter = (node: number) => {
      order.set(node, order.size);
      low.set(node, order.get(node) ?? 0);
      stack.push(node);
      onStack.add(node);
      visits.push({ node, next: (graph[node] ?? new Map()).keys() });
    };
    const lower = (node: number, to: number) => low.set(node, Math.min(low.get(node) ?? to, to));
    enter(root);
    for (let visit = visits.at(-1); visit; visit = visits.at(-1)) {
      const { node, next } = visit;
      const { value: to, done } = next.next();
      if (!done) {
        if (!order.has(to)) enter(to);
        else if (onStack.has(to)) lower(node, order.get(to) ?? 0);
        continue;
      }
      visits.pop();
      const parent = visits.at(-1)?.node;
      if (parent !== undefined) lower(parent, low.get(node) ?? 0);
      if (low.get(node) !== order.get(node)) continue;
      const part = new Set<number>();
      for (let last = stack.pop(); last !== undefined; last = last === node ? undefined : stack.pop()) {
        onStack.delete(last);
        part.add(last);
      }
      if (part.size > 1 || graph[node]?.has(node)) found.push(part);
    }
  }
  return found;
}
