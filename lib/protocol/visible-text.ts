/** Makes text that may be hostile safe to look at: what is invisible, or turns the reading direction, gets a name that can be seen. */

/** A stretch of plain text, or one sign that has to be named. */
export type Piece = { readonly plain: string } | { readonly sign: string };

/**
 * Controls (but line breaks and tabs), format signs, half surrogates, and letters and spaces that have no width or no ink.
 * The joiner of composed emoji stays where it joins two of them.
 */
const hidden =
  /(?<!\p{Extended_Pictographic}\ufe0f?|\p{Emoji_Modifier})\u200d|\u200d(?!\p{Extended_Pictographic})|(?![\n\t\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]|[\u{e0100}-\u{e01ef}]/gu;

/** The text in pieces, in order; one piece for text without hidden signs. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const { 0: sign, index } of text.matchAll(hidden)) {
    if (index > from) pieces.push({ plain: text.slice(from, index) });
    pieces.push({ sign: nameOf(sign) });
    from = index + sign.length;
  }
  if (from < text.length) pieces.push({ plain: text.slice(from) });
  return pieces;
}

/** The same as one string, for places that take no elements: titles, labels, notifications. */
export function visibleText(text: string, most = Number.POSITIVE_INFINITY): string {
  const { head: beginning, between, tail: end } = endsOf(text, most);
  return between === 0 ? named(beginning) : `${named(beginning)}…${named(end)}`;
}

function named(text: string): string {
  return piecesOf(text)
    .map((piece) => ('plain' in piece ? piece.plain : `⟨${piece.sign}⟩`))
    .join('');
}

/** The beginning, at most so long, that does not cut a character in two. */
export function head(text: string, most: number): string {
  if (text.length <= most) return text;
  const last = text.charCodeAt(most - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? most - 1 : most);
}

/** The end, at most so long, that does not begin within a character. */
export function tail(text: string, most: number): string {
  if (most <= 0) return '';
  if (text.length <= most) return text;
  const first = text.charCodeAt(text.length - most);
  return text.slice(first >= 0xdc00 && first < 0xe000 ? text.length - most + 1 : text.length - most);
}

/** A long text as its beginning and its end, with how many characters are between them; all of it where it is short. */
export function endsOf(text: string, most: number): { head: string; between: number; tail: string } {
  if (text.length <= most) return { head: text, between: 0, tail: '' };
  const end = tail(text, Math.min(400, Math.floor(most / 3)));
  const beginning = head(text, most - end.length);
  return { head: beginning, between: text.length - beginning.length - end.length, tail: end };
}

function nameOf(sign: string): string {
  return `U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
