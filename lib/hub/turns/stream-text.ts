/** The text of a message that grows, piece by piece: whole characters only, and no more bytes than a message may have; each stream holds one. */

/** Half of a character that UTF-16 writes in two, without the other half. */
const loneHalf = /\p{Surrogate}/gu;
const replacement = '\ufffd';

export class StreamText {
  /** What was taken so far. Added to and rarely read: only then its pieces are put together. */
  taken = '';
  private fresh = '';
  private bytes = 0;
  /** The first half of a character whose other half has not come yet. */
  private half = '';

  constructor(private readonly maxBytes: number) {}

  /** Characters so far, taken or not. */
  get length(): number {
    return this.taken.length + this.fresh.length;
  }

  /** Takes what was not taken yet. */
  take(): string {
    const { fresh } = this;
    this.taken += fresh;
    this.fresh = '';
    return fresh;
  }

  /** Appends what of the piece there is room for. @returns false if that was not all of it */
  append(piece: string): boolean {
    const text = this.half + piece;
    const endsInHalf = (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800;
    this.half = endsInHalf ? text.slice(-1) : '';
    return this.add(endsInHalf ? text.slice(0, -1) : text);
  }

  /** No more pieces come: half of a character is one that cannot be shown. Repeatable. @returns as `append` */
  close(): boolean {
    const { half } = this;
    this.half = '';
    return this.add(half);
  }

  private add(text: string): boolean {
    const wellFormed = text.replace(loneHalf, replacement);
    const bytes = Buffer.byteLength(wellFormed);
    const room = this.maxBytes - this.bytes;
    const added = bytes <= room ? wellFormed : firstBytes(wellFormed, room);
    this.fresh += added;
    // What comes after something that had no room has none either.
    this.bytes = bytes <= room ? this.bytes + bytes : this.maxBytes;
    return bytes <= room;
  }
}

/** As many whole characters of the beginning as have no more bytes than that. */
function firstBytes(text: string, most: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(most));
  return text.slice(0, read);
}
