/** The public names of `express-hitl/react/parts`, one by one. */
// For frameworks that render on the server: from here on it is the browser's.
'use client';

export { Inbox, type InboxProps } from './inbox';
export { Request, type RequestProps } from './request';
export type { CardOptions } from './request-card';
export type { Me } from './right-to-answer';
export { Ticket, type TicketProps } from './ticket';
