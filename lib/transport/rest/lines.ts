/** Answers with JSON Lines: as many objects as there are, made no faster than the peer takes them. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { isA, toHubError } from '../../errors';
import type { Logger } from '../../hub/options/logger';
import { encodeLine } from '../../protocol/codec';

/** Characters that are written at once. */
const chunkChars = 65_536;

/**
 * Writes every object as a line and ends the answer. What fails before the first line leaves the answer untouched; what
 * fails later, or a peer that hangs up, cuts it off, which the peer can distinguish from an answer that has ended.
 * @throws what `items` throws
 */
export async function writeLines(
  items: AsyncGenerator<object>,
  res: Response,
  logger: Logger,
): Promise<void> {
  const first = await items.next();
  res.type('application/x-ndjson');
  try {
    await pipeline(Readable.from(chunks(first, items), { objectMode: false }), res);
  } catch (error) {
    if (!isHangUp(error)) logger.error('An answer was cut off', { error: toHubError(error).code });
  }
}

async function* chunks(first: IteratorResult<object>, rest: AsyncGenerator<object>): AsyncGenerator<string> {
  if (first.done) return;
  let text = encodeLine(first.value);
  for await (const item of rest) {
    text += encodeLine(item);
    if (text.length < chunkChars) continue;
    yield text;
    text = '';
  }
  yield text;
}

function isHangUp(error: unknown): boolean {
  return isA(error, Error) && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
