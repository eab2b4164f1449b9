/** What an app sees of a connected client; listeners and `hub.clients` get it. */
import type { User } from '../../protocol/records';
import type { HitlTypes, KnownUser, NoTypes } from '../kinds/app-types';

/** A connected client, or an open inbox. */
export interface ClientInfo<App extends HitlTypes = NoTypes> {
  id: string;
  user: KnownUser<App['user']>;
  /** None of an open inbox. */
  tabId?: string;
  /** None of an open inbox. */
  ticketId?: string;
}

/** A client, or an open inbox, without what is the hub's own. */
export function toClientInfo<App extends HitlTypes = NoTypes>(client: {
  clientId: string;
  user: Required<User>;
  ticketId?: string | undefined;
  tabId?: string;
}): ClientInfo<App> {
  const { clientId: id, user, ticketId, tabId } = client;
  const known = user as KnownUser<App['user']>;
  return {
    id,
    user: known,
    ...(tabId !== undefined && { tabId }),
    ...(ticketId !== undefined && { ticketId }),
  };
}
