/** Text frames on their way to one or many clients in one piece: framed once, one write per socket where ws lets us. */
import { streamBelow } from '../../insides/ws';

/** What is needed of a WebSocket; those of ws 7 and 8 have it. */
export interface Socket {
  /** Bytes that were given to `send` and not yet to the network. */
  readonly bufferedAmount: number;
  /** `done` is called once the network has the frame, or never will. */
  send(data: string, done?: () => void): void;
  close(code: number, reason: string): void;
  terminate(): void;
  ping(): void;
}

export class Batch {
  private framed: Buffer | undefined;

  /** @param texts one per frame, in order */
  constructor(readonly texts: readonly string[]) {}

  /**
   * Gives all frames to the socket, behind everything that was given to it before: in one write, or, where ws compresses or
   * has something under way, through its own `send`.
   * @param done called once the network has them all, or never will
   */
  writeTo(socket: Socket, done?: () => void): void {
    const { texts } = this;
    if (texts.length === 0) done?.();
    if (texts.length === 0) return;
    const stream = streamBelow(socket);
    if (stream) stream.write(this.bytes(), done);
    else
      for (const [index, text] of texts.entries())
        socket.send(text, index === texts.length - 1 ? done : undefined);
  }

  /** Made when first needed, for all sockets. */
  private bytes(): Buffer {
    this.framed ??= framed(this.texts);
    return this.framed;
  }
}

/**
 * The text frames of a server, whole and unmasked (RFC 6455 §5.2), in one buffer. Not by the `Sender.frame` of ws, which
 * makes two buffers for each frame: with many frames in a tick that was a third of what is not the network's.
 */
function framed(texts: readonly string[]): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + headerLength(length) + length, 0));
  let at = 0;
  for (const [index, text] of texts.entries()) {
    at = writeHeader(bytes, at, lengths[index] as number);
    at += bytes.write(text, at);
  }
  return bytes;
}

const finalText = 0x81;

function headerLength(payload: number): number {
  if (payload < 126) return 2;
  return payload < 65_536 ? 4 : 10;
}

/** Returns where the payload begins. */
function writeHeader(bytes: Buffer, at: number, payload: number): number {
  bytes[at] = finalText;
  if (payload < 126) {
    bytes[at + 1] = payload;
    return at + 2;
  }
  if (payload < 65_536) {
    bytes[at + 1] = 126;
    return bytes.writeUInt16BE(payload, at + 2);
  }
  bytes[at + 1] = 127;
  return bytes.writeBigUInt64BE(BigInt(payload), at + 2);
}
