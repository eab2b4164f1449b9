/** What the lines of a journal come to: the part of the store in this folder that is in memory. */
import {
  type AuditEntry,
  afterGrantWrite,
  type Commit,
  type DeliveryOutcome,
  type DeliveryWrite,
  frameSlack,
  type GrantRecord,
  grantIdOf,
  type Message,
  maxDeadDeliveries,
  maxFramesPerUser,
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

/** What the lines of the file come to. */
export class Contents {
  seed = '';
  readonly tickets = new Map<string, Ticket>();
  readonly sessions = new Map<string, Session>();
  readonly turns = new Map<string, TurnRecord>();
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

  private write(commit: Commit): void {
    const { ticketId, at, frame } = commit;
    for (const each of commit.sessions ?? []) this.sessions.set(each.id, each);
    for (const each of commit.turns ?? []) this.turns.set(each.id, each);
    for (const each of commit.messages ?? []) this.messages.set(each.id, each);
    for (const each of commit.requests ?? [])
      this.requests.set(each.record.id, { ...each, version: each.version + 1 });
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
