/** A store of another author: a file of JSON lines, read whole when it opens; it knows the package by its public names alone. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import {
  bounded,
  type Commit,
  type CommitResult,
  comparisons,
  countsOf,
  decodeCursor,
  decodeInboxCursor,
  decodeNumber,
  encodeCursor,
  encodeInboxCursor,
  encodeNumber,
  entryOf,
  epochOf,
  firstPage,
  type GrantRecord,
  HubError,
  holdsUntil,
  type InboxFilter,
  type InboxOrder,
  type InboxOwner,
  isOpen,
  type LoggedEnvelope,
  listsFor,
  listsOf,
  type Message,
  maxLogBytes,
  maxPageSize,
  maxSessionsInState,
  maxStateBytes,
  newSeed,
  noSuchPlace,
  type Page,
  type Place,
  type RequestRecord,
  type RequestWrite,
  refusal,
  type Store,
  type TurnRecord,
} from 'express-hitl/store';
import { Contents, copy, type Line, sizeOf } from './contents';
import { turnReads } from './turns';

/** Nothing is stored in memory alone: what a commit reported is in the file. */
export function journalStore(path: string): Store {
  let contents: Contents | undefined;
  let isClosed = false;

  const opened = (): Contents => {
    if (!contents || isClosed) throw new HubError('unavailable', { message: 'The journal is not open' });
    return contents;
  };
  const load = () => {
    const read = new Contents();
    if (!existsSync(path)) appendFileSync(path, `${JSON.stringify({ seed: newSeed() })}\n`);
    // Behind the last end of a line is what a crash has left of one.
    for (const text of readFileSync(path, 'utf8').split('\n').slice(0, -1)) read.apply(JSON.parse(text));
    contents = read;
  };
  /** Into the file; the next reader finds it there. */
  const append = (line: Line) => {
    try {
      appendFileSync(path, `${JSON.stringify(line)}\n`);
    } catch (cause) {
      load();
      throw new HubError('storage_failed', { cause });
    }
  };
  const record = (line: Line): boolean => {
    append(line);
    return opened().apply(line);
  };
  const positionOf = (ticketId: string) => {
    const { seed } = opened();
    const { first, log } = opened().ticket(ticketId);
    return { epoch: epochOf(seed, ticketId), seq: first + log.length - 1, first };
  };
  const requestsWhere = (fits: (request: RequestRecord) => boolean) =>
    [...opened().requests.values()].filter(({ record: each }) => fits(each));
  const stored = ({ record: of, snapshot, version, dueAt }: RequestWrite) =>
    copy({ record: of, snapshot, version, ...(dueAt !== undefined && { dueAt }) });
  /** Requests are numbered in the order in which they were first committed. */
  const numberOf = (id: string) => [...opened().requests.keys()].indexOf(id) + 1;
  const pageOf = (writes: RequestWrite[], limit: number, cursor?: string, maxBytes?: number) =>
    page(
      writes.map(({ record: each }) => each),
      ({ id }) => ({ createdAt: numberOf(id), id: '' }),
      limit,
      cursor,
      maxBytes,
    );
  /** Those in this inbox. */
  const inboxOf = (owner: InboxOwner, filter: InboxFilter) => {
    const lists = new Set(listsFor(owner, filter));
    return [...opened().requests.values()].filter(
      ({ record: each, answerers }) =>
        answerers &&
        each.status === 'pending' &&
        !answerers.except.includes(owner.userId) &&
        listsOf(each, answerers).some((list) => lists.has(list)),
    );
  };
  const live = (now: number) => (grant: GrantRecord) => (holdsUntil(grant) ?? 0) > now;
  const messagesOf = (fits: (message: Message) => boolean) => [...opened().messages.values()].filter(fits);
  const sessionsOf = (ticketId: string, limit: number) =>
    [...opened().sessions.values()]
      .filter((session) => session.ticketId === ticketId)
      .reverse()
      .sort((a, b) => b.lastActiveAt - a.lastActiveAt)
      .slice(0, bounded(limit));
  const isUnfinished = ({ status }: TurnRecord) => status === 'queued' || status === 'running';

  return {
    open: async () => {
      if (isClosed) throw new HubError('unavailable', { message: 'The journal is closed' });
      load();
    },
    close: async () => {
      isClosed = true;
    },
    commit: async (commits) => {
      const now = opened();
      let texts: Commit[];
      try {
        texts = commits.map(copy);
      } catch (cause) {
        throw new HubError('storage_failed', { cause });
      }
      const kept: Commit[] = [];
      const results = texts.map((commit): CommitResult => {
        const refused = refusal(commit, {
          ack: (userId, frameId) => now.frames.get(userId)?.get(frameId),
          version: (id) => now.requests.get(id)?.version ?? 0,
          holder: (ticketId, key) =>
            requestsWhere(
              (each) => each.ticketId === ticketId && each.key === key && each.status !== 'superseded',
            )[0]?.record.id,
          grant: (id) => now.grants.get(id),
          turn: (id) => {
            const { status, run } = now.turns.get(id) ?? {};
            const entries = now.beside.get(id)?.journal.length ?? 0;
            return status && { status, generation: run?.generation, entries };
          },
        });
        if (refused) return copy(refused);
        kept.push(commit);
        const journal = copy(now.write(commit));
        const { epoch, seq } = positionOf(commit.ticketId);
        const before = seq - commit.envelopes.length;
        return {
          ok: true,
          envelopes: commit.envelopes.map((body, index) => {
            return copy({ ...body, ticket_id: commit.ticketId, epoch, seq: before + index + 1 });
          }),
          journal,
        };
      });
      if (kept.length > 0) append({ commits: kept });
      return results;
    },
    position: async (ticketId) => positionOf(ticketId),
    log: async (ticketId, after, limit, maxBytes = Infinity) => {
      const position = positionOf(ticketId);
      const entries = opened()
        .ticket(ticketId)
        .log.slice(Math.max(0, after - position.first + 1));
      const { shown } = firstPage(entries, bounded(limit), ({ body }) => sizeOf(body), maxBytes);
      const begin = Math.max(after + 1, position.first);
      const items = shown.map(({ body }, index): LoggedEnvelope => {
        return { ...copy(body), ticket_id: ticketId, epoch: position.epoch, seq: begin + index };
      });
      return { ...position, items };
    },
    trim: async (ticketId, keep, since) => {
      const { log } = opened().ticket(ticketId);
      const { first } = positionOf(ticketId);
      const old = log.findLastIndex(({ at }) => at < since) + 1;
      const dropped = Math.max(old, log.length - bounded(keep));
      if (dropped > 0) record({ trimmed: ticketId, first: first + dropped });
    },
    state: async (ticketId, limit) => {
      const all = messagesOf((message) => message.ticketId === ticketId);
      const newest = all.slice(all.length - Math.min(all.length, bounded(limit))).reverse();
      const { items, ...more } = pageOf(
        requestsWhere((each) => each.ticketId === ticketId && each.status === 'pending'),
        Infinity,
        undefined,
        maxStateBytes,
      );
      return {
        ...positionOf(ticketId),
        sessions: copy(sessionsOf(ticketId, maxSessionsInState)),
        messages: firstPage(newest.map(alone), Infinity, sizeOf, maxLogBytes).shown.reverse(),
        turns: copy(
          [...opened().turns.values()].filter((turn) => turn.ticketId === ticketId && isOpen(turn.status)),
        ),
        requests: items,
        ...more,
      };
    },
    session: async (id) => copy(opened().sessions.get(id)),
    sessionByTab: async (ticketId, userId, tabId) =>
      copy(
        [...opened().sessions.values()]
          .filter((each) => each.ticketId === ticketId && each.userId === userId && each.tabId === tabId)
          .reverse()
          .sort((a, b) => b.createdAt - a.createdAt)[0],
      ),
    sessions: async (ticketId, limit) => copy(sessionsOf(ticketId, limit)),
    turn: async (id) => copy(opened().turns.get(id)),
    ...turnReads(opened),
    unfinishedTurns: async () =>
      [...opened().turns.values()].filter(isUnfinished).map(({ id, ticketId }) => ({ id, ticketId })),
    message: async (id) => {
      const found = opened().messages.get(id);
      return found && alone(found);
    },
    messages: async (sessionId, limit, before) => {
      const all = messagesOf((message) => message.sessionId === sessionId);
      const end = before === undefined ? all.length : all.findIndex(({ id }) => id === before);
      if (end < 0) throw noSuchPlace();
      return copy(all.slice(Math.max(0, end - bounded(limit)), end));
    },
    request: async (id) => {
      const found = opened().requests.get(id);
      return found && stored(found);
    },
    requestByKey: async (ticketId, key) => {
      const [found] = requestsWhere(
        (each) => each.ticketId === ticketId && each.key === key && each.status !== 'superseded',
      );
      return found && stored(found);
    },
    requestsOfTurn: async (turnId) =>
      requestsWhere((each) => each.turnId === turnId && each.status === 'pending').map(stored),
    claims: async (ticketId, userId) =>
      requestsWhere((each) => each.ticketId === ticketId && each.claim?.by.userId === userId).map(
        ({ record: { id } }) => id,
      ),
    requests: async ({ ticketId, status }, limit, cursor, maxBytes) =>
      pageOf(
        requestsWhere(
          (each) => (ticketId ?? each.ticketId) === each.ticketId && (status ?? each.status) === each.status,
        ),
        bounded(limit, 1, maxPageSize),
        cursor,
        maxBytes,
      ),
    inbox: async (owner, filter, order: InboxOrder, limit, cursor) => {
      const compare = comparisons[order];
      const place = decodeInboxCursor(order, cursor);
      const entries = inboxOf(owner, filter)
        .map((write) => ({ ...entryOf(write, numberOf(write.record.id)), record: write.record }))
        .filter((entry) => compare(entry, place) > 0)
        .sort(compare);
      const size = bounded(limit, 1, maxPageSize);
      const { shown, hasMore } = firstPage(entries, size, ({ record: each }) => sizeOf(each));
      const last = hasMore && shown.at(-1);
      return {
        items: shown.map(({ record: each }) => copy(each)),
        ...(last && { nextCursor: encodeInboxCursor(order, last) }),
      };
    },
    inboxCounts: async (owner, filter) =>
      countsOf([''], () => inboxOf(owner, filter).map((write) => entryOf(write, numberOf(write.record.id)))),
    dueRequests: async (until, limit) =>
      due(until, opened())
        .slice(0, bounded(limit))
        .map(({ record: { id, ticketId } }) => ({ id, ticketId })),
    nextDue: async (after) => due(Infinity, opened()).find(({ dueAt = 0 }) => dueAt > after)?.dueAt,
    audit: async ({ ticketId, requestId }, limit, cursor) => {
      const after = decodeNumber(cursor);
      const wanted = opened()
        .ticket(ticketId)
        .audit.filter((entry) => entry.n > after && (requestId ?? entry.requestId) === entry.requestId);
      const { shown, hasMore } = firstPage(wanted, bounded(limit, 1, maxPageSize), sizeOf);
      const last = hasMore && shown.at(-1);
      return { items: copy(shown), ...(last && { nextCursor: encodeNumber(last.n) }) };
    },
    grant: async (id) => copy(opened().grants.get(id)),
    liveGrants: async (covers, now, limit) => {
      const all = [...opened().grants.values()].filter((grant) => covers.includes(grant.covers));
      return copy(all.filter(live(now)).sort(byEnd).slice(0, bounded(limit)));
    },
    grants: async ({ ticketId, liveAt }, limit, cursor) => {
      const all = [...opened().grants.values()].filter(
        (grant) => (ticketId ?? grant.ticketId) === grant.ticketId,
      );
      const wanted = liveAt === undefined ? all : all.filter(live(liveAt));
      const placeOf = ({ createdAt, expiresAt, id }: GrantRecord): Place => {
        return { createdAt: liveAt === undefined ? createdAt : expiresAt, id };
      };
      return page(wanted, placeOf, bounded(limit, 1, maxPageSize), cursor);
    },
    grantUses: async (grantId, limit, cursor) =>
      pageOf(
        requestsWhere((each) => each.usedGrant?.id === grantId),
        bounded(limit, 1, maxPageSize),
        cursor,
      ),
    dropGrants: async (endedBefore, limit) => {
      opened();
      record({ endedBefore, limit: bounded(limit) });
    },
    deliveries: async (channel, limit) =>
      [...opened().deliveries.values()]
        .filter((each) => each.channel === channel && each.dueAt !== undefined)
        .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0) || (a.requestId < b.requestId ? -1 : 1))
        .slice(0, bounded(limit))
        .map(({ dueAt = 0, ...each }) => ({ ...each, dueAt })),
    noteDelivery: async (tried, outcome) => {
      opened();
      return record({ tried, outcome });
    },
    deadDeliveries: async (limit) =>
      opened()
        .dead()
        .slice(0, bounded(limit))
        .map(({ deadAt = 0, error = '', ...each }) => ({ ...each, deadAt, error })),
    processedFrame: async (userId, frameId) => copy(opened().frames.get(userId)?.get(frameId)),
  };
}

/** The page behind the cursor of items that have a place each. */
function page<T>(
  items: T[],
  placeOf: (item: T) => Place,
  size: number,
  cursor?: string,
  maxBytes?: number,
): Page<T> {
  const after = decodeCursor(cursor);
  const compare = (a: Place, b: Place) =>
    a.createdAt - b.createdAt || (a.id < b.id ? -1 : Number(a.id > b.id));
  const wanted = items
    .filter((item) => compare(placeOf(item), after) > 0)
    .sort((a, b) => compare(placeOf(a), placeOf(b)));
  const { shown, hasMore } = firstPage(wanted, size, sizeOf, maxBytes);
  const last = hasMore && shown.at(-1);
  return { items: copy(shown), ...(last && { nextCursor: encodeCursor(placeOf(last)) }) };
}

/** A message without its revisions. */
function alone(message: Message): Message {
  return { ...copy(message), revisions: [] };
}

function due(until: number, { requests }: Contents): RequestWrite[] {
  const found = [...requests.values()].filter(({ dueAt }) => dueAt !== undefined && dueAt <= until);
  return found.sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0) || (a.record.id < b.record.id ? -1 : 1));
}

function byEnd(a: GrantRecord, b: GrantRecord): number {
  return a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1);
}
