/** Where the text of a stream comes from by itself, such as a model: reads it to its end, or until it is wanted no longer; turns pour it into a stream. */
import { HubError } from '../../errors';
import type { MessageRecord } from '../../protocol/records';
import type { Stream } from './stream';

/** What gives the text; `signal` aborts when it is wanted no longer. */
export type StreamSource =
  | AsyncIterable<string>
  | ((context: { signal: AbortSignal }) => AsyncIterable<string> | Promise<AsyncIterable<string>>);

export function isStreamSource(value: unknown): value is StreamSource {
  return typeof value === 'function' || isIterable(value);
}

/**
 * Writes all that the source gives into the stream, and ends it. The source is not waited for once the stream is over.
 * @throws what the source throws, and as `Stream.write`; what has come by then is committed
 */
export async function pour(source: StreamSource, stream: Stream): Promise<MessageRecord> {
  const { signal } = stream;
  let interrupt: (reason: unknown) => void = () => {};
  const onOver = () => interrupt(signal.reason);
  signal.addEventListener('abort', onOver);
  /** The result of the work, unless the stream is over before; one listener for all, since they may be many. */
  const unlessOver = <T>(work: T | PromiseLike<T>) =>
    new Promise<T>((resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      interrupt = reject;
      Promise.resolve(work).then(resolve, reject);
    });
  let iterator: AsyncIterator<unknown> | undefined;
  try {
    signal.throwIfAborted();
    const texts = typeof source === 'function' ? await unlessOver(source({ signal })) : source;
    if (!isIterable(texts)) throw noSource();
    iterator = texts[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await unlessOver(iterator.next());
      if (done) return await stream.end();
      await stream.write(value as string);
    }
  } catch (error) {
    leave(iterator);
    await stream.stop(error);
    throw error;
  } finally {
    signal.removeEventListener('abort', onOver);
  }
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** Lets the source clean up, and does not wait for that. */
function leave(iterator: AsyncIterator<unknown> | undefined): void {
  const leaving = async () => iterator?.return?.();
  leaving().catch(() => {});
}

function noSource(): HubError {
  return new HubError('invalid_request', {
    message:
      'turn.stream: the function must give an async iterable of texts, or a promise of one; a generator is written async function*',
  });
}
