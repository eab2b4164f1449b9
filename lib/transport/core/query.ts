/** What the address of a socket says behind its `?`; the seats read it. */
import type { Handshake } from './handshake';

/** Not `req.query`, whose parser the app may have changed. */
export function queryOf(req: Pick<Handshake, 'url'>): URLSearchParams {
  const [pathname = ''] = req.url.split('?', 1);
  return new URLSearchParams(req.url.slice(pathname.length));
}
