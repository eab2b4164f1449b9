/** The JSON body of a REST call, read exactly from its text wherever that is still available; `Rest` calls it. */
import express, { type Request, type RequestHandler } from 'express';
import { HubError } from '../../errors';
import { maxFrameBytes } from '../../protocol/client-frames';
import { jsonBytes } from '../../protocol/codec';
import { assertPlain, inexactIn, parseExact } from '../../protocol/exact-json';
import { tooLarge } from './rest-errors';

/** What the bodies that are parsed here were parsed from. */
const texts = new WeakMap<object, string>();

/** Parses the body, unless a parser of the app's own was first. */
export const parseBody: RequestHandler = express.json({
  limit: maxFrameBytes,
  verify: (req, _res, bytes, charset) => {
    texts.set(req, new TextDecoder(charset).decode(bytes));
  },
});

/**
 * The body, its numbers and keys as they were written. A text, or bytes, that the app's own parser has left are parsed here;
 * where it has left a value and its text is gone, a number that is too large to be sure of is refused.
 * @throws HubError `invalid_frame`, `too_large`
 */
export function bodyOf(req: Request): unknown {
  const body: unknown = req.body;
  const text = texts.get(req);
  if (text !== undefined) {
    const fault = inexactIn(text, body);
    if (fault) throw new HubError('invalid_frame', { message: fault });
    return body;
  }
  // A parser of the app's own has its own limit.
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    if (Buffer.byteLength(body) > maxFrameBytes) throw tooLarge();
    return parseExact(typeof body === 'string' ? body : decoded(body, req.get('content-type')));
  }
  assertPlain(body);
  if (jsonBytes(body) > maxFrameBytes) throw tooLarge();
  return body;
}

/** @throws HubError `invalid_frame` */
function decoded(bytes: Buffer, contentType = ''): string {
  const charset = /;\s*charset="?([^\s;"]+)/i.exec(contentType)?.[1];
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch (cause) {
    throw new HubError('invalid_frame', { message: 'Send the body as UTF-8', cause });
  }
}
