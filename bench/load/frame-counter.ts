/** Counts the WebSocket frames in a stream of bytes without looking into them; the load client keeps one per connection. */

/** Bytes of the longest head of an unmasked frame. */
const longestHead = 10;

export class FrameCounter {
  /** Data frames that have come to their end. */
  frames = 0;
  private readonly head = Buffer.alloc(longestHead);
  private headLength = 0;
  /** Whether a frame has begun whose head is known. */
  private isInFrame = false;
  /** Bytes of its payload that are still to come. */
  private left = 0;

  /** Takes the next `length` bytes. @returns where the first payload that begins and ends in them is, if there is one */
  take(bytes: Buffer, length: number): readonly [begin: number, end: number] | undefined {
    let first: readonly [number, number] | undefined;
    let at = 0;
    while (at < length) {
      if (!this.isInFrame) {
        at = this.readHead(bytes, at, length);
        if (!this.isInFrame) break;
        if (!first && this.left <= length - at) first = [at, at + this.left];
      }
      const taken = Math.min(this.left, length - at);
      this.left -= taken;
      at += taken;
      if (this.left > 0) break;
      this.isInFrame = false;
      if ((this.head.readUInt8(0) & 0x0f) <= 2) this.frames += 1;
    }
    return first;
  }

  /** Reads on in the head, byte by byte, since it may come in pieces; returns where it has got to. */
  private readHead(bytes: Buffer, from: number, length: number): number {
    for (let at = from; at < length; at += 1) {
      this.head.writeUInt8(bytes.readUInt8(at), this.headLength);
      this.headLength += 1;
      const short = this.head.readUInt8(1);
      if (this.headLength < 2 || (short === 126 && this.headLength < 4)) continue;
      if (short === 127 && this.headLength < longestHead) continue;
      if (short === 126) this.left = this.head.readUInt16BE(2);
      else this.left = short === 127 ? Number(this.head.readBigUInt64BE(2)) : short;
      this.headLength = 0;
      this.isInFrame = true;
      return at + 1;
    }
    return length;
  }
}
