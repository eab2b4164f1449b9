/** The SQL statements of inboxes. */
import type { Millis } from '../../../protocol/records';
import { type InboxPlace, never } from '../../shared/cursor';
import type { Counted } from '../../shared/inbox';
import type { Prepare } from './prepared';

/** What is looked for, each twice as the text needs it; null for anything. */
export type Wanted = [
  type: string | null,
  type: string | null,
  toolName: string | null,
  toolName: string | null,
  ticket: number | null,
  ticket: number | null,
];
type Rest = [...Wanted, userId: string, limit: number];
/** Where a list begins: for whom or in which ticket; nothing for all that is open. */
type Of = [of: string | number] | [];

const place = (urgency: string) => `n, ${urgency} AS urgency`;
const wanted = (table: string) =>
  `(? IS NULL OR type = ?) AND (? IS NULL OR tool_name = ?) AND (? IS NULL OR ticket = ?)
   AND NOT EXISTS (SELECT 1 FROM inbox_except WHERE user_id = ? AND inbox_except.n = ${table}.n)`;

/** Where the rows of a list are: in which index, and by which condition. */
interface Source {
  index: string;
  where: string;
}

/** The five ways to read one list, which is in one index in the order of its numbers and in another in that of its ends. */
function listStatements(prepare: Prepare, table: string, byNumber: Source, byEnd: Source) {
  const aged = `FROM ${table} ${byNumber.index} WHERE ${byNumber.where}`;
  const ending = `FROM ${table} ${byEnd.index} WHERE ${byEnd.where} AND expires_at IS NOT NULL`;
  const found = place(`coalesce(expires_at, ${never})`);
  return {
    oldest: prepare<[...Of, n: number, ...Rest], InboxPlace>(
      `SELECT ${found} ${aged} AND n > ? AND ${wanted(table)} ORDER BY n LIMIT ?`,
    ),
    newest: prepare<[...Of, n: number, ...Rest], InboxPlace>(
      `SELECT ${found} ${aged} AND n < ? AND ${wanted(table)} ORDER BY n DESC LIMIT ?`,
    ),
    urgent: prepare<[...Of, urgency: Millis, n: number, ...Rest], InboxPlace>(
      `SELECT ${place('expires_at')} ${ending} AND (expires_at, n) > (?, ?) AND ${wanted(table)}
       ORDER BY expires_at, n LIMIT ?`,
    ),
    patient: prepare<[...Of, n: number, ...Rest], InboxPlace>(
      `SELECT ${place(String(never))} ${aged} AND n > ? AND expires_at IS NULL AND ${wanted(table)} ORDER BY n LIMIT ?`,
    ),
    counted: prepare<[...Of, ...Rest], Counted>(
      `SELECT n, type, tool_name AS toolName ${aged} AND ${wanted(table)} LIMIT ?`,
    ),
  };
}

export type ListStatements = ReturnType<typeof listStatements>;

export function inboxStatements(prepare: Prepare) {
  return {
    addInbox: prepare<
      [
        list: string,
        n: number,
        type: string,
        toolName: string | null,
        ticket: number,
        expiresAt: Millis | null,
      ]
    >('INSERT INTO inbox (list, n, type, tool_name, ticket, expires_at) VALUES (?, ?, ?, ?, ?, ?)'),
    dropInbox: prepare<[list: string, n: number]>('DELETE FROM inbox WHERE list = ? AND n = ?'),
    addInboxExcept: prepare<[userId: string, n: number]>(
      'INSERT INTO inbox_except (user_id, n) VALUES (?, ?)',
    ),
    dropInboxExcept: prepare<[userId: string, n: number]>(
      'DELETE FROM inbox_except WHERE user_id = ? AND n = ?',
    ),
  };
}

/** The lists that inboxes are read from: of a person or group by name, of a ticket, and of all that whoever has the ticket may answer. */
export function inboxLists(prepare: Prepare) {
  const open = 'is_open = 1';
  // Whatever is open is pending, which the index does not know.
  const openByNumber = `status = 'pending' AND ${open}`;
  return {
    named: listStatements(
      prepare,
      'inbox',
      { index: '', where: 'list = ?' },
      { index: 'INDEXED BY inbox_expiring', where: 'list = ?' },
    ),
    ofTicket: listStatements(
      prepare,
      'requests',
      { index: 'INDEXED BY requests_of_ticket', where: `${openByNumber} AND ticket = ?` },
      { index: 'INDEXED BY requests_expiring_of_ticket', where: `${open} AND ticket = ?` },
    ),
    everywhere: listStatements(
      prepare,
      'requests',
      { index: 'INDEXED BY requests_pending', where: openByNumber },
      { index: 'INDEXED BY requests_expiring', where: open },
    ),
  };
}
