/** Messages in SQLite, whose revisions are rows of their own: written by a commit, read by the store. */
import type { MessageRecord, MessageRevision } from '../../protocol/records';
import { noSuchPlace } from '../shared/cursor';
import { maxRevisions } from '../shared/limits';
import { parseRow } from './rows';
import type { Statements, TextRow } from './statements';

/** Stores the message, and behind its earlier revisions those that it brings. */
export function writeMessage(s: Statements, message: MessageRecord): void {
  const { id, ticketId, sessionId, revisions } = message;
  s.putMessage.run(id, ticketId, sessionId, JSON.stringify({ ...message, revisions: [] }));
  for (const revision of revisions) {
    const { n = 0 } = s.addRevision.get(id, id, JSON.stringify(revision)) ?? {};
    if (n > maxRevisions) s.dropRevisions.run(id, n - maxRevisions);
  }
}

/** As `Store.messages`. */
export function messagesOf(
  s: Statements,
  sessionId: string,
  limit: number,
  before?: string,
): MessageRecord[] {
  const n = before === undefined ? Number.MAX_SAFE_INTEGER : s.placeOfMessage.get(before, sessionId)?.n;
  if (n === undefined) throw noSuchPlace();
  const rows = s.messagesOfSession.all(sessionId, n, limit);
  return rows.reverse().map((row) => parseMessage(s, row));
}

/** The message with its revisions. */
function parseMessage(s: Statements, row: TextRow): MessageRecord {
  const revisions = s.revisions.all(row.id).map(({ n, text }) => {
    return parseRow<MessageRevision>('message_revisions', { id: `${row.id}:${n}`, text });
  });
  return { ...parseRow<MessageRecord>('messages', row), revisions };
}
