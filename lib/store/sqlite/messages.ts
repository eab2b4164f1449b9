/** A message as a row of SQLite without what a column has; commits make the text, reads put it together. */
import type { MessageRecord, MessageRevision } from '../../protocol/records';
import { noSuchPlace } from '../shared/cursor';
import type { People } from './people';
import { parseRow } from './rows';
import type { MessageRow } from './statements';
import type { Tables } from './tables';

/** A message without what its row has in columns, with its author by number. */
type NamedMessage = Omit<
  MessageRecord,
  'id' | 'ticketId' | 'sessionId' | 'createdAt' | 'revisions' | 'author'
> & {
  author?: number;
};

/** The text of a message; inside a transaction that writes. */
export function messageText(people: People, message: MessageRecord): string {
  const {
    id: _id,
    ticketId: _ticketId,
    sessionId: _sessionId,
    createdAt: _createdAt,
    revisions: _revisions,
    author,
    ...same
  } = message;
  return JSON.stringify({ ...same, ...(author && { author: people.number(author) }) } satisfies NamedMessage);
}

/** The message of a row without its revisions. @throws HubError `storage_failed` for one that cannot be read */
export function messageRecordOf(people: People, row: MessageRow): MessageRecord {
  const { id, ticketId, sessionId, createdAt } = row;
  const { author, ...same } = parseRow<NamedMessage>('messages', row);
  return {
    id,
    ticketId,
    sessionId,
    ...same,
    ...(author !== undefined && { author: people.author(author) }),
    createdAt,
    revisions: [],
  };
}

/** As `Store.messages`. */
export function messagesOf(
  { s, people }: Tables,
  sessionId: string,
  limit: number,
  before?: string,
): MessageRecord[] {
  const n = before === undefined ? Number.MAX_SAFE_INTEGER : s.placeOfMessage.get(before, sessionId)?.n;
  if (n === undefined) throw noSuchPlace();
  const rows = s.messagesOfSession.all(sessionId, n, limit);
  return rows.reverse().map((row) => {
    const revisions = s.revisions.all(row.n).map((revision) => {
      return parseRow<MessageRevision>('message_revisions', {
        id: `${row.id}:${revision.n}`,
        text: revision.text,
      });
    });
    return { ...messageRecordOf(people, row), revisions };
  });
}
