/** The statuses that a request can have; machines, schemas and stores go through them. */
import type { RequestStatus } from './records';

export const requestStatuses = [
  'pending',
  'approved',
  'denied',
  'expired',
  'cancelled',
  'superseded',
] as const satisfies readonly RequestStatus[];
