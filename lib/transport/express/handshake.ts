/** What a WebSocket handshake says, by its headers alone; `Upgrades` and the socket routes ask. */
import type { IncomingMessage } from 'node:http';
import { HubError } from '../../errors';
import { type Dialect, subprotocol } from '../../protocol/codec';

/** Whether this wants to be a WebSocket; `assertHandshake` says whether it can. */
export function isHandshake({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

/** RFC 6455 §4.2.1. @throws HubError `invalid_handshake` */
export function assertHandshake(req: IncomingMessage): void {
  const { headers } = req;
  const wrong =
    (req.method !== 'GET' && 'The method must be GET') ||
    (headers.upgrade?.toLowerCase() !== 'websocket' && 'Upgrade must be websocket') ||
    // Version 8 also names its origin in another header, which the app would not check.
    (headers['sec-websocket-version'] !== '13' && 'Sec-WebSocket-Version must be 13') ||
    (!/^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '') &&
      'Sec-WebSocket-Key is missing or malformed');
  if (wrong) throw new HubError('invalid_handshake', { message: wrong });
}

/**
 * No subprotocol offered means the classic dialect.
 * @throws HubError `invalid_handshake` for a header that is no list of different names, `unsupported_subprotocol`
 */
export function dialectOf(req: IncomingMessage): Dialect {
  const offered = req.headers['sec-websocket-protocol'];
  if (offered === undefined) return 'classic';
  const names = offered.split(',').map((name) => name.trim());
  if (
    !names.every((name) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) ||
    new Set(names).size < names.length
  )
    throw new HubError('invalid_handshake', { message: 'Sec-WebSocket-Protocol is malformed' });
  if (!names.includes(subprotocol)) {
    throw new HubError('unsupported_subprotocol', {
      message: `Offer ${subprotocol}, or none for the classic dialect`,
    });
  }
  return subprotocol;
}
