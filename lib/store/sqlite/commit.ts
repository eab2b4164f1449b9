/** One commit written to SQLite; the store calls it for each commit of a group, inside the group's transaction. */
import type { LoggableEnvelope, LoggedEnvelope } from '../../protocol/envelopes';
import type { GrantRecord, Millis } from '../../protocol/records';
import { afterGrantWrite, grantIdOf, holdsUntil } from '../shared/grant-writes';
import { frameSlack, maxFramesPerUser } from '../shared/limits';
import { toStored } from '../shared/log-parts';
import { type Lookup, refusal } from '../shared/preconditions';
import type { Commit, CommitResult, GrantWrite, ProcessedFrame, RequestWrite } from '../store';
import { listingOf, relist } from './inbox';
import { writeMessage } from './messages';
import { parseRow } from './rows';
import type { Statements, TicketRow } from './statements';
import { answerTurns, appendToJournals, fencedTurn, writeTurns } from './turns';

/** Writes the commit, or nothing if it must be refused. */
export type WriteCommit = (commit: Commit) => CommitResult;

/** @param epochOf the epoch of a log that begins */
export function commitWriter(s: Statements, epochOf: (ticketId: string) => string): WriteCommit {
  const stored: Lookup = {
    ack: (userId, frameId) => {
      const row = s.frame.get(userId, frameId);
      return row && parseRow('frames', row);
    },
    version: (id) => s.requestVersion.get(id)?.version ?? 0,
    holder: (ticketId, key) => s.keyHolder.get(ticketId, key)?.id,
    grant: (id) => storedGrant(s, id),
    turn: (id) => fencedTurn(s, id),
  };
  return (commit) => {
    const refused = refusal(commit, stored);
    if (refused) return refused;
    writeTurns(s, commit);
    const journal = appendToJournals(s, commit);
    for (const write of commit.requests ?? []) writeRequest(s, write);
    journal.push(...answerTurns(s, commit));
    for (const write of commit.grants ?? []) writeGrant(s, write, commit.at);
    writeRecords(s, commit);
    for (const { channel, requestId, event, version } of commit.deliveries ?? []) {
      s.putDelivery.run(channel, requestId, event, version, commit.at);
    }
    for (const record of commit.audit ?? []) {
      s.addAudit.run(record.ticketId, record.ticketId, record.requestId, JSON.stringify(record));
    }
    if (commit.frame) rememberFrame(s, commit.frame);
    return { ok: true, envelopes: appendToLog(s, commit, epochOf), journal };
  };
}

function writeRequest(s: Statements, write: RequestWrite): void {
  const { record, snapshot = null, version } = write;
  const dueAt = write.dueAt ?? null;
  const { id, ticketId, sessionId, turnId = null, key = null, status, createdAt, usedGrant } = record;
  const claimedBy = record.claim?.by.userId ?? null;
  const texts = [claimedBy, listingOf(write), JSON.stringify(record), JSON.stringify(snapshot)] as const;
  relist(s, write, version > 0 ? (s.listing.get(id)?.inbox ?? null) : null, texts[1]);
  if (version > 0) s.setRequest.run(status, key, version + 1, dueAt, ...texts, id);
  else {
    const born = [id, ticketId, sessionId, turnId, key, usedGrant?.id ?? null] as const;
    s.addRequest.run(...born, status, 1, dueAt, createdAt, ...texts);
  }
}

function writeGrant(s: Statements, write: GrantWrite, at: Millis): void {
  const grant = afterGrantWrite(storedGrant(s, grantIdOf(write)), write, at);
  if (!grant) return;
  const { id, ticketId, covers, createdAt, expiresAt } = grant;
  const until = holdsUntil(grant) ?? null;
  s.putGrant.run(id, ticketId, covers, createdAt, expiresAt, until, JSON.stringify(grant));
}

function storedGrant(s: Statements, id: string): GrantRecord | undefined {
  const row = s.grant.get(id);
  return row && parseRow('grants', row);
}

function writeRecords(s: Statements, { sessions = [], messages = [] }: Commit): void {
  for (const session of sessions) {
    const { id, ticketId, userId, tabId, createdAt, lastActiveAt } = session;
    s.putSession.run(id, ticketId, userId, tabId, createdAt, lastActiveAt, JSON.stringify(session));
  }
  for (const message of messages) writeMessage(s, message);
}

function rememberFrame(s: Statements, { userId, frameId, ack }: ProcessedFrame): void {
  s.addFrame.run(userId, frameId, JSON.stringify(ack));
  const count = s.countFrame.get(userId)?.n ?? 0;
  // Not each time: all of the user are looked through for it.
  if (count > maxFramesPerUser && count % frameSlack === 0)
    s.dropFrames.run(userId, userId, maxFramesPerUser);
}

function appendToLog(
  s: Statements,
  { ticketId, at, envelopes }: Commit,
  epochOf: (ticketId: string) => string,
): LoggedEnvelope[] {
  if (envelopes.length === 0) return [];
  const { epoch, seq: last } = advance(s, ticketId, envelopes.length, epochOf);
  let seq = last - envelopes.length;
  return envelopes.map((envelope: LoggableEnvelope) => {
    seq += 1;
    const { body, parts } = toStored(envelope);
    s.append.run(ticketId, seq, at, body);
    for (const [name, text] of parts) storePart(s, ticketId, name, text, seq);
    return { ...envelope, ticket_id: ticketId, epoch, seq };
  });
}

function storePart(s: Statements, ticketId: string, name: string, text: string, seq: number): void {
  if (s.usePart.get(seq, ticketId, name)) return;
  s.addPart.run(ticketId, name, seq);
  s.addPartText.run(ticketId, name, text);
}

/** Moves the end of the ticket's log; begins the log if this is its first envelope. */
function advance(
  s: Statements,
  ticketId: string,
  by: number,
  epochOf: (ticketId: string) => string,
): TicketRow {
  const moved = s.advance.get(by, ticketId);
  if (moved) return moved;
  s.addTicket.run(ticketId, epochOf(ticketId));
  return advance(s, ticketId, by, epochOf);
}
