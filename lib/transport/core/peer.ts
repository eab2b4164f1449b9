/** The address that a change comes from, for the audit and the log: sockets, REST and links all determine it here. */
import type { Handshake } from './handshake';

/** The address of a peer, or the socket that is asked for it when it matters. */
export type Peer = string | { readonly remoteAddress?: string | undefined };

/**
 * Behind a proxy that the app trusts (Express: `trust proxy`) the proxy has given the address; else the socket knows it. Nothing is
 * asked of a socket before it matters, since an idle connection is to cost little.
 */
export function peerOf(req: Pick<Handshake, 'headers' | 'socket' | 'ip'>): Peer {
  return (req.headers['x-forwarded-for'] !== undefined && req.ip) || req.socket;
}

/** The address as text; nothing once a peer that named none has gone. */
export function addressOf(peer: Peer): string | undefined {
  return typeof peer === 'string' ? peer : peer.remoteAddress;
}
