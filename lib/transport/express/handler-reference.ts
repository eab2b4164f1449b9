/** The handler of the hub that this package re-implements, name by name: what `hub.reference` has of routes and origins. */
import type { Router } from 'express';
import type { Hub } from '../../hub/hub';
import type { HitlTypes, NoTypes } from '../../hub/kinds/app-types';
import type { OriginPolicy } from '../core/origin';
import type { SocketHandler } from './socket-route';

export interface HandlerReference {
  /** `NewHandler`: the router, to be mounted. */
  newHandler(): Router;
  /** `HandleTicketChat`: what the route of a ticket's socket calls, for an app that runs express-ws. */
  readonly handleTicketChat: SocketHandler;
  /** `WithFrontendURL`: one more of `http.origins`. @throws HubError `invalid_request` for no origin, and once a client has come */
  withFrontendUrl(url: string): void;
  /** `WithAllowedOrigins`: the same for several. */
  withAllowedOrigins(origins: readonly string[]): void;
}

/** The hub of the plugin, whose reference has the handler too. */
export type HandledHub<App extends HitlTypes = NoTypes> = Hub<App> & { readonly reference: HandlerReference };

/** Adds the handler to the hub's reference. */
export function withHandler<App extends HitlTypes>(
  hub: Hub<App>,
  { router, origins, ticket }: { router: Router; origins: OriginPolicy; ticket: SocketHandler },
): HandledHub<App> {
  const handler: HandlerReference = {
    newHandler: () => router,
    handleTicketChat: ticket,
    withFrontendUrl: (url) => origins.add([url]),
    withAllowedOrigins: (more) => origins.add(more),
  };
  Object.assign(hub.reference, handler);
  return hub as HandledHub<App>;
}
