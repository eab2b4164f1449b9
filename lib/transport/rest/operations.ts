/** All REST operations: the plugin serves them, and the OpenAPI document describes them. */
import { auditOperations, serveAudit } from './audit';
import { grantOperations, serveGrants } from './grants';
import { inboxOperations, serveInbox } from './inbox';
import { meOperations, serveMe } from './me';
import { requestOperations, serveRequests } from './requests';
import type { Rest } from './rest';
import { serveServices, serviceOperations } from './services';
import { serveTickets, ticketOperations } from './tickets';
import { serveTurns, turnOperations } from './turns';

/** What is declared, in the order of the documentation. */
export const operations = [
  ...requestOperations,
  ...serviceOperations,
  ...inboxOperations,
  ...grantOperations,
  ...turnOperations,
  ...ticketOperations,
  ...meOperations,
  ...auditOperations,
];

export function serveOperations(rest: Rest): void {
  serveRequests(rest);
  serveServices(rest);
  serveInbox(rest);
  serveGrants(rest);
  serveTurns(rest);
  serveTickets(rest);
  serveAudit(rest);
  serveMe(rest);
}
