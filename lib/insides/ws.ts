/** What we use of the private parts of `ws` 7 and 8: a socket's frame limit, and the stream below it; each use has another way where they are gone. */
import WebSocket from 'ws';
import { maxFrameBytes } from '../protocol/client-frames';

/** The stream of a socket, as far as frames are written to it or reading is stopped. */
interface Stream {
  write(bytes: Uint8Array, done?: () => void): unknown;
  pause(): void;
}

interface Insides {
  readonly readyState?: number;
  readonly _isServer?: boolean;
  readonly _socket?: Stream | null;
  readonly _receiver?: {
    /** Bytes of a message; 0: any number. */
    _maxPayload?: number;
    /** Bytes that the message under way has announced so far. */
    readonly _totalPayloadLength?: number;
    readonly _extensions?: Readonly<Record<string, { _maxPayload?: number } | undefined>>;
  } | null;
  readonly _sender?: {
    readonly _queue?: readonly unknown[];
    /** ws 8: 0 unless something is being compressed or read. */
    readonly _state?: number;
    /** ws 7. */
    readonly _deflating?: boolean;
    /** False between the fragments of a message. */
    readonly _firstFragment?: boolean;
    readonly _extensions?: Readonly<Record<string, unknown>>;
  } | null;
}

/**
 * From now on ws closes this socket with 1009 as soon as a frame announces more than `maxFrameBytes`, and stores none of it.
 * Returns what was wrong before: `'larger'` if the server's own limit was larger, `'exceeded'` if a message under way is
 * beyond ours already (then nothing more of it is read), `'unknown'` if the limit cannot be seen.
 */
export function limitFrames(socket: object): 'larger' | 'exceeded' | 'unknown' | undefined {
  const { _receiver: receiver, _socket: stream } = socket as Insides;
  const limit = receiver?._maxPayload;
  if (!receiver || limit === undefined) return 'unknown';
  if (limit > 0 && limit <= maxFrameBytes) return undefined;
  receiver._maxPayload = maxFrameBytes;
  // Of what was compressed, the length is known only while it is inflated.
  const deflate = receiver._extensions?.['permessage-deflate'];
  if (deflate) deflate._maxPayload = maxFrameBytes;
  if ((receiver._totalPayloadLength ?? 0) <= maxFrameBytes) return 'larger';
  stream?.pause();
  return 'exceeded';
}

/** Where whole frames may be written now without overtaking or cutting into what ws itself has to send; nothing where they may not. */
export function streamBelow(socket: object): Pick<Stream, 'write'> | undefined {
  const { _sender: sender, _socket: stream, _isServer: isServer, readyState } = socket as Insides;
  if (!sender || !stream || readyState !== WebSocket.OPEN || isServer !== true) return undefined;
  const isIdle = sender._queue?.length === 0 && (sender._state === 0 || sender._deflating === false);
  const isBetweenMessages = sender._firstFragment === true;
  const compresses = sender._extensions?.['permessage-deflate'] !== undefined;
  return isIdle && isBetweenMessages && !compresses ? stream : undefined;
}
