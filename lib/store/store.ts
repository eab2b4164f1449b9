/** What the hub asks of a store, with the obligations every implementation must meet; `express-hitl/store-contract` holds them to it. */
import type { AuditEntry } from '../protocol/audit';
import type { LoggedEnvelope } from '../protocol/envelopes';
import type {
  GrantRecord,
  MessageRecord,
  Millis,
  RequestRecord,
  RequestStatus,
  SessionRecord,
  TurnRecord,
  TurnStatus,
} from '../protocol/records';
import type { Commit, CommitResult, DeliveryWrite, JournalEntry, StoredRequest } from './commit';

export type * from './commit';

/** A delivery that waits. */
export interface WaitingDelivery extends DeliveryWrite {
  /** Tries that have failed. */
  attempts: number;
  dueAt: Millis;
}

/** A delivery that was given up. */
export interface DeadDelivery extends DeliveryWrite {
  attempts: number;
  deadAt: Millis;
  /** What the last try failed with. */
  error: string;
}

/** What became of a try. */
export type DeliveryOutcome =
  | 'delivered'
  | Pick<WaitingDelivery, 'attempts' | 'dueAt'>
  | Pick<DeadDelivery, 'attempts' | 'deadAt' | 'error'>;

/** Where a ticket's log stands. `first` is the oldest `seq` still stored (`seq + 1` if none is). */
export interface LogPosition {
  epoch: string;
  seq: number;
  first: number;
}

/** Everything a page needs to be drawn from nothing, read at one moment. */
export interface TicketState extends LogPosition {
  /** As `Store.sessions`, at most 50. */
  sessions: readonly SessionRecord[];
  /** The last `limit` that are within 1,048,576 bytes together, oldest first; without their revisions, as `Store.message`. */
  messages: readonly MessageRecord[];
  /** Those that have not ended, oldest first. */
  turns: readonly TurnRecord[];
  /** Pending ones, in the order in which they were first committed, within 1,048,576 bytes together. */
  requests: readonly RequestRecord[];
  /** Where `requests` ends, if more are pending: for `requests` of this ticket and the status `pending`. */
  nextCursor?: string;
}

export interface Page<T> {
  items: readonly T[];
  /** Opaque; given back for the next page. Absent on the last. */
  nextCursor?: string;
}

/** A request with a deadline that its actor has to be sent. */
export type DueRequest = Pick<RequestRecord, 'id' | 'ticketId'>;

/** A turn that is queued or runs. */
export type UnfinishedTurn = Pick<TurnRecord, 'id' | 'ticketId'>;

/** A durable turn that has to go on, or to end for its age. */
export type DueTurn = Pick<TurnRecord, 'id' | 'ticketId'>;

/** Which turns are listed; a field that is not given fits everything. */
export interface TurnFilter {
  ticketId?: string;
  status?: TurnStatus;
  /** Of the code that a durable turn began with. */
  version?: string;
}

/** The durable turns of one version that have not ended. */
export interface TurnVersion {
  /** None of those that began without one. */
  version?: string;
  turns: number;
  /** When the oldest of them was queued. */
  since: Millis;
}

export interface RequestFilter {
  ticketId?: string;
  status?: RequestStatus;
}

export interface AuditFilter {
  ticketId: string;
  requestId?: string | undefined;
}

/** Whose inbox is read. */
export interface InboxOwner {
  userId: string;
  groups: readonly string[];
  /** The tickets whose requests without named answerers are in the inbox. */
  tickets: readonly string[] | 'all';
}

/** What is looked for in an inbox; a field that is not given fits everything. */
export interface InboxFilter {
  type?: string;
  /** Of tool approvals. */
  toolName?: string;
  ticketId?: string;
}

/** By the order in which they were first committed, or by when they expire, earliest first: those that never do come last, of several the one first committed first. */
export type InboxOrder = 'oldest' | 'newest' | 'urgent';

export interface InboxCounts {
  total: number;
  /** There are more than were counted; then all counts are of the first 1,000 that were found. */
  isCapped: boolean;
  byType: Readonly<Record<string, number>>;
  byTool: Readonly<Record<string, number>>;
}

export interface GrantFilter {
  /** Where it was given. */
  ticketId?: string;
  /** Only those that hold at this time. */
  liveAt?: Millis;
}

/**
 * A durable store of tickets.
 *
 * Obligations:
 * - `commit` is atomic per `Commit`: records, log and frame are committed together or not at all, and one that is refused
 *   does not affect the others of the same call. Results are in the order of the commits.
 * - When `commit` resolves, what it reports `ok` survives whatever the implementation's documentation promises
 *   (SQLite: power loss). When it rejects (disk full, database locked), none of the call's commits was stored.
 * - Per ticket, `seq` begins at 1 and grows by 1 per envelope, without gap, in the order of the commits. A new log gets
 *   a new random `epoch`; a stored log has the same epoch after restarts.
 * - The audit of a ticket is only ever added to: its records are numbered from 1 without gap, in the order of the commits,
 *   and nothing changes or drops one.
 * - What repeats in a log, as the payload of a request in every envelope about it, need not be stored more than once, but is
 *   read whole: each envelope as it was committed, also once those before it are trimmed.
 * - Reads give what was committed, never a part of a commit, and copies: changing what was read changes nothing in the store. They
 *   store nothing: reading an unknown ticket leaves no trace.
 * - What a write of a message costs does not depend on how often the message was written before: its revisions are neither read
 *   nor written again.
 * - A request write whose `version` is not the stored one is refused with `conflict`; two live requests (any status but
 *   `superseded`) with one `key` in a ticket with `key_conflict`; a known (user, frame id) with `duplicate_id` and the
 *   `ack` given the first time; the use of a grant that does not hold at the commit's `at` (`grantState`), and the revoking
 *   of one that is not there or revoked already, with `conflict`. A use counts one more, also when others use the grant at the same time.
 * - A commit with a `fence` is refused as `Commit.fence` says, unless its frame is known. A commit that settles a request needs
 *   no fence of the turns that wait for it, so that anybody may answer.
 * - Journal, waits and state belong to a durable turn (one whose record has a `run`) that has not ended; what a commit has of
 *   them for any other turn is not stored. The order in a commit is: turns (a record of another `run.leg` than the stored one
 *   drops the journal, which begins again at 1; one that has ended drops journal, waits and state), journal, requests, waits,
 *   and then the answers: for each request of its `requests` and `waits`, in this order and each once, that is stored and not pending,
 *   an entry `{ call: 'answer:<request id>', body: null }` is appended to the journal of every turn that waits for it, by id, and
 *   the waits are dropped. So a wait for a request that is settled already is answered by the commit that begins it.
 * - A durable turn that has not ended is due at its `run.dueAt`; one that is `waiting`, also at the `at` of the first answer
 *   that came to it, until its record is written with another status.
 * - A pending request is in the inbox of a person if its last write named them among its `answerers` (by id, by a group, or, where
 *   neither users nor groups are named, by its ticket) and not in `except`. Both are found by index: what an inbox costs
 *   does not depend on how many requests are pending for others.
 * - A page of turns, requests, an inbox or an audit ends after 4,194,304 bytes of JSON too, a log and a ticket's state where it is
 *   stated there; what is larger by itself comes alone. No more is read for it.
 * - A delivery takes the place of one that waits or was given up for the same channel and request, is due at the commit's
 *   `at` and has no failed tries; an `update` of a card whose `present` was not delivered stays a `present`.
 * - A stored record that cannot be read rejects as `damaged` says, by name; everything else stays readable.
 */
export interface Store {
  /** Makes it ready; migrates older data. Called once, before anything else. */
  open(): Promise<void>;
  /** Releases everything; afterwards every call rejects with `unavailable`. Repeatable. */
  close(): Promise<void>;

  commit(commits: readonly Commit[]): Promise<readonly CommitResult[]>;

  /** A ticket without envelopes has an epoch too, the one that its log will have, and `seq` 0; reading it stores nothing. */
  position(ticketId: string): Promise<LogPosition>;
  /**
   * Envelopes with `seq > after`, oldest first, at most `limit` and within `maxBytes` together (default: however
   * many; one that is larger comes alone), with the position of the log at the same moment.
   */
  log(
    ticketId: string,
    after: number,
    limit: number,
    maxBytes?: number,
  ): Promise<LogPosition & { items: readonly LoggedEnvelope[] }>;
  /**
   * Drops from the log all but the last `keep` envelopes, and those committed before `since` with all that stand before
   * them, since a log has no gaps; `seq` continues. Requests are stored apart from the log, so a pending one stays in `state`
   * however old its envelope is.
   */
  trim(ticketId: string, keep: number, since: Millis): Promise<void>;
  state(ticketId: string, limit: number): Promise<TicketState>;

  session(id: string): Promise<SessionRecord | undefined>;
  /** The most recently begun session of this user in this tab of the ticket. */
  sessionByTab(ticketId: string, userId: string, tabId: string): Promise<SessionRecord | undefined>;
  /** Newest activity first; of those active at one time, the one first committed last. */
  sessions(ticketId: string, limit: number): Promise<readonly SessionRecord[]>;
  turn(id: string): Promise<TurnRecord | undefined>;
  /** In the order in which they were first committed; `limit` at most 200. @throws HubError `invalid_frame` for a cursor it did not give. */
  turns(filter: TurnFilter, limit: number, cursor?: string): Promise<Page<TurnRecord>>;
  /** All queued or running turns of all tickets, oldest first; only named, as `dueRequests`. Waiting and stuck ones are not read. */
  unfinishedTurns(): Promise<readonly UnfinishedTurn[]>;
  /** The turns of a session that have not ended, in the order in which they were first committed. */
  openTurns(sessionId: string): Promise<readonly TurnRecord[]>;
  /** The durable turns that are due at or before `until`, earliest first, at most `limit`; only named, as `dueRequests`. */
  dueTurns(until: Millis, limit: number): Promise<readonly DueTurn[]>;
  /** The earliest due time of a durable turn that is later than `after`. */
  nextDueTurn(after: Millis): Promise<Millis | undefined>;
  /** Oldest first. */
  turnVersions(): Promise<readonly TurnVersion[]>;
  /** The entries with `n > after` of a turn's present leg, in their order; `limit` at most 1,000, within 4,194,304 bytes together (one that is larger comes alone). */
  journal(turnId: string, after: number, limit: number): Promise<readonly JournalEntry[]>;
  /** What was stored last for the turn's next leg; undefined if nothing was, or the turn has ended. */
  turnState(turnId: string): Promise<unknown>;
  /** Without its revisions: the list is empty, and what it costs does not depend on how many there are. */
  message(id: string): Promise<MessageRecord | undefined>;
  /**
   * The last `limit` messages of a session with all their revisions that are stored, or the last before that with the id `before`, oldest first; an update leaves a
   * message at its place. @throws HubError `invalid_frame` for a `before` that is no message of this session
   */
  messages(sessionId: string, limit: number, before?: string): Promise<readonly MessageRecord[]>;

  request(id: string): Promise<StoredRequest | undefined>;
  /** The live (not superseded) request of this key. */
  requestByKey(ticketId: string, key: string): Promise<StoredRequest | undefined>;
  /** Pending requests of a turn. */
  requestsOfTurn(turnId: string): Promise<readonly StoredRequest[]>;
  /** The ids of the requests of a ticket that this person holds the claim on. */
  claims(ticketId: string, userId: string): Promise<readonly string[]>;
  /**
   * In the order in which they were first committed; `limit` at most 200, within `maxBytes` (default and most: those of every page).
   * @throws HubError `invalid_frame` for a cursor it did not give.
   */
  requests(
    filter: RequestFilter,
    limit: number,
    cursor?: string,
    maxBytes?: number,
  ): Promise<Page<RequestRecord>>;
  /** Each request once; `limit` at most 200. @throws HubError `invalid_frame` for a cursor it did not give for this order. */
  inbox(
    owner: InboxOwner,
    filter: InboxFilter,
    order: InboxOrder,
    limit: number,
    cursor?: string,
  ): Promise<Page<RequestRecord>>;
  inboxCounts(owner: InboxOwner, filter: InboxFilter): Promise<InboxCounts>;
  /**
   * The requests with a deadline due at or before `until`, earliest first, at most `limit`. Only named, so that one that
   * cannot be read holds up no other.
   */
  dueRequests(until: Millis, limit: number): Promise<readonly DueRequest[]>;
  /** The earliest deadline of all that is later than `after`. */
  nextDue(after: Millis): Promise<Millis | undefined>;

  /**
   * Audit records, oldest first; `limit` at most 200. @throws HubError `invalid_frame` for a cursor it did not give.
   */
  audit(filter: AuditFilter, limit: number, cursor?: string): Promise<Page<AuditEntry>>;
  grant(id: string): Promise<GrantRecord | undefined>;
  /** Grants with one of these `covers` that hold at `now`, the first to end first, at most `limit`. */
  liveGrants(covers: readonly string[], now: Millis, limit: number): Promise<readonly GrantRecord[]>;
  /** Oldest first; `limit` at most 200. @throws HubError `invalid_frame` for a cursor it did not give. */
  grants(filter: GrantFilter, limit: number, cursor?: string): Promise<Page<GrantRecord>>;
  /** The requests that a grant approved (`usedGrant`), as `requests`. */
  grantUses(grantId: string, limit: number, cursor?: string): Promise<Page<RequestRecord>>;
  /** Drops grants whose time ended before `endedBefore`, oldest end first, at most `limit`. Their requests stay. */
  dropGrants(endedBefore: Millis, limit: number): Promise<void>;

  /** The deliveries of a channel that wait, the earliest due first, at most `limit`. */
  deliveries(channel: string, limit: number): Promise<readonly WaitingDelivery[]>;
  /**
   * Notes what became of a try: what was delivered is dropped, what failed waits until `dueAt` or is given up. False, if a
   * newer delivery has taken its place in the meantime, which then stays as it is; but a newer `present` becomes an `update`
   * once an older one was delivered. Of those given up the last 1,000 stay stored.
   */
  noteDelivery(tried: DeliveryWrite, outcome: DeliveryOutcome): Promise<boolean>;
  /** Those that were given up, the last one first, at most `limit`. */
  deadDeliveries(limit: number): Promise<readonly DeadDelivery[]>;

  /** The answer given to a frame carried out before; the last 10,000 of each user are remembered, and at most 1,000 more. */
  processedFrame(userId: string, frameId: string): Promise<Record<string, unknown> | undefined>;
}
