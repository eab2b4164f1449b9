/** The public names of `express-hitl/react`, one by one. */
// For frameworks that render on the server: from here on it is the browser's.
'use client';

export { checkResponse, type Issue, type JsonSchema } from './check-response';
export type { ConnectionOptions } from './connections';
export type { Doing, Draft, Unsent } from './desks';
export type { InboxFilter, InboxState } from './inbox-room';
export type { Failure, Outcome, RequestOutcome } from './outcome';
export { HitlProvider, type HitlProviderProps } from './provider';
export type { Rest, RestOptions } from './rest';
export type { TicketState } from './ticket-room';
export type { Person } from './typing';
export { type Inbox, type InboxActions, useInbox } from './use-inbox';
export { type Request, type RequestActions, type RequestState, useRequest } from './use-request';
export { useMount, useRest } from './use-rest';
export { useServerNow } from './use-server-now';
export { type Ticket, type TicketActions, usePending, useTicket, useTicketValue } from './use-ticket';
export { type Turn, type TurnActions, type TurnDoing, type TurnState, useTurn } from './use-turn';
