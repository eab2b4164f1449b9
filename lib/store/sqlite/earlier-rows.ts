/** Brings the rows of version 5 into the present tables; the migration calls it. What cannot be read is brought over as it is, so that it is still said to be damaged. */
import type { Database } from 'better-sqlite3';
import type { AuditRecord } from '../../protocol/audit';
import type { LoggableEnvelope } from '../../protocol/envelopes';
import type { GrantRecord, MessageRecord, RequestRecord, TurnRecord } from '../../protocol/records';
import { divide } from '../shared/audit-chain';
import { toolNameOf } from '../shared/inbox-lists';
import { fromStored, type WithParts } from '../shared/log-parts';
import { linkRecord } from './audit';
import type {
  EarlierAudit,
  EarlierGrant,
  EarlierLog,
  EarlierMessage,
  EarlierRequest,
  EarlierSession,
  EarlierTicket,
  EarlierTurn,
} from './earlier-tables';
import { grantText } from './grants';
import { type Listing, list, namesOf, textOf } from './listing';
import { entryAbout, storePart } from './log';
import { messageText } from './messages';
import { requestRecordOf, requestTexts } from './requests';
import { prepareStatements, type Statements } from './statements';
import { Tables } from './tables';
import { turnText } from './turns';

const renamed = [
  'epoch_seed tickets log log_parts log_part_texts sessions turns messages message_revisions requests grants audit inbox',
  'inbox_except deliveries frames frame_counts turn_journal turn_waits turn_states',
].flatMap((names) => names.split(' '));

/** Makes room for the present tables: those of version 5 get other names, and lose their indexes and triggers. */
export function setEarlierAside(db: Database): void {
  const beside = db
    .prepare<[], { type: string; name: string }>(
      "SELECT type, name FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL",
    )
    .all();
  for (const { type, name } of beside) db.exec(`DROP ${type} "${name}"`);
  for (const name of renamed) db.exec(`ALTER TABLE ${name} RENAME TO earlier_${name}`);
}

/** Fills the present tables from those that were set aside, which are dropped. */
export function copyEarlier(db: Database): void {
  db.exec('INSERT INTO epoch_seed (id, seed) SELECT id, seed FROM earlier_epoch_seed');
  const s = prepareStatements(db);
  new EarlierRows(db, s, Tables.of(s)).copy();
  for (const name of renamed) db.exec(`DROP TABLE earlier_${name}`);
}

class EarlierRows {
  constructor(
    private readonly db: Database,
    private readonly s: Statements,
    private readonly tables: Tables,
  ) {}

  copy(): void {
    this.tickets();
    this.sessions();
    this.turns();
    this.messages();
    this.requests();
    this.audit();
    this.log();
    this.grants();
    this.db.exec(`
      INSERT INTO message_revisions (message, n, revision)
        SELECT messages.n, earlier_message_revisions.n, revision FROM earlier_message_revisions
        JOIN messages ON messages.id = message_id ORDER BY messages.n, earlier_message_revisions.n;
      INSERT INTO turn_journal (turn, n, at, call, body)
        SELECT turns.n, earlier_turn_journal.n, at, call, body FROM earlier_turn_journal JOIN turns ON turns.id = turn_id;
      INSERT INTO turn_waits (request_id, turn)
        SELECT request_id, turns.n FROM earlier_turn_waits JOIN turns ON turns.id = turn_id;
      INSERT INTO turn_states (turn, state)
        SELECT turns.n, state FROM earlier_turn_states JOIN turns ON turns.id = turn_id;
      INSERT INTO deliveries (channel, request_id, recipient, event, version, attempts, due_at, dead_at, error)
        SELECT channel, request_id, '', event, version, attempts, due_at, dead_at, error FROM earlier_deliveries;
      INSERT INTO frames (n, user_id, frame_id, at, ack)
        SELECT n, user_id, frame_id, unixepoch() * 1000, ack FROM earlier_frames ORDER BY n;
    `);
  }

  private tickets(): void {
    const add = this.db.prepare('INSERT INTO tickets (id, epoch, first) VALUES (?, ?, ?)');
    for (const { id, epoch, first } of this.db
      .prepare<[], EarlierTicket>('SELECT * FROM earlier_tickets')
      .all())
      add.run(id, epoch, first);
  }

  private sessions(): void {
    const put = this.db.prepare('INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    for (const row of this.rows<EarlierSession>('sessions')) {
      const { n, id, ticket_id, user_id, tab_id, created_at, last_active_at, record } = row;
      const ticket = this.tables.ticketNumber(ticket_id);
      const person = this.tables.people.numberOfId(user_id);
      const rest = text(record, ({ source }: { source?: string }) => JSON.stringify({ source }));
      put.run(n, id, ticket, person, tab_id, created_at, last_active_at, rest);
    }
  }

  private turns(): void {
    const put = this.db.prepare('INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    for (const row of this.rows<EarlierTurn>('turns')) {
      const { n, id, ticket_id, status, version, generation, leg, open_since, due_at, answered_at } = row;
      const turn = parsed<TurnRecord>(row.record);
      put.run(
        ...([n, id, this.tables.ticketNumber(ticket_id), turn?.sessionId ?? row.session_id] as const),
        ...([status, version, turn?.run?.owner ?? null, generation, leg, open_since] as const),
        ...([due_at, answered_at, turn ? turnText(this.tables.people, turn) : row.record] as const),
      );
    }
  }

  private messages(): void {
    const put = this.db.prepare('INSERT INTO messages VALUES (?, ?, ?, ?, ?, NULL, ?)');
    for (const { n, id, ticket_id, session_id, record } of this.rows<EarlierMessage>('messages')) {
      const message = parsed<MessageRecord>(record);
      const rest = message ? messageText(this.tables.people, message) : record;
      put.run(n, id, this.tables.ticketNumber(ticket_id), session_id, message?.createdAt ?? 0, rest);
    }
  }

  private requests(): void {
    const { s, tables } = this;
    for (const row of this.rows<EarlierRequest>('requests')) {
      const record = parsed<RequestRecord>(row.record);
      const { base, state } = record
        ? requestTexts(tables.people, record)
        : { base: row.record, state: '{}' };
      const { isOpen, ...listing } = listingOf(row.inbox);
      const type = record?.type ?? '';
      const toolName = (record && toolNameOf(record)) ?? null;
      const expiresAt = record?.expiresAt ?? null;
      const ticket = tables.ticketNumber(row.ticket_id);
      const added = s.addRequest.get(
        ...([row.id, ticket, row.session_id, row.turn_id, row.grant_id, row.created_at] as const),
        ...([
          row.key,
          type,
          toolName,
          row.status,
          Number(isOpen),
          row.version,
          expiresAt,
          row.due_at,
        ] as const),
        ...([row.claimed_by, null, null, textOf(listing), 1, base, state, row.snapshot] as const),
      );
      list(s, Number(added?.n), listing, [type, toolName, ticket, expiresAt]);
    }
  }

  private audit(): void {
    const { s, tables } = this;
    for (const { ticket_id, request_id, record } of this.rows<EarlierAudit>('audit')) {
      const known = parsed<AuditRecord>(record);
      const parts = divide(known ?? ({} as AuditRecord));
      const link = { at: known?.at ?? 0, requestId: request_id, ...parts, ...(!known && { fixed: record }) };
      const n = linkRecord(tables, tables.tickets.get(ticket_id), link);
      s.noteAudit.run(n, n, request_id);
    }
  }

  private log(): void {
    const { s, tables } = this;
    const partText = this.db.prepare<[string, string], { text: string }>(
      'SELECT text FROM earlier_log_part_texts WHERE ticket_id = ? AND name = ?',
    );
    this.db.exec('CREATE INDEX earlier_parts ON earlier_log_part_texts (ticket_id, name)');
    for (const { ticket_id, seq, at, body } of this.rows<EarlierLog>('log')) {
      const ticket = tables.ticketNumber(ticket_id);
      const stored = parsed<LoggableEnvelope | WithParts>(body);
      const textOf = (name: string) => partText.get(ticket_id, name)?.text ?? '';
      const slim = stored && this.entryOf(stored, textOf, at);
      s.append.run(ticket, seq, at, slim?.about ?? null, slim?.body ?? body);
      const names = stored && 'parts' in stored ? Object.values(stored.parts) : [];
      const parts = slim?.parts ?? new Map(names.map((name) => [name, textOf(name)]));
      for (const [name, text] of parts) storePart(tables, ticket, name, text, seq);
    }
  }

  /** The entry of an envelope about a request that still asks what it asked then. */
  private entryOf(stored: LoggableEnvelope | WithParts, textOf: (name: string) => string, at: number) {
    const envelope = fromStored(stored, (name) => parsed(textOf(name)) ?? null);
    const row = 'hitl' in envelope ? this.s.request.get(envelope.hitl.id) : undefined;
    if (!row || !parsed(row.base)) return undefined;
    const record = requestRecordOf(this.tables.people, row);
    return entryAbout(this.tables, envelope, { n: row.n, base: row.baseNumber, record }, at);
  }

  private grants(): void {
    const put = this.db.prepare('INSERT INTO grants VALUES (?, ?, ?, ?, ?, ?, ?)');
    for (const row of this.rows<EarlierGrant>('grants')) {
      const { id, ticket_id, covers, created_at, expires_at, holds_until, record } = row;
      const grant = parsed<GrantRecord>(record);
      const named = grant ? grantText(this.tables.people, grant) : record;
      put.run(id, this.tables.ticketNumber(ticket_id), covers, created_at, expires_at, holds_until, named);
    }
  }

  /** All rows of a table that was set aside, in the order in which they were first committed: page by page, since others are written meanwhile. */
  private *rows<Row>(table: string): Iterable<Row> {
    const page = this.db.prepare<[number], Row & { place: number }>(
      `SELECT rowid AS place, * FROM earlier_${table} WHERE rowid > ? ORDER BY rowid LIMIT 500`,
    );
    let place = -1;
    for (let rows = page.all(place); rows.length > 0; rows = page.all(place)) {
      yield* rows;
      place = rows.at(-1)?.place ?? place;
    }
  }
}

/** Of whom a request of version 5 was listed; its lists were one for each thing that it could be looked for by. */
function listingOf(inbox: string | null): Listing & { isOpen: boolean } {
  const listing = inbox === null ? undefined : parsed<Listing>(inbox);
  const principals = (listing?.lists ?? []).flatMap((name) => {
    const [principal, ...what] = parsed<[string[], ...string[]]>(name) ?? [[]];
    return what.length === 0 ? [principal] : [];
  });
  const named = (wanted: string) =>
    principals.flatMap(([kind, name]) => (kind === wanted && name !== undefined ? [name] : []));
  return {
    isOpen: principals.some(([kind]) => kind === 'all'),
    lists: namesOf({ users: named('user'), groups: named('group') }),
    except: listing?.except ?? [],
  };
}

/** The object of a text; undefined for a text that is none. */
function parsed<T extends object>(text: string): T | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}

function text<T extends object>(record: string, make: (value: T) => string): string {
  const value = parsed<T>(record);
  return value ? make(value) : record;
}
