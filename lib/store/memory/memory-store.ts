/** The store that forgets: everything in this process's memory; for trying things out and for tests. */
import { HubError } from '../../errors';
import type { AuditEntry, AuditRecord } from '../../protocol/audit';
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
import { epochOf, newSeed } from '../shared/epoch';
import { bounded, maxFramesPerUser, maxLogBytes, maxPageSize, maxSessionsInState } from '../shared/limits';
import { toStored } from '../shared/log-parts';
import { bytesOfText, firstPage } from '../shared/page';
import { type Lookup, refusal } from '../shared/preconditions';
import type {
  AuditFilter,
  Commit,
  CommitResult,
  DeadDelivery,
  DeliveryOutcome,
  DeliveryWrite,
  DueRequest,
  GrantFilter,
  InboxCounts,
  InboxFilter,
  InboxOrder,
  InboxOwner,
  LogPosition,
  Page,
  ProcessedFrame,
  Store,
  StoredRequest,
  TicketState,
  UnfinishedTurn,
  WaitingDelivery,
} from '../store';
import { MemoryDeliveries } from './deliveries';
import { MemoryGrants } from './grants';
import { MemoryRequests } from './requests';
import { type Kept, type KeptSession, MemoryTicket } from './ticket';

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

/** A write whose texts are made, so that it cannot fail any more. */
type Write = () => void;

class MemoryStore implements Store {
  private condition: 'not open' | 'open' | 'closed' = 'not open';
  private readonly seed = newSeed();
  private readonly tickets = new Map<string, MemoryTicket>();
  private readonly sessionsById = new Map<string, KeptSession>();
  private readonly turnsById = new Map<string, Kept>();
  private readonly unfinished = new Set<Kept>();
  private readonly messagesById = new Map<string, Kept>();
  private readonly messagesBySession = new Map<string, Kept[]>();
  private readonly requestsKept = new MemoryRequests();
  private readonly grantsKept = new MemoryGrants();
  private readonly deliveriesKept = new MemoryDeliveries();
  /** Acks by user and frame id, oldest first. */
  private readonly frames = new Map<string, Map<string, string>>();

  private readonly stored: Lookup = {
    ack: (userId, frameId) => read(this.frames.get(userId)?.get(frameId)),
    version: (id) => this.requestsKept.version(id),
    holder: (ticketId, key) => this.requestsKept.holder(ticketId, key),
    grant: (id) => this.grantsKept.get(id),
  };

  async open(): Promise<void> {
    if (this.condition === 'closed') this.assertOpen();
    this.condition = 'open';
  }

  async close(): Promise<void> {
    this.condition = 'closed';
  }

  async commit(commits: readonly Commit[]): Promise<readonly CommitResult[]> {
    this.assertOpen();
    return prepareAll(commits, (commit) => this.prepare(commit)).map((write) => write());
  }

  async position(ticketId: string): Promise<LogPosition> {
    this.assertOpen();
    return this.ticketAsIs(ticketId).position();
  }

  async log(
    ticketId: string,
    after: number,
    limit: number,
    maxBytes = Infinity,
  ): Promise<LogPosition & { items: readonly LoggedEnvelope[] }> {
    this.assertOpen();
    const ticket = this.ticketAsIs(ticketId);
    const items = ticket.log(after, bounded(limit), maxBytes).map((envelope): LoggedEnvelope => {
      return { ...envelope, ticket_id: ticketId, epoch: ticket.epoch };
    });
    return { ...ticket.position(), items };
  }

  async trim(ticketId: string, keep: number, since: Millis): Promise<void> {
    this.assertOpen();
    this.tickets.get(ticketId)?.trim(bounded(keep), since);
  }

  async state(ticketId: string, limit: number): Promise<TicketState> {
    this.assertOpen();
    const ticket = this.ticketAsIs(ticketId);
    const { items: requests, ...more } = this.requestsKept.pendingOfTicket(ticketId);
    const newest = lastOf(ticket.messages, limit).reverse();
    return {
      ...ticket.position(),
      sessions: readAll(ticket.sessionsByActivity(maxSessionsInState)),
      messages: readAll(firstPage(newest, newest.length, bytesOfText, maxLogBytes).shown.reverse()),
      turns: readAll(ticket.unfinished),
      requests,
      ...more,
    };
  }

  async session(id: string): Promise<SessionRecord | undefined> {
    this.assertOpen();
    return read(this.sessionsById.get(id)?.text);
  }

  async sessionByTab(ticketId: string, userId: string, tabId: string): Promise<SessionRecord | undefined> {
    this.assertOpen();
    return read(this.tickets.get(ticketId)?.sessionByTab(userId, tabId)?.text);
  }

  async sessions(ticketId: string, limit: number): Promise<readonly SessionRecord[]> {
    this.assertOpen();
    return readAll(this.tickets.get(ticketId)?.sessionsByActivity(bounded(limit)) ?? []);
  }

  async turn(id: string): Promise<TurnRecord | undefined> {
    this.assertOpen();
    return read(this.turnsById.get(id)?.text);
  }

  async unfinishedTurns(): Promise<readonly UnfinishedTurn[]> {
    this.assertOpen();
    return readAll<TurnRecord>(this.unfinished).map(({ id, ticketId }) => ({ id, ticketId }));
  }

  async message(id: string): Promise<MessageRecord | undefined> {
    this.assertOpen();
    return read(this.messagesById.get(id)?.text);
  }

  async messages(sessionId: string, limit: number, before?: string): Promise<readonly MessageRecord[]> {
    this.assertOpen();
    const all = this.messagesBySession.get(sessionId) ?? [];
    if (before === undefined) return readAll(lastOf(all, limit));
    const kept = this.messagesById.get(before);
    const at = kept ? all.lastIndexOf(kept) : -1;
    if (at < 0) throw noSuchPlace();
    return readAll(lastOf(all.slice(0, at), limit));
  }

  async request(id: string): Promise<StoredRequest | undefined> {
    this.assertOpen();
    return this.requestsKept.get(id);
  }

  async requestByKey(ticketId: string, key: string): Promise<StoredRequest | undefined> {
    this.assertOpen();
    return this.requestsKept.get(this.requestsKept.holder(ticketId, key));
  }

  async requestsOfTurn(turnId: string): Promise<readonly StoredRequest[]> {
    this.assertOpen();
    return this.requestsKept.pendingOfTurn(turnId);
  }

  async claims(ticketId: string, userId: string): Promise<readonly string[]> {
    this.assertOpen();
    return this.requestsKept.claims(ticketId, userId);
  }

  async requests(...asked: Parameters<Store['requests']>): Promise<Page<RequestRecord>> {
    this.assertOpen();
    return this.requestsKept.page(...asked);
  }

  async inbox(
    owner: InboxOwner,
    filter: InboxFilter,
    order: InboxOrder,
    limit: number,
    cursor?: string,
  ): Promise<Page<RequestRecord>> {
    this.assertOpen();
    return this.requestsKept.inboxPage(owner, filter, order, limit, cursor);
  }

  async inboxCounts(owner: InboxOwner, filter: InboxFilter): Promise<InboxCounts> {
    this.assertOpen();
    return this.requestsKept.inbox.counts(owner, filter);
  }

  async dueRequests(until: Millis, limit: number): Promise<readonly DueRequest[]> {
    this.assertOpen();
    return this.requestsKept.dueUntil(until, bounded(limit));
  }

  async nextDue(after: Millis): Promise<Millis | undefined> {
    this.assertOpen();
    return this.requestsKept.nextDue(after);
  }

  async audit(
    { ticketId, requestId }: AuditFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<AuditEntry>> {
    this.assertOpen();
    const after = decodeNumber(cursor);
    return (
      this.tickets.get(ticketId)?.auditPage(after, bounded(limit, 1, maxPageSize), requestId) ?? { items: [] }
    );
  }

  async grant(id: string): Promise<GrantRecord | undefined> {
    this.assertOpen();
    return this.grantsKept.get(id);
  }

  async liveGrants(covers: readonly string[], now: Millis, limit: number): Promise<readonly GrantRecord[]> {
    this.assertOpen();
    return this.grantsKept.live(covers, now, limit);
  }

  async grants(filter: GrantFilter, limit: number, cursor?: string): Promise<Page<GrantRecord>> {
    this.assertOpen();
    return this.grantsKept.page(filter, limit, cursor);
  }

  async grantUses(grantId: string, limit: number, cursor?: string): Promise<Page<RequestRecord>> {
    this.assertOpen();
    return this.requestsKept.pageOfGrant(grantId, limit, cursor);
  }

  async dropGrants(endedBefore: Millis, limit: number): Promise<void> {
    this.assertOpen();
    this.grantsKept.drop(endedBefore, limit);
  }

  async deliveries(channel: string, limit: number): Promise<readonly WaitingDelivery[]> {
    this.assertOpen();
    return this.deliveriesKept.list(channel, limit);
  }

  async noteDelivery(tried: DeliveryWrite, outcome: DeliveryOutcome): Promise<boolean> {
    this.assertOpen();
    return this.deliveriesKept.note(tried, outcome);
  }

  async deadDeliveries(limit: number): Promise<readonly DeadDelivery[]> {
    this.assertOpen();
    return this.deliveriesKept.dead(limit);
  }

  async processedFrame(userId: string, frameId: string): Promise<Record<string, unknown> | undefined> {
    this.assertOpen();
    return read(this.frames.get(userId)?.get(frameId));
  }

  private assertOpen(): void {
    if (this.condition !== 'open')
      throw new HubError('unavailable', { message: `The store is ${this.condition}` });
  }

  /** To be written to. */
  private ticket(id: string): MemoryTicket {
    return getOrAdd(this.tickets, id, () => this.ticketAsIs(id));
  }

  /** To be read; of one that nobody has written to nothing is kept. */
  private ticketAsIs(id: string): MemoryTicket {
    return this.tickets.get(id) ?? new MemoryTicket(epochOf(this.seed, id));
  }

  /** Makes every text of the commit; what it returns judges the commit and writes it, or leaves no trace. */
  private prepare(commit: Commit): () => CommitResult {
    const {
      ticketId,
      at,
      sessions = [],
      turns = [],
      messages = [],
      requests = [],
      audit = [],
      grants = [],
      deliveries = [],
      envelopes,
      frame,
    } = commit;
    const writes: Write[] = [
      ...sessions.map((session) => this.prepareSession(session)),
      ...turns.map((turn) => this.prepareTurn(turn)),
      ...messages.map((message) => this.prepareMessage(message)),
      ...requests.map((request) => this.requestsKept.prepare(request)),
      ...audit.map((record) => this.prepareAudit(record)),
      ...grants.map((grant) => this.grantsKept.prepare(grant, at)),
      ...deliveries.map((write) => () => this.deliveriesKept.write(write, at)),
      ...(frame ? [this.prepareFrame(frame)] : []),
    ];
    const bodies = envelopes.map((envelope) => ({ envelope, stored: toStored(envelope) }));
    return () => {
      const refused = refusal(commit, this.stored);
      if (refused) return refused;
      for (const write of writes) write();
      const ticket = this.ticket(ticketId);
      const logged = bodies.map(({ envelope, stored }): LoggedEnvelope => {
        return { ...envelope, ticket_id: ticketId, epoch: ticket.epoch, seq: ticket.append(at, stored) };
      });
      return { ok: true, envelopes: logged };
    };
  }

  private prepareSession(session: SessionRecord): Write {
    const { id, ticketId, userId, tabId, createdAt, lastActiveAt } = session;
    const next = { text: JSON.stringify(session), userId, tabId, createdAt, lastActiveAt };
    return () => put(this.sessionsById, id, next, (kept) => this.ticket(ticketId).sessions.push(kept));
  }

  private prepareTurn(turn: TurnRecord): Write {
    const { id, ticketId, status } = turn;
    const next = { text: JSON.stringify(turn) };
    return () => {
      const kept = put(this.turnsById, id, next);
      const isUnfinished = status === 'queued' || status === 'running';
      for (const list of [this.unfinished, this.ticket(ticketId).unfinished]) {
        if (isUnfinished) list.add(kept);
        else list.delete(kept);
      }
    };
  }

  private prepareMessage(message: MessageRecord): Write {
    const { id, ticketId, sessionId } = message;
    const next = { text: JSON.stringify(message) };
    return () =>
      put(this.messagesById, id, next, (kept) => {
        this.ticket(ticketId).messages.push(kept);
        getOrAdd(this.messagesBySession, sessionId, () => []).push(kept);
      });
  }

  private prepareAudit(record: AuditRecord): Write {
    const { ticketId, requestId } = record;
    const text = JSON.stringify(record);
    return () => void this.ticket(ticketId).audit.push({ requestId, text });
  }

  private prepareFrame({ userId, frameId, ack }: ProcessedFrame): Write {
    const text = JSON.stringify(ack);
    return () => {
      const frames = getOrAdd(this.frames, userId, () => new Map<string, string>());
      frames.set(frameId, text);
      const [oldest] = frames.keys();
      if (frames.size > maxFramesPerUser && oldest !== undefined) frames.delete(oldest);
    };
  }
}

/** @throws HubError `storage_failed` if something cannot be JSON; then nothing was written yet */
function prepareAll<T>(commits: readonly Commit[], prepare: (commit: Commit) => T): T[] {
  try {
    return commits.map(prepare);
  } catch (cause) {
    throw new HubError('storage_failed', { cause });
  }
}

/** Replaces what is kept under the id where it is, or keeps it as new. */
function put<T extends Kept>(map: Map<string, T>, id: string, next: T, isNew?: (kept: T) => void): T {
  const kept = map.get(id);
  if (kept) return Object.assign(kept, next);
  map.set(id, next);
  isNew?.(next);
  return next;
}

function getOrAdd<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

function lastOf<T>(list: readonly T[], limit: number): T[] {
  return list.slice(Math.max(0, list.length - bounded(limit)));
}

function read<T>(text: string | undefined): T | undefined {
  return text === undefined ? undefined : JSON.parse(text);
}

function readAll<T>(list: Iterable<Kept>): T[] {
  return Array.from(list, ({ text }) => JSON.parse(text));
}
