/** From where somebody does something, for the audit and the log: sockets, REST and links all decide it here. */
import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';

/** The address of a peer, or the socket that is asked for it when it matters. */
export type Peer = string | { readonly remoteAddress?: string | undefined };

/**
 * Behind a proxy that Express trusts (`trust proxy`) the proxy has said the address; else the socket knows it. Nothing is
 * asked of a socket before it matters, since an idle connection is to cost little.
 */
export function peerOf(req: Request | IncomingMessage): Peer {
  return (req.headers['x-forwarded-for'] !== undefined && 'ip' in req && req.ip) || req.socket;
}

/** The address as text; nothing once a peer that named none has gone. */
export function addressOf(peer: Peer): string | undefined {
  return typeof peer === 'string' ? peer : peer.remoteAddress;
}
