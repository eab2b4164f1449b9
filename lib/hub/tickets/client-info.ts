/** What an app sees of a connected client; listeners and `hub.clients` get it. */
import type { User } from '../../protocol/records';

/** A connected client, or an open inbox. */
export interface ClientInfo {
  id: string;
  user: Readonly<Required<User>>;
  /** None of an open inbox. */
  tabId?: string;
  /** None of an open inbox. */
  ticketId?: string;
}

/** A client, or an open inbox, without what is the hub's own. */
export function toClientInfo(client: {
  clientId: string;
  user: Required<User>;
  ticketId?: string | undefined;
  tabId?: string;
}): ClientInfo {
  const { clientId: id, user, ticketId, tabId } = client;
  return { id, user, ...(tabId !== undefined && { tabId }), ...(ticketId !== undefined && { ticketId }) };
}
