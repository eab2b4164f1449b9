/** The turns of the memory store, each with its journal, its state and what it waits for. */
import type { Millis, TurnRecord } from '../../protocol/records';
import { decodeNumber, encodeNumber } from '../shared/cursor';
import { bounded, maxJournalPage, maxPageSize } from '../shared/limits';
import { byText } from '../shared/order';
import { OrderedList } from '../shared/ordered-list';
import { bytesOfText, firstPage } from '../shared/page';
import type { FencedTurn } from '../shared/preconditions';
import { answerCall, bodyText, dueTimeOf, hasJournal, isOpen } from '../shared/turns';
import type { Commit, DueTurn, JournalEntry, JournalWrite, Page, TurnFilter, TurnVersion } from '../store';

type Indexed = Pick<TurnRecord, 'id' | 'ticketId' | 'sessionId' | 'status' | 'queuedAt' | 'run'>;

interface Stored extends Indexed {
  /** The record as JSON. */
  text: string;
  /** Its place in the order of the first commits, from 1. */
  n: number;
  dueAt: Millis | undefined;
  answeredAt: Millis | undefined;
  /** Each body as JSON in `text`. */
  journal: { at: Millis; call: string; text: string }[];
  /** JSON. */
  state: string | undefined;
  /** The requests it waits for. */
  waits: Set<string>;
}

type ByAge = OrderedList<Pick<Stored, 'n'>, Stored>;

export class MemoryTurns {
  private readonly all: Stored[] = [];
  private readonly byId = new Map<string, Stored>();
  /** Those that have not ended. */
  private readonly open = byAge();
  private readonly openBySession = new Map<string, ByAge>();
  private readonly openByTicket = new Map<string, ByAge>();
  private readonly due = byDueTime();
  /** The ids of the turns that wait, by request. */
  private readonly waits = new Map<string, Set<string>>();

  record(id: string): TurnRecord | undefined {
    const stored = this.byId.get(id);
    return stored && JSON.parse(stored.text);
  }

  /** As `Lookup.turn`. */
  fenced(id: string): FencedTurn | undefined {
    const stored = this.byId.get(id);
    return (
      stored && { status: stored.status, generation: stored.run?.generation, entries: stored.journal.length }
    );
  }

  /** As `Store.turns`. */
  page(filter: TurnFilter, limit: number, cursor?: string): Page<TurnRecord> {
    const size = bounded(limit, 1, maxPageSize);
    const found = listed(this.all, decodeNumber(cursor), filter);
    const { shown, hasMore } = firstPage(found, size, bytesOfText);
    const last = hasMore && shown.at(-1);
    return { items: records(shown), ...(last && { nextCursor: encodeNumber(last.n) }) };
  }

  /** As `Store.unfinishedTurns`. */
  unfinished(): Pick<TurnRecord, 'id' | 'ticketId'>[] {
    const found = [...this.open.from()].filter(({ status }) => status === 'queued' || status === 'running');
    return found.map(({ id, ticketId }) => ({ id, ticketId }));
  }

  /** As `Store.openTurns`. */
  openOfSession(sessionId: string): TurnRecord[] {
    return records(this.openBySession.get(sessionId)?.from() ?? []);
  }

  /** As in `TicketState`. */
  openOfTicket(ticketId: string): TurnRecord[] {
    return records(this.openByTicket.get(ticketId)?.from() ?? []);
  }

  /** As `Store.dueTurns`. */
  dueUntil(until: Millis, limit: number): DueTurn[] {
    const found: DueTurn[] = [];
    for (const { id, ticketId, dueAt } of this.due.from()) {
      if (found.length >= limit || (dueAt ?? 0) > until) break;
      found.push({ id, ticketId });
    }
    return found;
  }

  /** As `Store.nextDueTurn`. */
  nextDue(after: Millis): Millis | undefined {
    const [next] = this.due.from({ dueAt: after, id: lastId });
    return next?.dueAt;
  }

  /** As `Store.turnVersions`. */
  versions(): TurnVersion[] {
    const found = new Map<string | undefined, TurnVersion>();
    for (const { run, queuedAt } of this.open.from()) {
      if (!run) continue;
      const { version } = run;
      const known = found.get(version);
      const since = Math.min(queuedAt, known?.since ?? queuedAt);
      found.set(version, {
        turns: (known?.turns ?? 0) + 1,
        since,
        ...(version !== undefined && { version }),
      });
    }
    return [...found.values()].sort((a, b) => a.since - b.since);
  }

  /** As `Store.journal`. */
  journal(turnId: string, after: number, limit: number): JournalEntry[] {
    const size = bounded(limit, 0, maxJournalPage);
    const begin = Math.max(0, after);
    const entries = this.byId.get(turnId)?.journal.slice(begin, begin + size) ?? [];
    const { shown } = firstPage(entries, size, bytesOfText);
    return shown.map((entry, index) => entryOf(turnId, begin + index + 1, entry));
  }

  /** As `Store.turnState`. */
  state(turnId: string): unknown {
    const { state } = this.byId.get(turnId) ?? {};
    return state === undefined ? undefined : JSON.parse(state);
  }

  /** Makes the text, which may fail; what it returns puts the turn in its place, which may not. */
  prepare(turn: TurnRecord): () => void {
    const { id, ticketId, sessionId, status, queuedAt, run } = turn;
    const text = JSON.stringify(turn);
    // Of the caller's object nothing is stored.
    const indexed: Indexed = { id, ticketId, sessionId, status, queuedAt, ...(run && { run: { ...run } }) };
    return () => {
      const stored = this.byId.get(id) ?? this.add({ ...indexed, text });
      this.unlist(stored);
      if (stored.run?.leg !== run?.leg) stored.journal = [];
      if (stored.status !== 'waiting' || status !== 'waiting') stored.answeredAt = undefined;
      Object.assign(stored, { run: undefined, ...indexed, text });
      if (!isOpen(status)) this.clear(stored);
      stored.dueAt = dueTimeOf(stored, stored.answeredAt);
      this.list(stored);
    };
  }

  /** As `prepare`; what it returns appends the entry, unless the turn has no journal. */
  prepareEntry({ turnId, call, body }: JournalWrite, at: Millis): () => JournalEntry[] {
    const text = bodyText(body);
    return () => this.append(turnId, { at, call, text });
  }

  /** As `prepare`; what it returns stores the state, unless the turn has none. */
  prepareState({ turnId, state }: NonNullable<Commit['state']>): () => void {
    const text = JSON.stringify(state);
    return () => {
      const stored = this.withJournal(turnId);
      if (stored) stored.state = text;
    };
  }

  wait(turnId: string, requestId: string): void {
    const stored = this.withJournal(turnId);
    if (!stored) return;
    stored.waits.add(requestId);
    this.waits.set(requestId, (this.waits.get(requestId) ?? new Set()).add(turnId));
  }

  /** Appends the answer to the journals of those who wait for this request. */
  answer(requestId: string, at: Millis): JournalEntry[] {
    const turnIds = [...(this.waits.get(requestId) ?? [])].sort(byText);
    this.waits.delete(requestId);
    return turnIds.flatMap((id) => {
      const stored = this.byId.get(id);
      stored?.waits.delete(requestId);
      if (stored?.status === 'waiting') {
        this.unlist(stored);
        stored.answeredAt ??= at;
        stored.dueAt = Math.min(at, stored.dueAt ?? at);
        this.list(stored);
      }
      return this.append(id, { at, call: answerCall(requestId), text: bodyText(null) });
    });
  }

  private append(turnId: string, entry: Stored['journal'][number]): JournalEntry[] {
    const stored = this.withJournal(turnId);
    return stored ? [entryOf(turnId, stored.journal.push(entry), entry)] : [];
  }

  private withJournal(turnId: string): Stored | undefined {
    const stored = this.byId.get(turnId);
    return stored && hasJournal(stored) ? stored : undefined;
  }

  private add(born: Indexed & { text: string }): Stored {
    const n = this.all.length + 1;
    const stored: Stored = {
      ...born,
      n,
      dueAt: undefined,
      answeredAt: undefined,
      journal: [],
      state: undefined,
      waits: new Set(),
    };
    this.all.push(stored);
    this.byId.set(stored.id, stored);
    return stored;
  }

  /** Of a turn that has ended nothing but the record stays. */
  private clear(stored: Stored): void {
    stored.journal = [];
    stored.state = undefined;
    for (const requestId of stored.waits) {
      const turnIds = this.waits.get(requestId);
      turnIds?.delete(stored.id);
      if (turnIds?.size === 0) this.waits.delete(requestId);
    }
    stored.waits.clear();
  }

  private list(stored: Stored): void {
    if (stored.dueAt !== undefined) this.due.add(stored);
    if (!isOpen(stored.status)) return;
    for (const list of this.openLists(stored)) list.add(stored);
  }

  private unlist(stored: Stored): void {
    this.due.remove(stored);
    for (const list of this.openLists(stored)) list.remove(stored);
    // Sessions end, and there is no end of sessions.
    if (!this.openBySession.get(stored.sessionId)?.first()) this.openBySession.delete(stored.sessionId);
    if (!this.openByTicket.get(stored.ticketId)?.first()) this.openByTicket.delete(stored.ticketId);
  }

  private openLists({ sessionId, ticketId }: Stored): ByAge[] {
    return [this.open, listUnder(this.openBySession, sessionId), listUnder(this.openByTicket, ticketId)];
  }
}

function* listed(all: readonly Stored[], after: number, filter: TurnFilter): Iterable<Stored> {
  const { ticketId, status, version } = filter;
  for (let index = Math.max(0, after); index < all.length; index += 1) {
    const stored = all[index];
    if (
      !stored ||
      (ticketId ?? stored.ticketId) !== stored.ticketId ||
      (status ?? stored.status) !== stored.status
    )
      continue;
    if (version === undefined || stored.run?.version === version) yield stored;
  }
}

function entryOf(turnId: string, n: number, { at, call, text }: Stored['journal'][number]): JournalEntry {
  return { turnId, n, at, call, body: JSON.parse(text) };
}

function records(stored: Iterable<Stored>): TurnRecord[] {
  return Array.from(stored, ({ text }) => JSON.parse(text));
}

function listUnder(lists: Map<string, ByAge>, name: string): ByAge {
  const list = lists.get(name) ?? byAge();
  lists.set(name, list);
  return list;
}

function byAge(): ByAge {
  return new OrderedList((a, b) => a.n - b.n);
}

function byDueTime(): OrderedList<Pick<Stored, 'dueAt' | 'id'>, Stored> {
  return new OrderedList((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0) || byText(a.id, b.id));
}

/** After every id, which none begins with. */
const lastId = '\uffff';
