/** The program that may ask people over REST, for trying requests of any shape: known by a bearer token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import type { Service } from 'express-hitl';

/** It may ask in every ticket. */
export const tester: Service = { id: 'tester', name: 'Tester', tickets: 'all' };

/**
 * What finds out whether a request comes from the service `tester`.
 * @param token what it has to send as `Authorization: Bearer <token>`; without one, or with an empty one, there is no service
 */
export function serviceWith(token: string | undefined): (req: Pick<Request, 'headers'>) => Service | null {
  if (!token) return () => null;
  const expected = digest(token);
  return ({ headers }) => {
    const [, given] = /^bearer +(.+)$/i.exec(headers.authorization ?? '') ?? [];
    // Digests have one length, so that the comparison takes the same time whatever is sent.
    return given !== undefined && timingSafeEqual(digest(given), expected) ? tester : null;
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
