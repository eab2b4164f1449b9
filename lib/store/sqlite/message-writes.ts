/** Writes messages to SQLite, whose revisions are rows of their own; commits call it. */
import type { MessageRecord } from '../../protocol/records';
import { maxRevisions } from '../shared/limits';
import { completeEntry } from './log';
import { messageText } from './messages';
import type { Tables } from './tables';

/**
 * Stores the message, and behind its earlier revisions those that it brings; returns the number of its row.
 * @param logged the `seq` of the envelope that is completed from it from now on
 */
export function writeMessage(tables: Tables, message: MessageRecord, logged: number | null): number {
  const { s, people } = tables;
  const { id, ticketId, sessionId, createdAt, revisions } = message;
  const text = messageText(people, message);
  const added = s.addMessage.get(id, tables.ticketNumber(ticketId), sessionId, createdAt, logged, text);
  const n = added?.n ?? rewrite(tables, message, text, logged);
  for (const revision of revisions) {
    const { n: number = 0 } = s.addRevision.get(n, n, JSON.stringify(revision)) ?? {};
    if (number > maxRevisions) s.dropRevisions.run(n, number - maxRevisions);
  }
  return n;
}

function rewrite(
  tables: Tables,
  { id, createdAt }: MessageRecord,
  text: string,
  logged: number | null,
): number {
  const { s } = tables;
  const known = s.knownMessage.get(id);
  if (!known) throw new Error('A message is there and cannot be found');
  if (known.logged !== null) completeEntry(tables, known.ticketId, known.ticket, known.logged);
  s.setMessage.run(createdAt, logged, text, known.n);
  return known.n;
}
