/** The rows of version 5 as the migration reads them. */
import type { Millis } from '../../protocol/records';

export interface EarlierTicket {
  id: string;
  epoch: string;
  first: number;
}

export interface EarlierLog {
  ticket_id: string;
  seq: number;
  at: Millis;
  body: string;
}

export interface EarlierSession {
  n: number;
  id: string;
  ticket_id: string;
  user_id: string;
  tab_id: string;
  created_at: Millis;
  last_active_at: Millis;
  record: string;
}

export interface EarlierTurn {
  n: number;
  id: string;
  ticket_id: string;
  session_id: string | null;
  status: string;
  version: string | null;
  generation: number | null;
  leg: number;
  open_since: Millis | null;
  due_at: Millis | null;
  answered_at: Millis | null;
  record: string;
}

export interface EarlierMessage {
  n: number;
  id: string;
  ticket_id: string;
  session_id: string;
  record: string;
}

export interface EarlierRequest {
  id: string;
  ticket_id: string;
  session_id: string;
  turn_id: string | null;
  key: string | null;
  grant_id: string | null;
  status: string;
  version: number;
  due_at: Millis | null;
  claimed_by: string | null;
  created_at: Millis;
  /** In which lists of inboxes it is, as JSON. */
  inbox: string | null;
  record: string;
  snapshot: string;
}

export interface EarlierAudit {
  ticket_id: string;
  request_id: string;
  record: string;
}

export interface EarlierGrant {
  id: string;
  ticket_id: string;
  covers: string;
  created_at: Millis;
  expires_at: Millis;
  holds_until: Millis | null;
  record: string;
}
