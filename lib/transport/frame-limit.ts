/** Our limit on frames, for a socket that the app's own WebSocket server has opened with another; the socket route sets it. */
import { maxFrameBytes } from '../protocol/client-frames';

/** What ws 7 and 8 keep of a socket's limit; looked at so that nothing breaks where a version of it has something else. */
interface Insides {
  readonly _socket?: { pause(): void } | null;
  readonly _receiver?: {
    /** Bytes of a message; 0: any number. */
    _maxPayload?: number;
    /** Bytes that the message under way has announced so far. */
    readonly _totalPayloadLength?: number;
    readonly _extensions?: Readonly<Record<string, { _maxPayload?: number } | undefined>>;
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
