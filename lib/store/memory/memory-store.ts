/** The store that forgets: everything in this process's memory; for trying things out and for tests. */
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
import { decodeNumber, noSuchPlace } from '../shared/cursor';
import { bounded, maxLogBytes, maxPageSize, maxSessionsInState } from '../shared/limits';
import { bytesOfText, firstPage } from '../shared/page';
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
import { writeCommits } from './commit';
import { MemoryContents, read, readAll } from './contents';
import { wholeMessage } from './ticket';

/**
 * A store in memory. Nothing survives the process: pending requests, timelines and the answers to repeated frames are
 * gone with it, and every log begins again with a new epoch. Logs grow until `trim`, records as long as the process lives.
 */
export function memoryStore(): Store {
  return new MemoryStore();
}

/** Whether what is stored here is forgotten by a restart. */
export function isMemoryStore(store: Store): boolean {
  return store instanceof MemoryStore;
}

class MemoryStore implements Store {
  private condition: 'not open' | 'open' | 'closed' = 'not open';
  private readonly contents = new MemoryContents();

  async open(): Promise<void> {
    if (this.condition === 'closed') throw new HubError('unavailable', { message: 'The store is closed' });
    this.condition = 'open';
  }

  async close(): Promise<void> {
    this.condition = 'closed';
  }

  async commit(commits: readonly Commit[]): Promise<readonly CommitResult[]> {
    return writeCommits(this.opened, commits);
  }

  async position(ticketId: string): Promise<LogPosition> {
    return this.opened.ticketAsIs(ticketId).position();
  }

  async log(
    ticketId: string,
    after: number,
    limit: number,
    maxBytes = Infinity,
  ): Promise<LogPosition & { items: readonly LoggedEnvelope[] }> {
    const ticket = this.opened.ticketAsIs(ticketId);
    const items = ticket.log(after, bounded(limit), maxBytes).map((envelope): LoggedEnvelope => {
      return { ...envelope, ticket_id: ticketId, epoch: ticket.epoch };
    });
    return { ...ticket.position(), items };
  }

  async trim(ticketId: string, keep: number, since: Millis): Promise<void> {
    this.opened.ticketAsIs(ticketId).trim(bounded(keep), since);
  }

  async state(ticketId: string, limit: number): Promise<TicketState> {
    const ticket = this.opened.ticketAsIs(ticketId);
    const { items: requests, ...more } = this.opened.requests.pendingOfTicket(ticketId);
    const newest = lastOf(ticket.messages, limit).reverse();
    return {
      ...ticket.position(),
      sessions: readAll(ticket.sessionsByActivity(maxSessionsInState)),
      messages: readAll(firstPage(newest, newest.length, bytesOfText, maxLogBytes).shown.reverse()),
      turns: this.opened.turns.openOfTicket(ticketId),
      requests,
      ...more,
    };
  }

  async session(id: string): Promise<SessionRecord | undefined> {
    return read(this.opened.sessions.get(id)?.text);
  }

  async sessionByTab(ticketId: string, userId: string, tabId: string): Promise<SessionRecord | undefined> {
    return read(this.opened.ticketAsIs(ticketId).sessionByTab(userId, tabId)?.text);
  }

  async sessions(ticketId: string, limit: number): Promise<readonly SessionRecord[]> {
    return readAll(this.opened.ticketAsIs(ticketId).sessionsByActivity(bounded(limit)));
  }

  async turn(id: string): Promise<TurnRecord | undefined> {
    return this.opened.turns.record(id);
  }

  async turns(filter: TurnFilter, limit: number, cursor?: string): Promise<Page<TurnRecord>> {
    return this.opened.turns.page(filter, limit, cursor);
  }

  async unfinishedTurns(): Promise<readonly UnfinishedTurn[]> {
    return this.opened.turns.unfinished();
  }

  async openTurns(sessionId: string): Promise<readonly TurnRecord[]> {
    return this.opened.turns.openOfSession(sessionId);
  }

  async dueTurns(until: Millis, limit: number): Promise<readonly DueTurn[]> {
    return this.opened.turns.dueUntil(until, bounded(limit));
  }

  async nextDueTurn(after: Millis): Promise<Millis | undefined> {
    return this.opened.turns.nextDue(after);
  }

  async turnVersions(): Promise<readonly TurnVersion[]> {
    return this.opened.turns.versions();
  }

  async journal(turnId: string, after: number, limit: number): Promise<readonly JournalEntry[]> {
    return this.opened.turns.journal(turnId, after, limit);
  }

  async turnState(turnId: string): Promise<unknown> {
    return this.opened.turns.state(turnId);
  }

  async message(id: string): Promise<MessageRecord | undefined> {
    return read(this.opened.messages.get(id)?.text);
  }

  async messages(sessionId: string, limit: number, before?: string): Promise<readonly MessageRecord[]> {
    const all = this.opened.messagesBySession.get(sessionId) ?? [];
    if (before === undefined) return lastOf(all, limit).map(wholeMessage);
    const stored = this.opened.messages.get(before);
    const at = stored ? all.lastIndexOf(stored) : -1;
    if (at < 0) throw noSuchPlace();
    return lastOf(all.slice(0, at), limit).map(wholeMessage);
  }

  async request(id: string): Promise<StoredRequest | undefined> {
    return this.opened.requests.get(id);
  }

  async requestByKey(ticketId: string, key: string): Promise<StoredRequest | undefined> {
    return this.opened.requests.get(this.opened.requests.holder(ticketId, key));
  }

  async requestsOfTurn(turnId: string): Promise<readonly StoredRequest[]> {
    return this.opened.requests.pendingOfTurn(turnId);
  }

  async claims(ticketId: string, userId: string): Promise<readonly string[]> {
    return this.opened.requests.claims(ticketId, userId);
  }

  async requests(...asked: Parameters<Store['requests']>): Promise<Page<RequestRecord>> {
    return this.opened.requests.page(...asked);
  }

  async inbox(
    owner: InboxOwner,
    filter: InboxFilter,
    order: InboxOrder,
    limit: number,
    cursor?: string,
  ): Promise<Page<RequestRecord>> {
    return this.opened.requests.inboxPage(owner, filter, order, limit, cursor);
  }

  async inboxCounts(owner: InboxOwner, filter: InboxFilter): Promise<InboxCounts> {
    return this.opened.requests.inbox.counts(owner, filter);
  }

  async dueRequests(until: Millis, limit: number): Promise<readonly DueRequest[]> {
    return this.opened.requests.dueUntil(until, bounded(limit));
  }

  async nextDue(after: Millis): Promise<Millis | undefined> {
    return this.opened.requests.nextDue(after);
  }

  async audit(
    { ticketId, requestId }: AuditFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<AuditEntry>> {
    const after = decodeNumber(cursor);
    return this.opened.ticketAsIs(ticketId).auditPage(after, bounded(limit, 1, maxPageSize), requestId);
  }

  async grant(id: string): Promise<GrantRecord | undefined> {
    return this.opened.grants.get(id);
  }

  async liveGrants(covers: readonly string[], now: Millis, limit: number): Promise<readonly GrantRecord[]> {
    return this.opened.grants.live(covers, now, limit);
  }

  async grants(filter: GrantFilter, limit: number, cursor?: string): Promise<Page<GrantRecord>> {
    return this.opened.grants.page(filter, limit, cursor);
  }

  async grantUses(grantId: string, limit: number, cursor?: string): Promise<Page<RequestRecord>> {
    return this.opened.requests.pageOfGrant(grantId, limit, cursor);
  }

  async dropGrants(endedBefore: Millis, limit: number): Promise<void> {
    this.opened.grants.drop(endedBefore, limit);
  }

  async deliveries(channel: string, limit: number): Promise<readonly WaitingDelivery[]> {
    return this.opened.deliveries.list(channel, limit);
  }

  async noteDelivery(tried: DeliveryWrite, outcome: DeliveryOutcome): Promise<boolean> {
    return this.opened.deliveries.note(tried, outcome);
  }

  async deadDeliveries(limit: number): Promise<readonly DeadDelivery[]> {
    return this.opened.deliveries.dead(limit);
  }

  async processedFrame(userId: string, frameId: string): Promise<Record<string, unknown> | undefined> {
    return this.opened.ack(userId, frameId);
  }

  /** What the store has. @throws HubError `unavailable` unless it is open */
  private get opened(): MemoryContents {
    if (this.condition !== 'open')
      throw new HubError('unavailable', {
        message:
          this.condition === 'closed'
            ? 'The store is closed'
            : 'The store is not open: await hitl.start() first',
      });
    return this.contents;
  }
}

function lastOf<T>(list: readonly T[], limit: number): T[] {
  return list.slice(Math.max(0, list.length - bounded(limit)));
}
