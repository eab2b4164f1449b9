/** Compares what clients saw, sent and were answered with the logs as the server stores them; every scenario ends with it. */
import { isDeepStrictEqual } from 'node:util';
import type { Acked, Ledger, Shown } from './ledger';
import type { LoggedOnWire } from './wire';

/** One ticket's log as the server stores it, oldest first, from its beginning. */
export interface KeptLog {
  ticketId: string;
  epoch: string;
  seq: number;
  items: readonly LoggedOnWire[];
}

/** The chat lines and the resolved requests of all logs, by id. */
interface Index {
  messages: Map<string, LoggedOnWire[]>;
  resolved: Map<string, LoggedOnWire[]>;
  /** How often each line of a user stands in the logs. */
  contents: Map<string, number>;
}

/** Adds to the ledger's violations whatever its clients saw that the logs of their tickets do not bear out. */
export function audit(ledger: Ledger, logs: readonly KeptLog[]): void {
  for (const log of logs) {
    auditOrder(ledger, log);
    auditSeen(ledger, log);
    auditRequests(ledger, log);
    auditTurns(ledger, log);
  }
  const index = indexOf(logs);
  for (const acked of ledger.acked) auditAck(ledger, acked, index);
  // A frame that was sent again and again, acked or not, was carried out once at most; every content is its own.
  for (const content of new Set(ledger.sent.map(({ frame }) => frame.content))) {
    const times = content === undefined ? 0 : (index.contents.get(content) ?? 0);
    if (times > 1) ledger.violate(`the message ${content} is in the log ${times} times`);
  }
  const byTicket = new Map(logs.map((log) => [log.ticketId, log]));
  for (const shown of ledger.shown) {
    const log = byTicket.get(shown.ticketId);
    if (log) auditSnapshot(ledger, shown, log);
  }
}

function auditOrder(ledger: Ledger, { ticketId, epoch, seq, items }: KeptLog): void {
  items.forEach((item, index) => {
    if (item.seq !== index + 1)
      ledger.violate(`log of ${ticketId}: ${item.seq} stands at place ${index + 1}`);
    if (item.epoch !== epoch) ledger.violate(`log of ${ticketId}: ${item.seq} is of another epoch`);
  });
  if (items.length !== seq)
    ledger.violate(`log of ${ticketId}: has ${items.length} envelopes and says ${seq}`);
}

function auditSeen(ledger: Ledger, { ticketId, items }: KeptLog): void {
  ledger.seen(ticketId).forEach((text, seq) => {
    const item = items[seq - 1];
    if (text === undefined) return;
    if (!item) ledger.violate(`${ticketId} ${seq} was seen and is not in the log: ${text}`);
    else if (!isDeepStrictEqual(JSON.parse(text), item))
      ledger.violate(`${ticketId} ${seq} was seen as ${text} and is kept as ${JSON.stringify(item)}`);
  });
}

function auditRequests(ledger: Ledger, { ticketId, items }: KeptLog): void {
  const states = new Map<string, string>();
  for (const { event, hitl, seq } of items) {
    if (!hitl) continue;
    const state = states.get(hitl.id);
    const said = `${ticketId} ${seq}: request ${hitl.id}`;
    if (event === 'hitl_request_pending') {
      if (state) ledger.violate(`${said} was asked twice`);
      states.set(hitl.id, 'pending');
    } else if (event === 'hitl_request_resolved') {
      if (state !== 'pending') ledger.violate(`${said} was resolved, and was ${state ?? 'never asked'}`);
      states.set(hitl.id, 'resolved already');
    }
  }
}

function auditTurns(ledger: Ledger, { ticketId, items }: KeptLog): void {
  const ended = new Set<string>();
  for (const { event, turn_id: turnId, message, seq } of items) {
    if (!turnId) continue;
    const said = `${ticketId} ${seq}: turn ${turnId} has ended`;
    if (event === 'turn_ended') {
      if (ended.has(turnId)) ledger.violate(`${said} twice`);
      ended.add(turnId);
    } else if (ended.has(turnId) && typeof message === 'object') {
      ledger.violate(`${said} and still speaks`);
    }
  }
}

function indexOf(logs: readonly KeptLog[]): Index {
  const index: Index = { messages: new Map(), resolved: new Map(), contents: new Map() };
  const add = (map: Map<string, LoggedOnWire[]>, id: string, item: LoggedOnWire) =>
    map.set(id, [...(map.get(id) ?? []), item]);
  for (const item of logs.flatMap(({ items }) => items)) {
    const { event, message, hitl } = item;
    if (event === 'hitl_request_resolved' && hitl) add(index.resolved, hitl.id, item);
    if (event !== 'session_message_added' || typeof message !== 'object') continue;
    add(index.messages, message.id, item);
    if (message.type === 'user')
      index.contents.set(message.content, (index.contents.get(message.content) ?? 0) + 1);
  }
  return index;
}

/** An ack says that what was asked is stored, so the log must have it, and once. */
function auditAck(ledger: Ledger, { ticketId, userId, frame, ack }: Acked, index: Index): void {
  const said = `${frame.type} ${frame.id} of ${userId} was acked and`;
  if (frame.type === 'message') {
    const kept = index.messages.get(ack.message_id ?? '') ?? [];
    if (kept.length !== 1) ledger.violate(`${said} is in the log ${kept.length} times`);
    for (const { message, ticket_id } of kept) {
      const isTheSame = typeof message === 'object' && message.content === frame.content;
      if (!isTheSame || ticket_id !== ticketId) ledger.violate(`${said} something else is in the log`);
    }
  }
  if (frame.type === 'hitl_respond') {
    const kept = index.resolved.get(frame.request_id ?? '') ?? [];
    if (kept.length !== 1) ledger.violate(`${said} is in the log ${kept.length} times`);
    for (const { hitl } of kept) {
      if (hitl?.status !== frame.status || hitl?.responded_by?.user_id !== userId)
        ledger.violate(`${said} somebody else's answer is in the log`);
    }
  }
}

/** A snapshot holds the requests that are pending and the turns that run where the log stands at its `seq`, and no others. */
function auditSnapshot(ledger: Ledger, shown: Shown, { items }: KeptLog): void {
  const pending = new Set<string>();
  const running = new Set<string>();
  for (const { event, hitl, turn_id: turnId } of items.slice(0, shown.seq)) {
    if (hitl && event === 'hitl_request_pending') pending.add(hitl.id);
    if (hitl && event === 'hitl_request_resolved') pending.delete(hitl.id);
    if (turnId && event === 'turn_started') running.add(turnId);
    if (turnId && event === 'turn_ended') running.delete(turnId);
  }
  const said = `${shown.who}: the snapshot of ${shown.ticketId} at ${shown.seq}`;
  for (const [what, inLog, inSnapshot] of [
    ['pending request', pending, new Set(shown.pending)],
    ['running turn', running, new Set(shown.running)],
  ] as const) {
    for (const id of inLog) if (!inSnapshot.has(id)) ledger.violate(`${said} lacks the ${what} ${id}`);
    for (const id of inSnapshot) if (!inLog.has(id)) ledger.violate(`${said} has ${id}, which is no ${what}`);
  }
}
