/** What the memory store holds of one ticket, except its requests and turns: the log, sessions and messages. */
import type { AuditEntry } from '../../protocol/audit';
import type { LoggableEnvelope } from '../../protocol/envelopes';
import type { MessageRecord, Millis, SessionRecord } from '../../protocol/records';
import { encodeNumber } from '../shared/cursor';
import { maxPageBytes } from '../shared/limits';
import { fromStored, type StoredEnvelope } from '../shared/log-parts';
import { bytesOfText, firstPage } from '../shared/page';
import type { LogPosition, Page } from '../store';

/** A record as JSON; updated in place, so that every list it is in has the newest. */
export interface Stored {
  text: string;
}

/** A session with what it is found by. */
export type StoredSession = Stored & Pick<SessionRecord, 'userId' | 'tabId' | 'createdAt' | 'lastActiveAt'>;

/** A message without its revisions, each of which is JSON beside it. */
export interface StoredMessage extends Stored {
  revisions: string[];
}

/** The message with its revisions. */
export function wholeMessage({ text, revisions }: StoredMessage): MessageRecord {
  return { ...JSON.parse(text), revisions: revisions.map((revision) => JSON.parse(revision)) };
}

export class MemoryTicket {
  /** The `seq` of the oldest entry. */
  private first = 1;
  private readonly entries: { at: Millis; body: string }[] = [];
  /** What entries share, by name, with the last of the log that names it. */
  private readonly parts = new Map<string, { text: string; lastSeq: number }>();

  /** Both in the order of the first commit. */
  readonly sessions: StoredSession[] = [];
  readonly messages: Stored[] = [];
  /** In the order of the commits, never shortened; the record at `index` has the number `index + 1`. */
  readonly audit: { requestId: string; text: string }[] = [];

  constructor(readonly epoch: string) {}

  position(): LogPosition {
    return { epoch: this.epoch, seq: this.first + this.entries.length - 1, first: this.first };
  }

  /** Adds an entry to the end of the log and returns its `seq`. */
  append(at: Millis, { body, parts }: StoredEnvelope): number {
    const seq = this.first + this.entries.push({ at, body }) - 1;
    for (const [name, text] of parts) this.parts.set(name, { text, lastSeq: seq });
    return seq;
  }

  /** As `Store.log`. */
  log(after: number, limit: number, maxBytes: number): (LoggableEnvelope & { seq: number })[] {
    const envelopes = this.entriesFrom(Math.max(0, after - this.first + 1));
    const { shown } = firstPage(envelopes, limit, ({ bytes }) => bytes, maxBytes);
    return shown.map(({ envelope }) => envelope);
  }

  private *entriesFrom(begin: number) {
    for (let index = begin; index < this.entries.length; index += 1)
      yield this.readEntry(this.entries[index]?.body ?? '', this.first + index);
  }

  private readEntry(body: string, seq: number) {
    let bytes = Buffer.byteLength(body);
    const envelope = fromStored(JSON.parse(body), (name) => {
      const { text } = this.parts.get(name) ?? { text: '' };
      bytes += Buffer.byteLength(text);
      return JSON.parse(text);
    });
    return { envelope: { ...envelope, seq }, bytes };
  }

  /** As `Store.audit`. */
  auditPage(after: number, size: number, requestId?: string): Page<AuditEntry> {
    const items: AuditEntry[] = [];
    let bytes = 0;
    for (let index = Math.max(0, after); index < this.audit.length; index += 1) {
      const stored = this.audit[index];
      if (!stored || (requestId !== undefined && stored.requestId !== requestId)) continue;
      bytes += bytesOfText(stored);
      const last = items.at(-1);
      if (last && (items.length >= size || bytes > maxPageBytes))
        return { items, nextCursor: encodeNumber(last.n) };
      items.push({ ...JSON.parse(stored.text), n: index + 1 });
    }
    return { items };
  }

  /** As `Store.trim`. */
  trim(keep: number, since: Millis): void {
    const old = this.entries.findLastIndex(({ at }) => at < since) + 1;
    const dropped = Math.max(old, this.entries.length - keep);
    this.entries.splice(0, dropped);
    this.first += dropped;
    for (const [name, { lastSeq }] of this.parts) if (lastSeq < this.first) this.parts.delete(name);
  }

  /** Newest activity first; of those at one time, the one begun last. */
  sessionsByActivity(limit: number): StoredSession[] {
    return this.sessions
      .toReversed()
      .sort((a, b) => b.lastActiveAt - a.lastActiveAt)
      .slice(0, limit);
  }

  /** As `Store.sessionByTab`. */
  sessionByTab(userId: string, tabId: string): StoredSession | undefined {
    return this.sessions
      .filter((session) => session.userId === userId && session.tabId === tabId)
      .reduce<StoredSession | undefined>(
        (newest, session) => (newest && newest.createdAt > session.createdAt ? newest : session),
        undefined,
      );
  }
}
