/** Puts texts one below the other and knows how much room they take; boxes and labels are filled with it. */
import { type Line, lineHeight, lineWidth, wrap } from './text';

/** Lines of text with their place: `x` of the left edge, `y` of the middle of the first line, from the corner of what they are in. */
export interface Text {
  readonly x: number;
  readonly y: number;
  readonly lines: readonly Line[];
  /** How much further right the lines after the first begin. */
  readonly indent: number;
}

/** How far lines that go on are set in. */
export const indent = 12;

/** A column of texts. */
export class Column {
  readonly texts: Text[] = [];
  width = 0;

  /** @param height where the first text begins; grows with every text */
  constructor(public height = 0) {}

  /** Room without text. */
  skip(by: number): void {
    this.height += by;
  }

  /** A text to the right of which the next ones are put. */
  beside(line: Line): void {
    this.texts.push({ x: 0, y: this.height + lineHeight / 2, lines: [line], indent: 0 });
  }

  /**
   * A text of several parts: on one line if that is no wider than `limit`, otherwise each part on lines of its own.
   * @param x how far right the text begins, which counts
   * @param hang how much further right its other lines begin
   */
  put(parts: readonly Line[], limit: number, x = 0, hang = indent): void {
    const room = limit - x;
    const whole = parts.flat();
    const lines =
      lineWidth(whole) <= room
        ? wrap(whole, room)
        : parts.flatMap((part, index) => (index === 0 ? wrap(part, room, hang) : wrap(part, room - hang)));
    this.texts.push({ x, y: this.height + lineHeight / 2, lines, indent: hang });
    this.height += lines.length * lineHeight;
    const widths = lines.map((line, index) => x + (index > 0 ? hang : 0) + lineWidth(line));
    this.width = Math.max(this.width, ...widths);
  }
}
