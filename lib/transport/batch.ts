/** Text frames on their way to one or many clients in one piece: framed once, one write per socket where ws lets us. */
import WebSocket from 'ws';

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

/** What ws keeps to itself and we look at, so that nothing is missed where a version of it has something else. */
interface Insides {
  readonly readyState: number;
  readonly _isServer: boolean;
  readonly _socket: { write(bytes: Uint8Array, done?: () => void): unknown } | null;
  readonly _sender: {
    readonly _queue: readonly unknown[];
    /** ws 8: 0 unless something is being compressed or read. */
    readonly _state: number;
    /** ws 7. */
    readonly _deflating: boolean;
    /** False between the fragments of a message. */
    readonly _firstFragment: boolean;
    readonly _extensions: Readonly<Record<string, unknown>>;
  } | null;
}

/** Public in ws, though its types do not name it. */
const { Sender } = WebSocket as unknown as {
  Sender: { frame(data: string, options: typeof unmaskedText): Uint8Array[] };
};
const unmaskedText = { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false };

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
    if (texts.length === 0) return;
    const stream = streamBelow(socket);
    if (stream) stream.write(this.bytes(), done);
    else
      for (const [index, text] of texts.entries())
        socket.send(text, index === texts.length - 1 ? done : undefined);
  }

  /** Made when first needed, for all sockets. */
  private bytes(): Buffer {
    this.framed ??= Buffer.concat(this.texts.flatMap((text) => Sender.frame(text, unmaskedText)));
    return this.framed;
  }
}

/** Where whole frames may be written now without overtaking or cutting into what ws itself has to send. */
function streamBelow(socket: Socket & Partial<Insides>): Insides['_socket'] | undefined {
  const { _sender: sender, _socket: stream } = socket;
  if (!sender || !stream || socket.readyState !== WebSocket.OPEN || socket._isServer !== true)
    return undefined;
  const isIdle = sender._queue?.length === 0 && (sender._state === 0 || sender._deflating === false);
  const isBetweenMessages = sender._firstFragment === true;
  const compresses = sender._extensions?.['permessage-deflate'] !== undefined;
  return isIdle && isBetweenMessages && !compresses ? stream : undefined;
}
