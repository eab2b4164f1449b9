/** Chance that falls the same way each time a turn's code is called: derived from the turn, its leg and how often it was asked for; `Run` hands it out. */
import { createHash } from 'node:crypto';

export class Draws {
  private drawn = 0;

  constructor(private readonly turn: { id: string; leg: number }) {}

  /** From 0 up to 1. */
  random(): number {
    return this.draw().readUIntBE(0, 6) / 2 ** 48;
  }

  /** A UUID of version 4's form (RFC 9562 §5.4). Who knows the turn's id can tell it, so it is no secret. */
  uuid(): string {
    const bytes = this.draw().subarray(0, 16);
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  private draw(): Buffer {
    this.drawn += 1;
    const { id, leg } = this.turn;
    return createHash('sha256').update(`${id}\n${leg}\n${this.drawn}`).digest();
  }
}
