/** The durable store: one SQLite file through better-sqlite3; made by the app, used by the hub. */
import type { Database } from 'better-sqlite3';
import { HubError } from '../../errors';
import type { AuditEntry } from '../../protocol/audit';
import type { LoggedEnvelope } from '../../protocol/envelopes';
import type {
  GrantRecord,
  MessageRecord,
  Millis,
  RequestRecord,
  SessionRecord,
  TurnRecord,
} from '../../protocol/records';
import { bounded } from '../shared/limits';
import { firstPage } from '../shared/page';
import type {
  AuditFilter,
  Commit,
  CommitResult,
  DeadDelivery,
  DeliveryOutcome,
  DeliveryWrite,
  DueRequest,
  DueTurn,
  GrantFilter,
  InboxCounts,
  InboxFilter,
  InboxOwner,
  JournalEntry,
  LogPosition,
  Page,
  Store,
  StoredRequest,
  TicketState,
  TurnFilter,
  TurnVersion,
  UnfinishedTurn,
  WaitingDelivery,
} from '../store';
import { auditPage } from './audit';
import { CommitWriter } from './commit';
import { connect } from './connection';
import { noteDelivery } from './deliveries';
import { grantPage, liveGrants, storedGrant } from './grants';
import { inboxCounts, inboxPage } from './inbox';
import { journalOf, turnStateOf } from './journals';
import { grantUses, requestPage } from './lists';
import { readLog, trimLog } from './log';
import { messageRecordOf, messagesOf } from './messages';
import { assertSqliteOptions, type SqliteStoreOptions } from './options';
import { storedRequestOf } from './requests';
import { parseRow, toStorageError } from './rows';
import { sessionByTab, sessionOf, sessionsOf } from './sessions';
import { ticketState } from './state';
import { prepareStatements, type Statements } from './statements';
import { Tables } from './tables';
import { turnOf, turnPage, turnVersions } from './turns';

export type { SqliteStoreOptions } from './options';

/**
 * A store in one SQLite file (WAL). What a commit reported survives a crash of the process and, unless `synchronous` is
 * `normal`, power loss. One process may use the file at a time, held by a lock that ends with the process; a second one's
 * `open` rejects with `unavailable`, and its message names the process and host of the first.
 *
 * Needs the package `better-sqlite3`, which the app installs; without it `open` rejects with `unavailable`. Whatever goes
 * wrong in the database rejects with `storage_failed`, SQLite's code in `details.code`; the store works again once the
 * cause is gone. A read of a damaged row rejects with its name in `details.table` and `details.id`; all others stay readable.
 * @param path the file, made with its folder if missing, for their owner only; `:memory:` for one that ends with the process
 */
export function sqliteStore(path: string, options: SqliteStoreOptions = {}): Store {
  assertSqliteOptions(options);
  return new SqliteStore(path, options);
}

interface Opened {
  db: Database;
  close(): void;
  tables: Tables;
  writer: CommitWriter;
}

class SqliteStore implements Store {
  private opened: Opened | undefined;
  private closed = false;

  constructor(
    private readonly path: string,
    private readonly options: SqliteStoreOptions,
  ) {}

  async open(): Promise<void> {
    if (this.closed) throw new HubError('unavailable', { message: 'The store is closed' });
    if (this.opened) return;
    try {
      const { db, close } = connect(this.path, this.options);
      try {
        const tables = Tables.of(prepareStatements(db));
        this.opened = { db, close, tables, writer: new CommitWriter(tables) };
      } catch (thrown) {
        close();
        throw thrown;
      }
    } catch (thrown) {
      throw toStorageError(thrown);
    }
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.closed = true;
    this.opened = undefined;
    try {
      opened?.close();
    } catch (thrown) {
      throw toStorageError(thrown);
    }
  }

  async commit(commits: readonly Commit[]): Promise<readonly CommitResult[]> {
    const work = (_tables: Tables, { writer }: Opened) => commits.map((commit) => writer.write(commit));
    return commits.length === 0 ? this.use(() => []) : this.write(work);
  }

  async position(ticketId: string): Promise<LogPosition> {
    return this.use((tables) => tables.tickets.position(ticketId));
  }

  async log(
    ticketId: string,
    after: number,
    limit: number,
    maxBytes = Infinity,
  ): Promise<LogPosition & { items: readonly LoggedEnvelope[] }> {
    return this.read((tables) => {
      const position = tables.tickets.position(ticketId);
      const envelopes = readLog(tables, ticketId, after, bounded(limit));
      const { shown } = firstPage(envelopes, bounded(limit), ({ bytes }) => bytes, maxBytes);
      const items = shown.map(({ envelope, seq }): LoggedEnvelope => {
        return { ...envelope, ticket_id: ticketId, epoch: position.epoch, seq };
      });
      return { ...position, items };
    });
  }

  async trim(ticketId: string, keep: number, since: Millis): Promise<void> {
    this.write((tables) => trimLog(tables, ticketId, bounded(keep), since));
  }

  async state(ticketId: string, limit: number): Promise<TicketState> {
    return this.read((tables) => {
      return { ...tables.tickets.position(ticketId), ...ticketState(tables, ticketId, limit) };
    });
  }

  async session(id: string): Promise<SessionRecord | undefined> {
    return this.use((tables) => optional(tables.s.session.get(id), (row) => sessionOf(tables, row)));
  }

  async sessionByTab(ticketId: string, userId: string, tabId: string): Promise<SessionRecord | undefined> {
    return this.use((tables) => sessionByTab(tables, ticketId, userId, tabId));
  }

  async sessions(ticketId: string, limit: number): Promise<readonly SessionRecord[]> {
    return this.use((tables) => sessionsOf(tables, ticketId, bounded(limit)));
  }

  async turn(id: string): Promise<TurnRecord | undefined> {
    return this.use((tables) => optional(tables.s.turn.get(id), (row) => turnOf(tables, row)));
  }

  async turns(filter: TurnFilter, limit: number, cursor?: string): Promise<Page<TurnRecord>> {
    return this.read((tables) => turnPage(tables, filter, limit, cursor));
  }

  async unfinishedTurns(): Promise<readonly UnfinishedTurn[]> {
    return this.use(({ s }) => s.unfinishedTurns.all());
  }

  async openTurns(sessionId: string): Promise<readonly TurnRecord[]> {
    return this.use((tables) => {
      return tables.s.openTurnsOfSession.all(sessionId).map((row) => turnOf(tables, row));
    });
  }

  async dueTurns(until: Millis, limit: number): Promise<readonly DueTurn[]> {
    return this.use(({ s }) => s.dueTurns.all(until, bounded(limit)));
  }

  async nextDueTurn(after: Millis): Promise<Millis | undefined> {
    return this.use(({ s }) => s.nextDueTurn.get(after)?.due_at);
  }

  async turnVersions(): Promise<readonly TurnVersion[]> {
    return this.use(turnVersions);
  }

  async journal(turnId: string, after: number, limit: number): Promise<readonly JournalEntry[]> {
    return this.read(({ s }) => journalOf(s, turnId, after, limit));
  }

  async turnState(turnId: string): Promise<unknown> {
    return this.read(({ s }) => turnStateOf(s, turnId));
  }

  async message(id: string): Promise<MessageRecord | undefined> {
    return this.use(({ s, people }) => {
      return optional(s.message.get(id), (row) => messageRecordOf(people, row));
    });
  }

  async messages(sessionId: string, limit: number, before?: string): Promise<readonly MessageRecord[]> {
    return this.read((tables) => messagesOf(tables, sessionId, bounded(limit), before));
  }

  async request(id: string): Promise<StoredRequest | undefined> {
    return this.use(({ s, people }) => {
      return optional(s.request.get(id), (row) => storedRequestOf(people, row));
    });
  }

  async requestByKey(ticketId: string, key: string): Promise<StoredRequest | undefined> {
    return this.read((tables) => {
      const ticket = tables.foundTicket(ticketId);
      const holder = ticket === undefined ? undefined : tables.s.keyHolder.get(ticket, key);
      const row = holder && tables.s.request.get(holder.id);
      return optional(row, (found) => storedRequestOf(tables.people, found));
    });
  }

  async requestsOfTurn(turnId: string): Promise<readonly StoredRequest[]> {
    return this.read(({ s, people }) => {
      const rows = s.requestsOfTurn.all(turnId).flatMap(({ n }) => s.requestOfNumber.get(n) ?? []);
      return rows.map((row) => storedRequestOf(people, row));
    });
  }

  async claims(ticketId: string, userId: string): Promise<readonly string[]> {
    return this.use((tables) => {
      const ticket = tables.foundTicket(ticketId);
      return ticket === undefined ? [] : tables.s.claims.all(ticket, userId).map(({ id }) => id);
    });
  }

  async requests(...asked: Parameters<Store['requests']>): Promise<Page<RequestRecord>> {
    return this.read((tables) => requestPage(tables, ...asked));
  }

  async inbox(...asked: Parameters<Store['inbox']>): Promise<Page<RequestRecord>> {
    return this.read((tables) => inboxPage(tables, ...asked));
  }

  async inboxCounts(owner: InboxOwner, filter: InboxFilter): Promise<InboxCounts> {
    return this.read((tables) => inboxCounts(tables, owner, filter));
  }

  async dueRequests(until: Millis, limit: number): Promise<readonly DueRequest[]> {
    return this.use(({ s }) => s.dueRequests.all(until, bounded(limit)));
  }

  async nextDue(after: Millis): Promise<Millis | undefined> {
    return this.use(({ s }) => s.nextDue.get(after)?.due_at);
  }

  async audit(filter: AuditFilter, limit: number, cursor?: string): Promise<Page<AuditEntry>> {
    return this.read((tables) => auditPage(tables, filter, limit, cursor));
  }

  async grant(id: string): Promise<GrantRecord | undefined> {
    return this.use((tables) => storedGrant(tables, id));
  }

  async liveGrants(covers: readonly string[], now: Millis, limit: number): Promise<readonly GrantRecord[]> {
    return this.use((tables) => liveGrants(tables, covers, now, limit));
  }

  async grants(filter: GrantFilter, limit: number, cursor?: string): Promise<Page<GrantRecord>> {
    return this.use((tables) => grantPage(tables, filter, limit, cursor));
  }

  async grantUses(grantId: string, limit: number, cursor?: string): Promise<Page<RequestRecord>> {
    return this.read((tables) => grantUses(tables, grantId, limit, cursor));
  }

  async dropGrants(endedBefore: Millis, limit: number): Promise<void> {
    this.use(({ s }) => s.dropGrants.run(endedBefore, bounded(limit)));
  }

  async deliveries(channel: string, limit: number): Promise<readonly WaitingDelivery[]> {
    return this.use(({ s }) => s.deliveries.all(channel, bounded(limit)));
  }

  async noteDelivery(tried: DeliveryWrite, outcome: DeliveryOutcome): Promise<boolean> {
    return this.write(({ s }) => noteDelivery(s, tried, outcome));
  }

  async deadDeliveries(limit: number): Promise<readonly DeadDelivery[]> {
    return this.use(({ s }) => s.deadDeliveries.all(bounded(limit)));
  }

  async processedFrame(userId: string, frameId: string): Promise<Record<string, unknown> | undefined> {
    return this.use(({ s }) => optional(s.frame.get(userId, frameId), (row) => parseRow('frames', row)));
  }

  /** Every use of the database goes through here; whatever goes wrong leaves as a `HubError`. */
  private use<T>(work: (tables: Tables, opened: Opened) => T): T {
    if (!this.opened)
      throw new HubError('unavailable', {
        message: this.closed ? 'The store is closed' : 'The store is not open: await hitl.start() first',
      });
    try {
      return work(this.opened.tables, this.opened);
    } catch (thrown) {
      throw toStorageError(thrown);
    }
  }

  /** Several reads at one moment. */
  private read<T>(work: (tables: Tables) => T): T {
    return this.use((tables, opened) => transaction(opened, tables.s.begin, () => work(tables)));
  }

  private write<T>(work: (tables: Tables, opened: Opened) => T): T {
    return this.use((tables, opened) => transaction(opened, tables.s.beginWrite, () => work(tables, opened)));
  }
}

/** All of `work` or nothing of it. */
function transaction<T>({ db, tables, writer }: Opened, begin: Statements['begin'], work: () => T): T {
  begin.run();
  try {
    const result = work();
    tables.s.commit.run();
    return result;
  } catch (thrown) {
    writer.forget();
    // SQLite has already rolled back by itself after some errors, such as a full disk.
    if (db.inTransaction) tables.s.rollback.run();
    throw thrown;
  }
}

function optional<Row, T>(row: Row | undefined, read: (row: Row) => T): T | undefined {
  return row && read(row);
}
