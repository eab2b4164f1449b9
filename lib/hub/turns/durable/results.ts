/** How results and failures stand in a journal, and how the code gets them from there; `Run` uses it. */
import { HubError, isHubError, messageOf } from '../../../errors';
import { jsonWithin } from '../../kinds/json-text';

/** Bytes of what a step returns, as JSON. */
export const maxResultBytes = 262_144;

/** The body of an entry that has a result. @throws HubError `invalid_request` for what JSON cannot represent, `too_large` */
export function result(noun: string, value: unknown): { v?: unknown } {
  const v = jsonWithin(value, maxResultBytes, `What ${noun} returned`);
  return v === undefined ? {} : { v };
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
