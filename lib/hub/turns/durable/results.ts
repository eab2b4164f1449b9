/** How results and failures stand in a journal, and how the code gets them from there; `Run` uses it. */
import { HubError, isHubError, messageOf } from '../../../errors';
import { jsonWithin } from '../../kinds/json-text';

/** Bytes of what a step returns, as JSON. */
export const maxResultBytes = 262_144;

/** Characters of an error's message. */
const maxMessageLength = 2_000;

/** The body of an entry that has a result. @throws HubError `invalid_request` for what JSON cannot represent, `too_large` */
export function result(noun: string, value: unknown): { v?: unknown } {
  const v = jsonWithin(value, maxResultBytes, `What ${noun} returned`);
  return v === undefined ? {} : { v };
}

/** The body of an entry that rejects. Never throws. */
export function failure(error: unknown): { e: Record<string, unknown> } {
  const message = (typeof error === 'string' ? error : messageOf(error)).slice(0, maxMessageLength);
  if (!isHubError(error)) {
    const name = error instanceof Error ? error.name : undefined;
    return { e: { message, ...(name && { name }) } };
  }
  const details = recordable(error.details);
  return { e: { code: error.code, message, ...(details !== undefined && { details }) } };
}

/** Details of an error, if JSON can represent them within the bounds of a result. */
function recordable(details: unknown): unknown {
  try {
    return jsonWithin(details, maxResultBytes, 'An error');
  } catch {
    return undefined;
  }
}

/** What the code gets of a body that `failure` made; nothing for any other. */
export function thrownIn(body: unknown): Error | undefined {
  if (typeof body !== 'object' || body === null || !('e' in body)) return undefined;
  const { code, message, details, name } = (body as { e: Record<string, never> }).e;
  if (code !== undefined) return new HubError(code, { message, details });
  return Object.assign(new Error(message), name !== undefined && { name });
}
