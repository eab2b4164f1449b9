/** One commit written to memory: its texts are made first, which may fail; what then judges and writes it may not. */
import { HubError } from '../../errors';
import type { AuditRecord } from '../../protocol/audit';
import type { LoggedEnvelope } from '../../protocol/envelopes';
import type { MessageRecord, SessionRecord } from '../../protocol/records';
import { maxFramesPerUser, maxRevisions } from '../shared/limits';
import { toStored } from '../shared/log-parts';
import { refusal } from '../shared/preconditions';
import { answeringRequests } from '../shared/turns';
import type { Commit, CommitResult, ProcessedFrame } from '../store';
import { getOrAdd, type MemoryContents } from './contents';
import type { Stored } from './ticket';

/** A write whose texts are made, so that it cannot fail any more. */
type Write = () => void;

/**
 * Writes each commit, or refuses it.
 * @throws HubError `storage_failed` if something cannot be JSON; then nothing was written
 */
export function writeCommits(contents: MemoryContents, commits: readonly Commit[]): CommitResult[] {
  let prepared: (() => CommitResult)[];
  try {
    prepared = commits.map((commit) => prepareCommit(contents, commit));
  } catch (cause) {
    throw new HubError('storage_failed', { cause });
  }
  return prepared.map((write) => write());
}

/** Makes every text of the commit; what it returns judges the commit and writes it, or leaves no trace. */
function prepareCommit(contents: MemoryContents, commit: Commit): () => CommitResult {
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
    journal = [],
    waits = [],
    state,
    envelopes,
    frame,
  } = commit;
  const { turns: storedTurns } = contents;
  const turnWrites: Write[] = [
    ...turns.map((turn) => storedTurns.prepare(turn)),
    ...(state ? [storedTurns.prepareState(state)] : []),
  ];
  const appends = journal.map((entry) => storedTurns.prepareEntry(entry, at));
  const writes: Write[] = [
    ...sessions.map((session) => prepareSession(contents, session)),
    ...messages.map((message) => prepareMessage(contents, message)),
    ...requests.map((request) => contents.requests.prepare(request)),
    ...audit.map((record) => prepareAudit(contents, record)),
    ...grants.map((grant) => contents.grants.prepare(grant, at)),
    ...deliveries.map((write) => () => contents.deliveries.write(write, at)),
    ...(frame ? [prepareFrame(contents, frame)] : []),
  ];
  const bodies = envelopes.map((envelope) => ({ envelope, stored: toStored(envelope) }));
  return () => {
    const refused = refusal(commit, contents.stored);
    if (refused) return refused;
    for (const write of turnWrites) write();
    const entries = appends.flatMap((append) => append());
    for (const write of writes) write();
    for (const { turnId, requestId } of waits) storedTurns.wait(turnId, requestId);
    for (const requestId of answeringRequests(commit)) {
      if (contents.requests.isSettled(requestId)) entries.push(...storedTurns.answer(requestId, at));
    }
    const ticket = contents.ticket(ticketId);
    const logged = bodies.map(({ envelope, stored }): LoggedEnvelope => {
      return { ...envelope, ticket_id: ticketId, epoch: ticket.epoch, seq: ticket.append(at, stored) };
    });
    return { ok: true, envelopes: logged, journal: entries };
  };
}

function prepareSession(contents: MemoryContents, session: SessionRecord): Write {
  const { id, ticketId, userId, tabId, createdAt, lastActiveAt } = session;
  const next = { text: JSON.stringify(session), userId, tabId, createdAt, lastActiveAt };
  return () => put(contents.sessions, id, next, (added) => contents.ticket(ticketId).sessions.push(added));
}

function prepareMessage(contents: MemoryContents, message: MessageRecord): Write {
  const { id, ticketId, sessionId } = message;
  const text = JSON.stringify({ ...message, revisions: [] });
  const added = message.revisions.map((revision) => JSON.stringify(revision));
  return () => {
    const revisions = contents.messages.get(id)?.revisions ?? [];
    revisions.push(...added);
    revisions.splice(0, revisions.length - maxRevisions);
    put(contents.messages, id, { text, revisions }, (isNew) => {
      contents.ticket(ticketId).messages.push(isNew);
      getOrAdd(contents.messagesBySession, sessionId, () => []).push(isNew);
    });
  };
}

function prepareAudit(contents: MemoryContents, record: AuditRecord): Write {
  const { ticketId, requestId } = record;
  const text = JSON.stringify(record);
  return () => void contents.ticket(ticketId).audit.push({ requestId, text });
}

function prepareFrame(contents: MemoryContents, { userId, frameId, ack }: ProcessedFrame): Write {
  const text = JSON.stringify(ack);
  return () => {
    const frames = getOrAdd(contents.frames, userId, () => new Map<string, string>());
    frames.set(frameId, text);
    const [oldest] = frames.keys();
    if (frames.size > maxFramesPerUser && oldest !== undefined) frames.delete(oldest);
  };
}

/** Replaces in place what is stored under the id, or adds it as new. */
function put<T extends Stored>(map: Map<string, T>, id: string, next: T, isNew?: (stored: T) => void): T {
  const stored = map.get(id);
  if (stored) return Object.assign(stored, next);
  map.set(id, next);
  isNew?.(next);
  return next;
}
