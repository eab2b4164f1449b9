/** The lists an inbox is made of: by whom a request may be answered, and by what it is looked up; stores index them, the hub finds listeners by them. */
import type { Answerers, RequestRecord } from '../../protocol/records';
import type { InboxFilter, InboxOwner } from '../store';

/** What of a request decides in which lists it is. */
export type Listable = Pick<RequestRecord, 'type' | 'payload' | 'ticketId'>;

/** The tool of a tool approval; other kinds have none. */
export function toolNameOf({ type, payload }: Pick<RequestRecord, 'type' | 'payload'>): string | undefined {
  const name = type === 'tool_approval' ? payload.tool_name : undefined;
  return typeof name === 'string' ? name : undefined;
}

/** Every list that a request is in, so that any filter of any of its answerers is one list per principal. */
export function listsOf(request: Listable, answerers: Answerers): string[] {
  const { type, ticketId } = request;
  const toolName = toolNameOf(request);
  const byWhat: InboxFilter[] = [{}, { type }, ...(toolName === undefined ? [] : [{ toolName }])];
  const byWhere = byWhat.flatMap((filter) => [filter, { ...filter, ticketId }]);
  const { users, groups } = answerers;
  if (!users && !groups) {
    return byWhat.flatMap((filter) => [name(['all'], filter), name(['ticket', ticketId], filter)]);
  }
  return [
    ...unique(users).flatMap((user) => byWhere.map((filter) => name(['user', user], filter))),
    ...unique(groups).flatMap((group) => byWhere.map((filter) => name(['group', group], filter))),
  ];
}

/** The lists in which this person finds exactly what fits the filter. */
export function listsFor({ userId, groups, tickets }: InboxOwner, filter: InboxFilter): string[] {
  const { type, toolName, ticketId } = filter;
  // A tool is one of tool approvals, so there is no list for the two together.
  if (toolName !== undefined && type !== undefined && type !== 'tool_approval') return [];
  const what: InboxFilter = toolName === undefined ? { ...(type !== undefined && { type }) } : { toolName };
  const where = { ...what, ...(ticketId !== undefined && { ticketId }) };
  return [
    name(['user', userId], where),
    ...unique(groups).map((group) => name(['group', group], where)),
    ...openTo(tickets, ticketId).map((principal) => name(principal, what)),
  ];
}

function openTo(tickets: InboxOwner['tickets'], ticketId: string | undefined): string[][] {
  if (tickets === 'all') return [ticketId === undefined ? ['all'] : ['ticket', ticketId]];
  const wanted = ticketId === undefined ? tickets : tickets.filter((each) => each === ticketId);
  return unique(wanted).map((ticket) => ['ticket', ticket]);
}

/** One text that no other principal and filter give. */
function name(principal: readonly string[], { type, toolName, ticketId }: InboxFilter): string {
  const what = (toolName !== undefined && ['tool', toolName]) || (type !== undefined && ['type', type]) || [];
  return JSON.stringify([principal, ...what, ...(ticketId === undefined ? [] : ['in', ticketId])]);
}

function unique(names: readonly string[] = []): string[] {
  return [...new Set(names)];
}
