/** What the checking client reads of an envelope: a reading of docs/protocol.md of its own, so that the code under test does not judge itself. */

/** A request as it is shown. */
export interface HitlOnWire {
  id: string;
  status: string;
  revision: number;
  turn_id?: string;
  responded_by?: { user_id: string };
}

/** Any envelope; which fields it has depends on `event`. */
export interface OnWire {
  event: string;
  ticket_id?: string;
  epoch?: string;
  seq?: number;
  session_id?: string;
  turn_id?: string;
  /** Of a chat line; in an `error` what is wrong. */
  message?: { id: string; type: string; turn_id?: string; content: string } | string;
  /** Of a turn that has ended. */
  status?: string;
  hitl?: HitlOnWire;
  re?: string;
  code?: string;
  details?: { hitl?: HitlOnWire };
  message_id?: string;
  resumed?: boolean;
  heartbeat_ms?: number;
  retry_after_ms?: number;
  requests?: HitlOnWire[];
  /** Of a snapshot and of what follows it: whether requests are still to come. */
  more_requests?: boolean;
  turns?: { id: string; status: string }[];
  presence?: { user: { id: string }; clients: number }[];
}

/** An envelope that has a place in a log. */
export type LoggedOnWire = OnWire & { ticket_id: string; epoch: string; seq: number };

/** A frame as it was sent: one and the same however often it is repeated. */
export interface SentFrame {
  id: string;
  type: string;
  content?: string;
  request_id?: string;
  status?: string;
  [field: string]: unknown;
}

/** Events that have a place in the log. */
const loggedEvents: ReadonlySet<string> = new Set([
  'session_created',
  'turn_started',
  'turn_ended',
  'session_message_added',
  'session_message_updated',
  'hitl_request_pending',
  'hitl_request_updated',
  'hitl_request_resolved',
]);

export function isLogged(envelope: OnWire): envelope is LoggedOnWire {
  return loggedEvents.has(envelope.event);
}

/** @throws Error for text that is no envelope */
export function parseEnvelope(text: string): OnWire {
  const envelope: unknown = JSON.parse(text);
  if (typeof envelope !== 'object' || envelope === null || !('event' in envelope))
    throw new Error(`No envelope: ${text.slice(0, 100)}`);
  return envelope as OnWire;
}
