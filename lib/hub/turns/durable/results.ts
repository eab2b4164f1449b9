/** How results and failures stand in a journal, and how the code gets them from there; `Run` uses it. */
import { HubError, isHubError, messageOf } from '../../../errors';

/** Bytes of what a step returns, as JSON. */
export const maxResultBytes = 262_144;

/** The body of a step's entry. @throws HubError `invalid_request` for what JSON cannot represent, `too_large` */
export function result(what: string, value: unknown): { v?: unknown } {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new HubError('invalid_request', { message: `${what} returned what JSON cannot represent`, cause });
  }
  if (text === undefined) {
    if (value === undefined) return {};
    throw new HubError('invalid_request', {
      message: `${what} returned a ${typeof value}, which is no JSON`,
    });
  }
  if (Buffer.byteLength(text) > maxResultBytes)
    throw new HubError('too_large', {
      message: `${what} returned more than ${maxResultBytes} bytes: store it elsewhere, and return where it is`,
    });
  return { v: JSON.parse(text) };
}

/** The body of an entry that rejects. */
export function failure(error: unknown): { e: Record<string, unknown> } {
  if (isHubError(error)) {
    const { code, message, details } = error;
    return { e: { code, message, ...(details && { details: structuredClone(details) }) } };
  }
  const name = error instanceof Error ? error.name : undefined;
  return { e: { message: typeof error === 'string' ? error : messageOf(error), ...(name && { name }) } };
}

/** What the code gets of a body that `failure` made; nothing for any other. */
export function thrownIn(body: unknown): Error | undefined {
  if (typeof body !== 'object' || body === null || !('e' in body)) return undefined;
  const { code, message, details, name } = (body as { e: Record<string, never> }).e;
  if (code !== undefined) return new HubError(code, { message, details });
  return Object.assign(new Error(message), name !== undefined && { name });
}
