/** The addresses of a ticket and of an inbox, made from that of the mount; sockets and what stands in for them have the same. */
import type { LogPosition } from './follower';
import { pageAddress } from './page';

export interface TicketPlace {
  /** Where the app mounted the hub's router; relative to the page in a browser. */
  url: string;
  ticketId: string;
}

/** What the socket's address says beside the ticket. */
export interface JoinQuery {
  tab: string;
  sessionId: string | undefined;
  after: LogPosition | undefined;
  /** Of requests that the client has, it is sent only the changes. */
  changesAlone: boolean;
}

/** @throws TypeError for a `url` that is none */
export function socketAddress(
  place: TicketPlace,
  { tab, sessionId, after, changesAlone }: JoinQuery,
): string {
  const address = below(place.url, `ws/chat/ticket/${encodeURIComponent(place.ticketId)}`);
  address.protocol = address.protocol.replace('http', 'ws');
  address.searchParams.set('tab', tab);
  address.searchParams.set('presence', 'changes');
  if (changesAlone) address.searchParams.set('updates', 'changes');
  if (sessionId !== undefined) address.searchParams.set('session_id', sessionId);
  if (after) address.searchParams.set('after', `${after.epoch}:${after.seq}`);
  return address.href;
}

/** What of an inbox is looked at. */
export interface InboxPlace {
  url: string;
  query: Readonly<Record<string, string>>;
}

/** @throws TypeError for a `url` that is none */
export function inboxAddress({ url, query }: InboxPlace): string {
  const address = below(url, 'ws/inbox');
  address.protocol = address.protocol.replace('http', 'ws');
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  address.searchParams.set('updates', 'changes');
  return address.href;
}

/** The same address for plain requests. */
export function plainAddress(socketAddress: string): string {
  return socketAddress.replace(/^ws/, 'http');
}

/** Where the frames of a stream go that came from this address. */
export function frameAddress(streamAddress: string, clientId: string): string {
  const address = new URL(streamAddress);
  address.search = '';
  address.searchParams.set('client_id', clientId);
  return address.href;
}

function below(url: string, path: string): URL {
  const address = new URL(url, pageAddress());
  address.hash = '';
  address.pathname = `${address.pathname.replace(/\/$/, '')}/${path}`;
  return address;
}
