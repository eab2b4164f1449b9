/** The durable store: one SQLite file through better-sqlite3; made by the app, used by the hub. */
import type { Database } from 'better-sqlite3';
import { damaged, HubError } from '../../errors';
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
import { decodeCursor } from '../shared/cursor';
import { epochOf } from '../shared/epoch';
import { bounded, maxPageSize } from '../shared/limits';
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
  InboxOrder,
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
import { commitWriter, type WriteCommit } from './commit';
import { connect } from './connection';
import { noteDelivery } from './deliveries';
import { inboxCounts, inboxPage } from './inbox';
import { auditPage, listGrants, listRequests, liveGrants, pageOf, parseAll, parseOne } from './lists';
import { readLog, trimLog } from './log';
import { messagesOf } from './messages';
import { assertSqliteOptions, type SqliteStoreOptions } from './options';
import { parseRequest, toStorageError } from './rows';
import { ticketState } from './state';
import { prepareStatements, type Statements, type TicketRow } from './statements';
import { journalOf, turnPage, turnStateOf, turnVersions } from './turns';

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
  statements: Statements;
  write: WriteCommit;
  /** Where the log of a ticket stands; one without envelopes is at 0 and has no row. */
  ticket(id: string): TicketRow;
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
      const statements = prepareStatements(db);
      const row = statements.epochSeed.get();
      if (!row) {
        close();
        throw damaged('epoch_seed', '1');
      }
      const newEpochOf = (ticketId: string) => epochOf(row.seed, ticketId);
      const ticket = (id: string) => statements.ticket.get(id) ?? { epoch: newEpochOf(id), seq: 0, first: 1 };
      this.opened = { db, close, statements, write: commitWriter(statements, newEpochOf), ticket };
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
    return this.use((s, opened) =>
      commits.length === 0 ? [] : transaction(opened, s.beginWrite, () => commits.map(opened.write)),
    );
  }

  async position(ticketId: string): Promise<LogPosition> {
    return this.use((_s, { ticket }) => ticket(ticketId));
  }

  async log(
    ticketId: string,
    after: number,
    limit: number,
    maxBytes = Infinity,
  ): Promise<LogPosition & { items: readonly LoggedEnvelope[] }> {
    return this.read(ticketId, (s, position) => {
      const envelopes = readLog(s, ticketId, after, bounded(limit));
      const { shown } = firstPage(envelopes, bounded(limit), ({ bytes }) => bytes, maxBytes);
      const items = shown.map(({ envelope, seq }): LoggedEnvelope => {
        return { ...envelope, ticket_id: ticketId, epoch: position.epoch, seq };
      });
      return { ...position, items };
    });
  }

  async trim(ticketId: string, keep: number, since: Millis): Promise<void> {
    this.use((s, opened) =>
      transaction(opened, s.beginWrite, () => trimLog(s, ticketId, bounded(keep), since)),
    );
  }

  async state(ticketId: string, limit: number): Promise<TicketState> {
    return this.read(ticketId, (s, position) => ({ ...position, ...ticketState(s, ticketId, limit) }));
  }

  async session(id: string): Promise<SessionRecord | undefined> {
    return this.use((s) => parseOne('sessions', s.session.get(id)));
  }

  async sessionByTab(ticketId: string, userId: string, tabId: string): Promise<SessionRecord | undefined> {
    return this.use((s) => parseOne('sessions', s.sessionByTab.get(ticketId, userId, tabId)));
  }

  async sessions(ticketId: string, limit: number): Promise<readonly SessionRecord[]> {
    return this.use((s) => parseAll('sessions', s.sessions.all(ticketId, bounded(limit))));
  }

  async turn(id: string): Promise<TurnRecord | undefined> {
    return this.use((s) => parseOne('turns', s.turn.get(id)));
  }

  async turns(filter: TurnFilter, limit: number, cursor?: string): Promise<Page<TurnRecord>> {
    return this.use((s) => turnPage(s, filter, limit, cursor));
  }

  async unfinishedTurns(): Promise<readonly UnfinishedTurn[]> {
    return this.use((s) => s.unfinishedTurns.all());
  }

  async openTurns(sessionId: string): Promise<readonly TurnRecord[]> {
    return this.use((s) => parseAll('turns', s.openTurnsOfSession.all(sessionId)));
  }

  async dueTurns(until: Millis, limit: number): Promise<readonly DueTurn[]> {
    return this.use((s) => s.dueTurns.all(until, bounded(limit)));
  }

  async nextDueTurn(after: Millis): Promise<Millis | undefined> {
    return this.use((s) => s.nextDueTurn.get(after)?.due_at);
  }

  async turnVersions(): Promise<readonly TurnVersion[]> {
    return this.use(turnVersions);
  }

  async journal(turnId: string, after: number, limit: number): Promise<readonly JournalEntry[]> {
    return this.use((s) => journalOf(s, turnId, after, limit));
  }

  async turnState(turnId: string): Promise<unknown> {
    return this.use((s) => turnStateOf(s, turnId));
  }

  async message(id: string): Promise<MessageRecord | undefined> {
    return this.use((s) => parseOne('messages', s.message.get(id)));
  }

  async messages(sessionId: string, limit: number, before?: string): Promise<readonly MessageRecord[]> {
    return this.use((s, opened) =>
      transaction(opened, s.begin, () => messagesOf(s, sessionId, bounded(limit), before)),
    );
  }

  async request(id: string): Promise<StoredRequest | undefined> {
    return this.use((s) => {
      const row = s.request.get(id);
      return row && parseRequest(row);
    });
  }

  async requestByKey(ticketId: string, key: string): Promise<StoredRequest | undefined> {
    return this.use((s) => {
      const row = s.requestByKey.get(ticketId, key);
      return row && parseRequest(row);
    });
  }

  async requestsOfTurn(turnId: string): Promise<readonly StoredRequest[]> {
    return this.use((s) => s.requestsOfTurn.all(turnId).map(parseRequest));
  }

  async claims(ticketId: string, userId: string): Promise<readonly string[]> {
    return this.use((s) => s.claims.all(ticketId, userId).map(({ id }) => id));
  }

  async requests(...asked: Parameters<Store['requests']>): Promise<Page<RequestRecord>> {
    const [filter, limit, cursor, maxBytes] = asked;
    return this.use((s) => {
      const size = bounded(limit, 1, maxPageSize);
      return pageOf('requests', listRequests(s, filter, size + 1, cursor), size, maxBytes);
    });
  }

  async inbox(
    owner: InboxOwner,
    filter: InboxFilter,
    order: InboxOrder,
    limit: number,
    cursor?: string,
  ): Promise<Page<RequestRecord>> {
    return this.use((s, opened) =>
      transaction(opened, s.begin, () => {
        const { rows, ...more } = inboxPage(s, owner, filter, order, limit, cursor);
        return { items: parseAll<RequestRecord>('requests', rows), ...more };
      }),
    );
  }

  async inboxCounts(owner: InboxOwner, filter: InboxFilter): Promise<InboxCounts> {
    return this.use((s, opened) => transaction(opened, s.begin, () => inboxCounts(s, owner, filter)));
  }

  async dueRequests(until: Millis, limit: number): Promise<readonly DueRequest[]> {
    return this.use((s) => s.dueRequests.all(until, bounded(limit)));
  }

  async nextDue(after: Millis): Promise<Millis | undefined> {
    return this.use((s) => s.nextDue.get(after)?.due_at);
  }

  async audit(filter: AuditFilter, limit: number, cursor?: string): Promise<Page<AuditEntry>> {
    return this.use((s) => auditPage(s, filter, limit, cursor));
  }

  async grant(id: string): Promise<GrantRecord | undefined> {
    return this.use((s) => parseOne('grants', s.grant.get(id)));
  }

  async liveGrants(covers: readonly string[], now: Millis, limit: number): Promise<readonly GrantRecord[]> {
    return this.use((s) => liveGrants(s, covers, now, limit));
  }

  async grants(filter: GrantFilter, limit: number, cursor?: string): Promise<Page<GrantRecord>> {
    return this.use((s) => {
      const size = bounded(limit, 1, maxPageSize);
      return pageOf('grants', listGrants(s, filter, size + 1, cursor), size);
    });
  }

  async grantUses(grantId: string, limit: number, cursor?: string): Promise<Page<RequestRecord>> {
    return this.use((s) => {
      const size = bounded(limit, 1, maxPageSize);
      const { createdAt, id } = decodeCursor(cursor);
      return pageOf('requests', s.requestsOfGrant.iterate(grantId, createdAt, id, size + 1), size);
    });
  }

  async dropGrants(endedBefore: Millis, limit: number): Promise<void> {
    this.use((s) => s.dropGrants.run(endedBefore, bounded(limit)));
  }

  async deliveries(channel: string, limit: number): Promise<readonly WaitingDelivery[]> {
    return this.use((s) => s.deliveries.all(channel, bounded(limit)));
  }

  async noteDelivery(tried: DeliveryWrite, outcome: DeliveryOutcome): Promise<boolean> {
    return this.use((s, opened) => transaction(opened, s.beginWrite, () => noteDelivery(s, tried, outcome)));
  }

  async deadDeliveries(limit: number): Promise<readonly DeadDelivery[]> {
    return this.use((s) => s.deadDeliveries.all(bounded(limit)));
  }

  async processedFrame(userId: string, frameId: string): Promise<Record<string, unknown> | undefined> {
    return this.use((s) => parseOne('frames', s.frame.get(userId, frameId)));
  }

  /** Every use of the database goes through here; whatever goes wrong leaves as a `HubError`. */
  private use<T>(work: (s: Statements, opened: Opened) => T): T {
    if (!this.opened)
      throw new HubError('unavailable', {
        message: this.closed ? 'The store is closed' : 'The store is not open: await hitl.start() first',
      });
    try {
      return work(this.opened.statements, this.opened);
    } catch (thrown) {
      throw toStorageError(thrown);
    }
  }

  /** Several reads of one ticket at one moment, with where its log stands. */
  private read<T>(ticketId: string, work: (s: Statements, position: LogPosition) => T): T {
    return this.use((s, opened) => transaction(opened, s.begin, () => work(s, opened.ticket(ticketId))));
  }
}

/** All of `work` or nothing of it. */
function transaction<T>({ db, statements }: Opened, begin: Statements['begin'], work: () => T): T {
  begin.run();
  try {
    const result = work();
    statements.commit.run();
    return result;
  } catch (thrown) {
    // SQLite has already rolled back by itself after some errors, such as a full disk.
    if (db.inTransaction) statements.rollback.run();
    throw thrown;
  }
}
