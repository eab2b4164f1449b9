/** The log of a ticket in SQLite: read envelope by envelope, and trimmed; the store calls both inside a transaction. */
import type { LoggableEnvelope } from '../../protocol/envelopes';
import type { Millis } from '../../protocol/records';
import { fromStored } from '../shared/log-parts';
import { parseRow } from './rows';
import type { Statements } from './statements';

/** The envelopes of a log one by one, each with its size. */
export function* readLog(
  s: Statements,
  ticketId: string,
  after: number,
  limit: number,
): Iterable<{ envelope: LoggableEnvelope; seq: number; bytes: number }> {
  const part = partReader(s, ticketId);
  for (const { seq, body } of s.log.iterate(ticketId, after, limit)) {
    const id = `${ticketId}:${seq}`;
    let bytes = Buffer.byteLength(body);
    const envelope = fromStored(parseRow('log', { id, text: body }), (name) => {
      const shared = part(name, id);
      bytes += shared.bytes;
      return shared.value;
    });
    yield { envelope, seq, bytes };
  }
}

/** What the envelopes of a ticket's log share, each parsed once for one reading. */
function partReader(
  s: Statements,
  ticketId: string,
): (name: string, rowId: string) => { value: object; bytes: number } {
  const known = new Map<string, { value: object; bytes: number }>();
  return (name, rowId) => {
    const found = known.get(name);
    if (found) return found;
    const { text } = s.partText.get(ticketId, name) ?? { text: '' };
    const part = { value: parseRow('log', { id: rowId, text }), bytes: Buffer.byteLength(text) };
    known.set(name, part);
    return part;
  };
}

/** As `Store.trim`. */
export function trimLog(s: Statements, ticketId: string, keep: number, since: Millis): void {
  const row = s.ticket.get(ticketId);
  if (!row) return;
  const upTo = Math.max(row.seq - keep, s.lastBefore.get(ticketId, since)?.seq ?? 0);
  if (upTo < row.first) return;
  s.dropLog.run(ticketId, upTo);
  for (const { name } of s.unusedParts.all(ticketId, upTo)) {
    s.dropPart.run(ticketId, name);
    s.dropPartText.run(ticketId, name);
  }
  s.setFirst.run(upTo + 1, ticketId);
}
