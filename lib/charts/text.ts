/** How wide written text is, and where it breaks; laid out without a browser, so the widths of the letters are stored here. */

/** What a piece of text is for; the stylesheet gives each its colour, this file its size and weight. */
export type Ink =
  | 'title'
  | 'prose'
  | 'kind'
  | 'order'
  | 'event'
  | 'deadline'
  | 'clock'
  | 'sign'
  | 'guard'
  | 'action';

/** A piece of text of one look. */
export interface Run {
  readonly text: string;
  readonly ink: Ink;
  /** The ids of the transitions this piece stands for. */
  readonly of?: readonly string[];
}

/** Runs side by side. */
export type Line = readonly Run[];

/** Size in pixels and weight, by ink. */
export const fonts: Readonly<Record<Ink, { readonly size: number; readonly bold: boolean }>> = {
  title: { size: 15, bold: true },
  prose: { size: 12, bold: false },
  kind: { size: 11, bold: false },
  order: { size: 10, bold: false },
  /** A drawn clock instead of letters. */
  clock: { size: 14, bold: false },
  event: { size: 12, bold: true },
  deadline: { size: 12, bold: true },
  sign: { size: 12, bold: true },
  guard: { size: 12, bold: false },
  action: { size: 12, bold: false },
};

/** From the height of one line of this size to the next. */
export const lineHeight = 17;

/** Widths of the characters 32 to 126 in thousandths of the size, of Helvetica and of all fonts cut to its measure (Arial, Liberation Sans). */
const regular =
  '278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584';
const bold =
  '278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584';
const widths = { regular: regular.split(' ').map(Number), bold: bold.split(' ').map(Number) };

/** The width of a run in pixels. Characters outside ASCII are taken as wide as an `m`, the widest of them as a full square. */
export function runWidth({ text, ink }: Run): number {
  const { size, bold: isBold } = fonts[ink];
  if (ink === 'clock') return size;
  const table = isBold ? widths.bold : widths.regular;
  let sum = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    sum += table[code - 32] ?? (code >= 0x1100 ? 1000 : 834);
  }
  return (sum * size) / 1000;
}

/** The width of a line in pixels. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, run) => sum + runWidth(run), 0);
}

/**
 * Breaks runs into lines no wider than `limit` pixels, at spaces; the lines after the first begin `indent` pixels further right,
 * which counts. A single word wider than the limit stays whole.
 */
export function wrap(runs: Line, limit: number, indent = 0): Line[] {
  const lines: Run[][] = [[]];
  let used = 0;
  for (const word of runs.flatMap(words)) {
    const line = lines.at(-1) ?? [];
    const width = runWidth(word);
    if (line.length > 0 && used + runWidth({ ...word, text: word.text.trimEnd() }) > limit) {
      lines.push([word]);
      used = indent + width;
    } else {
      line.push(word);
      used += width;
    }
  }
  return lines.map(joined);
}

/** A run word by word, each with the space behind it. */
function words(run: Run): Run[] {
  if (run.ink === 'clock') return [run];
  return (run.text.match(/\s*\S+\s*|\s+/g) ?? []).map((text) => ({ ...run, text }));
}

/** Neighbours of one look made one run again, without space at the end of the line. */
function joined(line: readonly Run[]): Line {
  const out: Run[] = [];
  for (const run of line) {
    const last = out.at(-1);
    if (last && last.ink === run.ink && last.of?.join() === run.of?.join())
      out[out.length - 1] = { ...last, text: last.text + run.text };
    else out.push(run);
  }
  const last = out.at(-1);
  if (last) out[out.length - 1] = { ...last, text: last.text.trimEnd() };
  return out;
}
