/** One commit written to SQLite; the store calls it for each commit of a group, inside the group's transaction. */
import type { LoggedEnvelope } from '../../protocol/envelopes';
import { type Lookup, refusal } from '../shared/preconditions';
import type { Commit, CommitResult } from '../store';
import { appendToAudit } from './audit';
import { Frames } from './frames';
import { storedGrant, writeGrant } from './grants';
import { answerTurns, appendToJournals, fencedTurn } from './journals';
import { appendToLog, messageEntries, type Written, type WrittenRequest } from './log';
import { writeMessage } from './message-writes';
import { type AuditSpan, writeRequest } from './requests';
import { parseRow } from './rows';
import { writeSession } from './sessions';
import type { Tables } from './tables';
import { writeTurns } from './turns';

export class CommitWriter {
  private readonly frames: Frames;
  private readonly stored: Lookup;

  constructor(private readonly tables: Tables) {
    const { s } = tables;
    this.frames = new Frames(s);
    this.stored = {
      ack: (userId, frameId) => {
        const row = s.frame.get(userId, frameId);
        return row && parseRow('frames', row);
      },
      version: (id) => s.requestVersion.get(id)?.version ?? 0,
      holder: (ticketId, key) => {
        const ticket = tables.foundTicket(ticketId);
        return ticket === undefined ? undefined : s.keyHolder.get(ticket, key)?.id;
      },
      grant: (id) => storedGrant(tables, id),
      turn: (id) => fencedTurn(s, id),
    };
  }

  /** Writes the commit, or nothing if it must be refused. */
  write(commit: Commit): CommitResult {
    const refused = refusal(commit, this.stored);
    if (refused) return refused;
    const { tables } = this;
    const { s } = tables;
    const { ticketId, at, envelopes, frame } = commit;
    const ticket = tables.tickets.get(ticketId);
    const { epoch, seq } = ticket;
    const spans = this.audit(commit);
    writeTurns(tables, commit);
    const journal = appendToJournals(s, commit);
    const requests = this.requests(commit, spans);
    journal.push(...answerTurns(s, commit));
    for (const write of commit.grants ?? []) writeGrant(tables, write, at);
    for (const session of commit.sessions ?? []) writeSession(tables, session);
    const entries = messageEntries(commit, seq);
    const messages = new Map<string, number>();
    for (const message of commit.messages ?? []) {
      messages.set(message.id, writeMessage(tables, message, entries.get(message.id)?.seq ?? null));
    }
    for (const { channel, requestId, event, version } of commit.deliveries ?? []) {
      s.putDelivery.run(channel, requestId, event, version, at);
    }
    if (frame) this.frames.remember(frame, at);
    appendToLog(tables, commit, ticket.n, seq, { requests, messages }, entries);
    ticket.seq += envelopes.length;
    const logged = envelopes.map((envelope, index): LoggedEnvelope => {
      return { ...envelope, ticket_id: ticketId, epoch, seq: seq + 1 + index };
    });
    return { ok: true, envelopes: logged, journal };
  }

  /** Forgets what was remembered of a transaction that is rolled back. */
  forget(): void {
    this.tables.forget();
    this.frames.forget();
  }

  private audit({ audit = [] }: Commit): Map<string, AuditSpan> {
    const spans = new Map<string, AuditSpan>();
    for (const record of audit) {
      appendToAudit(this.tables, this.tables.tickets.get(record.ticketId), record, spans);
    }
    return spans;
  }

  private requests({ requests = [] }: Commit, spans: ReadonlyMap<string, AuditSpan>): Written['requests'] {
    const written = new Map<string, WrittenRequest>();
    const { tables } = this;
    for (const write of requests) {
      const { record } = write;
      const ticket = tables.tickets.get(record.ticketId);
      const row = writeRequest(tables, write, ticket.n, ticket.seq, spans.get(record.id));
      written.set(record.id, { ...row, record });
    }
    for (const [requestId, [first, last]] of spans) {
      if (!written.has(requestId)) tables.s.noteAudit.run(first, last, requestId);
    }
    return written;
  }
}
