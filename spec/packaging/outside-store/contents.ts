/** What the lines of a journal come to: the part of the store in this folder that is in memory. */
import {
  type AuditEntry,
  afterGrantWrite,
  answerCall,
  answeringRequests,
  bytesOfText,
  type Commit,
  type DeliveryOutcome,
  type DeliveryWrite,
  frameSlack,
  type GrantRecord,
  grantIdOf,
  hasJournal,
  isOpen,
  type JournalEntry,
  type JournalWrite,
  type Message,
  maxDeadDeliveries,
  maxFramesPerUser,
  maxRevisions,
  type RequestWrite,
  type Session,
  type TurnRecord,
} from 'express-hitl/store';

/** One line of the file. */
export type Line =
  | { seed: string }
  | { commits: readonly Commit[] }
  | { trimmed: string; first: number }
  | { tried: DeliveryWrite; outcome: DeliveryOutcome }
  | { endedBefore: number; limit: number };

interface Ticket {
  first: number;
  log: { at: number; body: Commit['envelopes'][number] }[];
  audit: AuditEntry[];
}

interface Delivery extends DeliveryWrite {
  attempts: number;
  dueAt?: number;
  deadAt?: number;
  error?: string;
}

/** What a durable turn has beside its record. */
interface Beside {
  journal: JournalEntry[];
  state?: unknown;
  waits: Set<string>;
  answeredAt?: number | undefined;
}

/** What the lines of the file come to. */
export class Contents {
  seed = '';
  readonly tickets = new Map<string, Ticket>();
  readonly sessions = new Map<string, Session>();
  readonly turns = new Map<string, TurnRecord>();
  readonly beside = new Map<string, Beside>();
  readonly messages = new Map<string, Message>();
  readonly requests = new Map<string, RequestWrite>();
  readonly grants = new Map<string, GrantRecord>();
  readonly deliveries = new Map<string, Delivery>();
  readonly frames = new Map<string, Map<string, Record<string, unknown>>>();

  /** False for a try of a delivery that a newer one has taken the place of. */
  apply(line: Line): boolean {
    if ('seed' in line) this.seed = line.seed;
    else if ('commits' in line) for (const commit of line.commits) this.write(commit);
    else if ('trimmed' in line) {
      const ticket = this.ticket(line.trimmed);
      ticket.log.splice(0, line.first - ticket.first);
      ticket.first = line.first;
    } else if ('tried' in line) return this.note(line.tried, line.outcome);
    else {
      const ended = [...this.grants.values()].filter(({ expiresAt }) => expiresAt < line.endedBefore);
      const oldest = ended.sort((a, b) => a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1));
      for (const { id } of oldest.slice(0, line.limit)) this.grants.delete(id);
    }
    return true;
  }

  ticket(id: string): Ticket {
    return this.tickets.get(id) ?? { first: 1, log: [], audit: [] };
  }

  /** What was appended to journals. */
  write(commit: Commit): JournalEntry[] {
    const { ticketId, at, state, frame } = commit;
    for (const each of commit.sessions ?? []) this.sessions.set(each.id, each);
    for (const each of commit.turns ?? []) this.writeTurn(each);
    const stateful = state && this.withJournal(state.turnId);
    if (stateful) stateful.state = state.state;
    const entries = (commit.journal ?? []).flatMap((each) => this.append(each, at));
    for (const each of commit.messages ?? []) {
      const { revisions = [] } = this.messages.get(each.id) ?? {};
      const all = [...revisions, ...each.revisions].slice(-maxRevisions);
      this.messages.set(each.id, { ...each, revisions: all });
    }
    for (const each of commit.requests ?? [])
      this.requests.set(each.record.id, { ...each, version: each.version + 1 });
    for (const { turnId, requestId } of commit.waits ?? []) this.withJournal(turnId)?.waits.add(requestId);
    for (const id of answeringRequests(commit)) entries.push(...this.answer(id, at));
    for (const each of commit.grants ?? []) {
      const grant = afterGrantWrite(this.grants.get(grantIdOf(each)), each, at);
      if (grant) this.grants.set(grant.id, grant);
    }
    for (const each of commit.deliveries ?? []) {
      const isUnseen = this.deliveries.get(nameOf(each))?.event === 'present' && each.event === 'update';
      this.deliveries.set(nameOf(each), {
        ...each,
        event: isUnseen ? 'present' : each.event,
        attempts: 0,
        dueAt: at,
      });
    }
    const ticket = this.ticket(ticketId);
    for (const each of commit.audit ?? []) ticket.audit.push({ ...each, n: ticket.audit.length + 1 });
    for (const body of commit.envelopes) ticket.log.push({ at, body });
    if (ticket.log.length + ticket.audit.length > 0) this.tickets.set(ticketId, ticket);
    if (frame) this.remember(frame.userId, frame.frameId, frame.ack);
    return entries;
  }

  private writeTurn(turn: TurnRecord): void {
    const { id, status, run } = turn;
    const before = this.turns.get(id);
    this.turns.set(id, turn);
    const beside = this.beside.get(id) ?? { journal: [], waits: new Set() };
    if (before?.run?.leg !== run?.leg) beside.journal = [];
    if (before?.status !== 'waiting' || status !== 'waiting') beside.answeredAt = undefined;
    if (run && isOpen(status)) this.beside.set(id, beside);
    else this.beside.delete(id);
  }

  private withJournal(turnId: string): Beside | undefined {
    const turn = this.turns.get(turnId);
    return turn && hasJournal(turn) ? this.beside.get(turnId) : undefined;
  }

  private append({ turnId, call, body }: JournalWrite, at: number): JournalEntry[] {
    const beside = this.withJournal(turnId);
    const entry = { turnId, n: (beside?.journal.length ?? 0) + 1, at, call, body: body ?? null };
    beside?.journal.push(entry);
    return beside ? [entry] : [];
  }

  private answer(requestId: string, at: number): JournalEntry[] {
    const { status = 'pending' } = this.requests.get(requestId)?.record ?? {};
    if (status === 'pending') return [];
    const waiting = [...this.beside].filter(([, { waits }]) => waits.delete(requestId));
    waiting.sort(([a], [b]) => (a < b ? -1 : 1));
    return waiting.flatMap(([turnId, beside]) => {
      if (this.turns.get(turnId)?.status === 'waiting') beside.answeredAt ??= at;
      return this.append({ turnId, call: answerCall(requestId), body: null }, at);
    });
  }

  private remember(userId: string, frameId: string, ack: Record<string, unknown>): void {
    const frames = this.frames.get(userId) ?? new Map();
    this.frames.set(userId, frames.set(frameId, ack));
    if (frames.size < maxFramesPerUser + frameSlack) return;
    for (const old of [...frames.keys()].slice(0, frameSlack)) frames.delete(old);
  }

  private note(tried: DeliveryWrite, outcome: DeliveryOutcome): boolean {
    const name = nameOf(tried);
    const found = this.deliveries.get(name);
    if (found?.version !== tried.version) {
      if (found?.event === 'present' && outcome === 'delivered') found.event = 'update';
      return false;
    }
    const { dueAt: _due, ...rest } = found;
    if (outcome === 'delivered') this.deliveries.delete(name);
    else this.deliveries.set(name, { ...rest, ...outcome });
    for (const old of this.dead().slice(maxDeadDeliveries)) this.deliveries.delete(nameOf(old));
    return true;
  }

  dead(): Delivery[] {
    const dead = [...this.deliveries.values()].filter(({ deadAt }) => deadAt !== undefined);
    return dead.sort((a, b) => (b.deadAt ?? 0) - (a.deadAt ?? 0) || (nameOf(a) < nameOf(b) ? 1 : -1));
  }
}

function nameOf({ channel, requestId }: DeliveryWrite): string {
  return JSON.stringify([channel, requestId]);
}

export function sizeOf(value: unknown): number {
  return bytesOfText({ text: JSON.stringify(value) });
}

export function copy<T>(value: T): T {
  return value === undefined ? value : JSON.parse(JSON.stringify(value));
}
