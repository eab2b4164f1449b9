/** Where in the console one is, stored behind the `#` of its address, so that it works below any mount and a reload stays there. */
import { useSyncExternalStore } from 'react';

export type Route =
  | { page: 'inbox'; id?: string | undefined }
  | { page: 'ticket'; ticketId: string; tab: 'timeline' | 'audit' }
  | { page: 'grants' };

export function routeOf(hash: string): Route {
  const [page, id, tab] = hash.replace(/^#\/?/, '').split('/').map(decoded);
  if (page === 'tickets' && id)
    return { page: 'ticket', ticketId: id, tab: tab === 'audit' ? tab : 'timeline' };
  if (page === 'grants') return { page };
  return { page: 'inbox', id: page === 'requests' && id ? id : undefined };
}

export function hrefOf(route: Route): string {
  switch (route.page) {
    case 'inbox':
      return route.id === undefined ? '#/' : `#/requests/${encodeURIComponent(route.id)}`;
    case 'ticket':
      return `#/tickets/${encodeURIComponent(route.ticketId)}${route.tab === 'audit' ? '/audit' : ''}`;
    case 'grants':
      return '#/grants';
  }
}

/** @param replace instead of a step that the back button undoes */
export function goTo(route: Route, replace = false): void {
  if (!replace) location.hash = hrefOf(route);
  else {
    history.replaceState(null, '', hrefOf(route));
    dispatchEvent(new HashChangeEvent('hashchange'));
  }
}

export function useRoute(): Route {
  return routeOf(useSyncExternalStore(subscribe, () => location.hash));
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

/** Text that is not properly encoded is no reason to show nothing. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
