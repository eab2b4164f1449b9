/** The log of a ticket in SQLite: appended to and read envelope by envelope, and trimmed; the store calls each inside a transaction. */
import { createHash } from 'node:crypto';
import { damaged } from '../../errors';
import type { LoggableEnvelope } from '../../protocol/envelopes';
import type { Millis, RequestRecord } from '../../protocol/records';
import { fromStored, minPartLength, toStored, type WithParts } from '../shared/log-parts';
import type { Commit } from '../store';
import {
  type MessageEntry,
  messageEntry,
  messageEnvelope,
  type RequestEntry,
  requestEntry,
  requestEnvelope,
} from './log-entry';
import { messageRecordOf } from './messages';
import { requestRecordOf } from './requests';
import { parseObject } from './rows';
import { type LogRow, maxWithin } from './statements';
import type { Tables } from './tables';

/** What of a request's entry may be large and repeat: it is stored once, by the hash of its text. */
const large = ['policy', 'verdicts', 'response'] as const;

/** A request as a commit has written it: its row, and the number of what it asks. */
export interface WrittenRequest {
  n: number;
  base: number;
  record: RequestRecord;
}

/** What a commit has written, by the ids of the records; of messages the numbers of their rows. */
export interface Written {
  requests: ReadonlyMap<string, WrittenRequest>;
  messages: ReadonlyMap<string, number>;
}

/** An envelope as it is about to be stored. */
interface Entry {
  about: number | null;
  body: string;
  parts: ReadonlyMap<string, string>;
}

/** The envelopes that are completed from a message, by its id: of each message that this commit writes the last, if it says what the message says. */
export type MessageEntries = ReadonlyMap<string, { seq: number; entry: MessageEntry }>;

/** @param seq of the last envelope before this commit */
export function messageEntries({ ticketId, messages = [], envelopes }: Commit, seq: number): MessageEntries {
  const entries = new Map<string, { seq: number; entry: MessageEntry }>();
  for (const message of messages) {
    const index = envelopes.findLastIndex((each) => 'message' in each && each.message.id === message.id);
    const envelope = envelopes[index];
    const entry = envelope && message.ticketId === ticketId && messageEntry(envelope, message);
    entries.delete(message.id);
    if (entry) entries.set(message.id, { seq: seq + 1 + index, entry });
  }
  return entries;
}

/** Appends the envelopes of a commit, whose records are written. @param seq of the last envelope before them */
export function appendToLog(
  tables: Tables,
  commit: Commit,
  ticket: number,
  seq: number,
  written: Written,
  entries: MessageEntries,
): void {
  const { s } = tables;
  commit.envelopes.forEach((envelope, index) => {
    const place = seq + 1 + index;
    const { about, body, parts } =
      entryOfRequest(tables, commit, envelope, written) ??
      entryOfMessage(envelope, place, written, entries) ??
      ({ about: null, ...toStored(envelope) } satisfies Entry);
    s.append.run(ticket, place, commit.at, about, body);
    for (const [name, text] of parts) storePart(tables, ticket, name, text, place);
  });
}

function entryOfRequest(
  tables: Tables,
  { at, ticketId }: Commit,
  envelope: LoggableEnvelope,
  { requests }: Written,
): Entry | undefined {
  const request = 'hitl' in envelope ? requests.get(envelope.hitl.id) : undefined;
  return request?.record.ticketId === ticketId ? entryAbout(tables, envelope, request, at) : undefined;
}

/** The entry of an envelope about this request; nothing where it says that something else is asked. */
export function entryAbout(
  { people }: Tables,
  envelope: LoggableEnvelope,
  { n, base, record }: WrittenRequest,
  at: Millis,
): Entry | undefined {
  const entry = requestEntry(people, envelope, record, base, at);
  return entry && { about: n, ...withPartsApart(entry) };
}

function withPartsApart(entry: RequestEntry): Omit<Entry, 'about'> {
  const parts = new Map<string, string>();
  const names: Record<string, string> = {};
  const hitl: Record<string, unknown> = { ...entry.hitl };
  for (const field of large) {
    const text: string | undefined = JSON.stringify(hitl[field]);
    if (text === undefined || text.length < minPartLength) continue;
    names[field] = createHash('sha256').update(text).digest('base64url');
    parts.set(names[field], text);
    delete hitl[field];
  }
  return { body: JSON.stringify({ ...entry, hitl, ...(parts.size > 0 && { parts: names }) }), parts };
}

function entryOfMessage(
  envelope: LoggableEnvelope,
  seq: number,
  written: Written,
  entries: MessageEntries,
): Entry | undefined {
  if (!('message' in envelope)) return undefined;
  const { id } = envelope.message;
  const known = entries.get(id);
  const n = written.messages.get(id);
  if (n === undefined || known?.seq !== seq) return undefined;
  return { about: n, body: JSON.stringify(known.entry), parts: new Map() };
}

/** Stores what envelopes share, or notes one more use of it. */
export function storePart({ s }: Tables, ticket: number, name: string, text: string, seq: number): void {
  if (s.usePart.get(seq, ticket, name)) return;
  s.addPart.run(ticket, name, seq);
  s.addPartText.run(ticket, name, text);
}

/** Stores the envelope of this place whole: what it was completed from is about to change. */
export function completeEntry(tables: Tables, ticketId: string, ticket: number, seq: number): void {
  const row = tables.s.logged.get(ticket, seq);
  // It may have been trimmed.
  if (row?.about == null) return;
  const { envelope } = reader(tables, ticketId, ticket)(row);
  tables.s.completeEntry.run(JSON.stringify(envelope), ticket, seq);
}

/** The envelopes of a log one by one, each with its size. */
export function* readLog(
  tables: Tables,
  ticketId: string,
  after: number,
  limit: number,
): Iterable<{ envelope: LoggableEnvelope; seq: number; bytes: number }> {
  const ticket = tables.foundTicket(ticketId);
  if (ticket === undefined) return;
  const read = reader(tables, ticketId, ticket);
  for (const row of tables.s.log.iterate(ticket, Math.min(Math.max(0, after), maxWithin), ticket, limit))
    yield { ...read(row), seq: row.seq };
}

type Read = (row: LogRow) => { envelope: LoggableEnvelope; bytes: number };

/** Reads rows of a ticket's log; what they share is read once for one reading. */
function reader(tables: Tables, ticketId: string, ticket: number): Read {
  const { s } = tables;
  const known = new Map<string, string>();
  const partText = (name: string) => {
    const text = known.get(name) ?? s.partText.get(ticket, name)?.text ?? '';
    known.set(name, text);
    return text;
  };
  return (row) => {
    const id = `${ticketId}:${row.seq}`;
    const body = parseObject<Body>('log', id, row.body);
    let bytes = Buffer.byteLength(row.body);
    const part = (name: string) => {
      const text = partText(name);
      bytes += Buffer.byteLength(text);
      return parseObject<object>('log', id, text);
    };
    if (row.about === null)
      return { envelope: fromStored(body as LoggableEnvelope | WithParts, part), bytes };
    const envelope =
      'hitl' in body
        ? ofRequest(tables, row.about, withParts(body as RequestBody, part), row.at)
        : ofMessage(tables, row.about, body as MessageEntry);
    return { envelope: envelope.envelope, bytes: bytes + envelope.bytes };
  };
}

type RequestBody = RequestEntry & { parts?: Record<string, string> };
type Body = RequestBody | MessageEntry | LoggableEnvelope | WithParts;

function withParts({ parts = {}, ...entry }: RequestBody, part: (name: string) => object): RequestEntry {
  const apart = Object.entries(parts).map(([field, name]) => [field, part(name)]);
  return { ...entry, hitl: { ...entry.hitl, ...Object.fromEntries(apart) } };
}

function ofRequest({ s, people }: Tables, n: number, entry: RequestEntry, at: Millis) {
  const row = s.requestOfNumber.get(n);
  if (!row) throw damaged('log', String(n));
  const base = row.baseNumber === entry.base ? row.base : (s.base.get(n, entry.base)?.base ?? '');
  const record = requestRecordOf(people, { ...row, state: '{}' }, base);
  return { envelope: requestEnvelope(people, entry, record, at), bytes: Buffer.byteLength(base) };
}

function ofMessage({ s, people }: Tables, n: number, entry: MessageEntry) {
  const row = s.messageOfNumber.get(n);
  if (!row) throw damaged('log', String(n));
  return {
    envelope: messageEnvelope(entry, messageRecordOf(people, row)),
    bytes: Buffer.byteLength(row.text),
  };
}

/** As `Store.trim`. */
export function trimLog(tables: Tables, ticketId: string, keep: number, since: Millis): void {
  const { s } = tables;
  const ticket = tables.tickets.find(ticketId);
  if (!ticket) return;
  const { n } = ticket;
  const upTo = Math.max(ticket.seq - keep, s.lastBefore.get(n, 0, n, since)?.seq ?? 0);
  if (upTo < ticket.first) return;
  s.dropLog.run(n, 0, n, upTo);
  for (const { name } of s.unusedParts.all(n, upTo)) {
    s.dropPart.run(n, name);
    s.dropPartText.run(n, name);
  }
  s.dropBases.run(n, upTo);
  s.setFirst.run(upTo + 1, n);
  ticket.first = upTo + 1;
}
