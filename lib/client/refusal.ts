/** Understands an HTTP answer in place of a connection: whether it is the hub's own and final; a browser shows of a handshake only that it failed. */
import { closeCodes } from '../protocol/close-codes';
import type { Ending, Refusal } from './ending';
import { type Fetch, isOwnOrigin } from './page';

/** What a client is to make of an answer: it is over, the refusal may pass, or it would be let in and only the upgrade fails. */
export type Verdict = { ending: Ending } | { refusal: Refusal } | 'welcome';

type Answer = Awaited<ReturnType<Fetch>>;

/** As a page asks: with its cookies, seeing redirects, and saying that it is of this very site, which browsers do not say everywhere. */
export function requestAs(fetch: Fetch, address: string, { headers, ...init }: PageRequest): Promise<Answer> {
  const own = isOwnOrigin(address) && { 'x-requested-with': 'express-hitl' };
  return fetch(address, {
    credentials: 'include',
    redirect: 'manual',
    ...init,
    headers: { ...headers, ...own },
  });
}
type PageRequest = Omit<Parameters<Fetch>[1], 'credentials' | 'redirect'>;

/** Asks what the handshake of the socket at this address would say; nothing where there is no answer. Never rejects. */
export async function askWhy(
  fetch: Fetch,
  address: string,
  signal: AbortSignal,
): Promise<Verdict | undefined> {
  try {
    return await verdictOn(
      await requestAs(fetch, address, { headers: { accept: 'application/json' }, signal }),
    );
  } catch {
    return undefined;
  }
}

/** The hub's codes that the same request would get again. */
const final: Readonly<Record<string, Ending>> = {
  authentication_required: closeCodes.session_ended,
  forbidden: closeCodes.forbidden,
  origin_refused: closeCodes.forbidden,
  not_found: closeCodes.not_found,
  invalid_id: closeCodes.bad_request,
  invalid_frame: closeCodes.bad_request,
  unsupported_subprotocol: closeCodes.bad_request,
};
/** Of these the code says less than the message. */
const spoken = new Set(['origin_refused', 'invalid_id', 'invalid_frame', 'unsupported_subprotocol']);

/**
 * Only the hub's own coded body is final, since a proxy says 401, 403 and 404 as well while the app is being replaced; and a
 * redirect, which is what a login guard does with those who are not logged in.
 */
export async function verdictOn(answer: Answer): Promise<Verdict> {
  const { status, type } = answer;
  if (type === 'opaqueredirect' || (status >= 300 && status < 400))
    return { ending: closeCodes.session_ended };
  const { code, message } = errorIn(await answer.json().catch(() => undefined));
  if (code === 'upgrade_required') return 'welcome';
  const ending = code === undefined ? undefined : final[code];
  if (!ending) return { refusal: { status, ...(code && { code }), ...(message && { message }) } };
  return { ending: { code: ending.code, reason: (spoken.has(code ?? '') && message) || ending.reason } };
}

function errorIn(body: unknown): { code?: string; message?: string } {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  const field = (name: string) => {
    const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
    return typeof value === 'string' ? { [name]: value } : {};
  };
  return { ...field('code'), ...field('message') };
}
