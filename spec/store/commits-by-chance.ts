/** Commits by chance, several in a call, of which a store must refuse some: of everything that a commit can have, about what was written before. */
import { type AuditRecord, auditEventSchema, viaSchema } from '../../lib/protocol/audit';
import { grantState } from '../../lib/protocol/grants';
import type { MessageRecord, Millis, SessionRecord } from '../../lib/protocol/records';
import type { Commit, DeliveryWrite, GrantWrite, RequestWrite } from '../../lib/store/store';
import { type Chance, given, people } from './chance';
import { EnvelopesByChance } from './envelopes-by-chance';
import { RequestsByChance } from './requests-by-chance';
import { TurnsByChance } from './turns-by-chance';
import type { Written } from './written';

export const channels = ['slack', 'email', `pager:"1"'`] as const;
/** What grants are found by. */
export const covers = ['sha256:a', 'sha256:b', `sha256:"c"'`] as const;
const keys = ['key', `k:"2"'`, '🔑', 'long'.repeat(60)] as const;

export class CommitsByChance {
  private readonly requests: RequestsByChance;
  private readonly envelopes: EnvelopesByChance;
  private readonly turns: TurnsByChance;
  /** The requests that earlier commits of the same call have changed. */
  private inCall = new Map<string, RequestWrite>();

  constructor(
    private readonly chance: Chance,
    private readonly written: Written,
  ) {
    this.requests = new RequestsByChance(chance, written);
    this.envelopes = new EnvelopesByChance(chance, written);
    this.turns = new TurnsByChance(chance, written);
  }

  /** Those of one call. */
  next(): Commit[] {
    this.inCall = new Map();
    return this.chance.several(1, this.chance.is(0.5) ? 1 : 5, () => this.commit());
  }

  private commit(): Commit {
    const { chance, written } = this;
    written.now += chance.is(0.3) ? 0 : chance.from(1, 900);
    const ticketId = chance.one(written.tickets);
    const requests = chance.is(0.7) ? this.requestWrites(ticketId) : [];
    const isClockBack = requests.length === 0 && chance.is(0.1);
    const at = isClockBack ? written.now - chance.from(1, 3_000) : written.now;
    const frame = chance.maybe(0.25, () => (chance.is(0.2) ? chance.any(written.frames) : this.frame()));
    const commit: Commit = {
      ticketId,
      at,
      envelopes: [],
      requests,
      ...given({
        sessions: chance.maybe(0.2, () => chance.several(1, 2, () => this.session(ticketId))),
        messages: chance.maybe(0.4, () => chance.several(1, 3, () => this.message(ticketId))),
        turns: chance.maybe(0.3, () => this.turnRecords(ticketId)),
        audit: this.audit(ticketId, requests, at),
        grants: chance.maybe(0.3, () => chance.several(1, 2, () => this.grant(ticketId, at))),
        deliveries: chance.maybe(0.25, () => chance.several(1, 3, () => this.delivery(requests))),
        fence: chance.maybe(0.15, () => this.turns.fence(ticketId)),
        frame,
      }),
      ...(chance.is(0.4) && this.turns.writes(ticketId)),
    };
    return { ...commit, envelopes: this.envelopes.of(commit) };
  }

  private requestWrites(ticketId: string): RequestWrite[] {
    const { chance } = this;
    const writes = chance.several(1, chance.is(0.7) ? 1 : 4, () => this.requestWrite(ticketId));
    return chance.is(0.08) ? [...writes, ...this.takeover(ticketId)] : writes;
  }

  private requestWrite(ticketId: string): RequestWrite {
    const { chance, requests } = this;
    const stored = chance.is(0.6) ? this.anyRequest(ticketId) : undefined;
    if (!stored) return this.put(requests.born(ticketId, this.key()), 0);
    const changed = requests.changed(stored.record);
    if (chance.is(0.04)) return requests.write(changed, stored.version + chance.one([-1, 1]));
    return this.put(changed, stored.version);
  }

  /** A key that goes from one request to another: with the end of the first, or because that gives it up. */
  private takeover(ticketId: string): RequestWrite[] {
    const { chance, requests, written } = this;
    const holders = written.requestsIn(ticketId).filter(({ record }) => {
      return record.key !== undefined && record.status !== 'superseded' && !this.inCall.has(record.id);
    });
    const holder = chance.any(holders);
    if (!holder) return [];
    const { key, ...keyless } = holder.record;
    const over = chance.is(0.5)
      ? keyless
      : { ...holder.record, status: 'superseded' as const, reason: 'replaced' };
    const writes = [this.put(over, holder.version), this.put(requests.born(ticketId, key), 0)];
    return chance.is(0.9) ? writes : writes.toReversed();
  }

  private key(): string | undefined {
    const { chance } = this;
    return chance.maybe(0.3, () =>
      chance.is(0.3) ? chance.one(keys) : `${chance.one(keys)}${chance.hex(3)}`,
    );
  }

  private put(record: RequestWrite['record'], version: number): RequestWrite {
    const write = this.requests.write(record, version);
    this.inCall.set(record.id, { ...write, version: version + 1 });
    return write;
  }

  /** Mostly one of the last, so that a story comes of it. */
  private anyRequest(ticketId: string): RequestWrite | undefined {
    const { chance, written } = this;
    const all = written.requestsIn(ticketId).map((write) => this.inCall.get(write.record.id) ?? write);
    const fresh = [...this.inCall.values()].filter(({ record }) => record.ticketId === ticketId);
    if (chance.is(0.2) && fresh.length > 0) return chance.one(fresh);
    return chance.any(chance.is(0.7) ? all.slice(-6) : all);
  }

  private session(ticketId: string): SessionRecord {
    const { chance, written } = this;
    const known = chance.is(0.4) ? chance.any(written.sessionsIn(ticketId)) : undefined;
    // Often active at the same time as another.
    const lastActiveAt = Math.floor(written.now / 1_000) * 1_000;
    if (known) return { ...known, lastActiveAt };
    return {
      id: chance.id('session', written.now),
      ticketId,
      source: chance.one(['web', 'cli', 'slack', 'system']),
      userId: chance.one(people).userId,
      tabId: chance.one(['tab', `tab:"2"'`]),
      createdAt: Math.floor(written.now / 2_000) * 2_000,
      lastActiveAt,
    };
  }

  private message(ticketId: string): MessageRecord {
    const { chance, written } = this;
    const known = chance.is(0.6) ? chance.any(written.messagesIn(ticketId).slice(-4)) : undefined;
    if (known) return this.updated(known);
    return {
      id: chance.id('message', written.now),
      ticketId,
      sessionId: chance.any(written.sessionsIn(ticketId).slice(-3))?.id ?? 'no session',
      type: chance.one(['user', 'trace', 'plan', 'response', 'warning']),
      content: chance.text(),
      createdAt: written.now,
      revisions: [],
      ...given({
        turnId: chance.maybe(0.4, () => chance.any(written.turnsIn(ticketId))?.id),
        author: chance.maybe(0.6, () => chance.one(people)),
        isStreaming: chance.maybe(0.2, () => true as const),
      }),
    };
  }

  private updated(message: MessageRecord): MessageRecord {
    const { chance, written } = this;
    const { isStreaming: _isStreaming, ...whole } = message;
    const growing = { ...message, content: message.content + chance.text(), isStreaming: true as const };
    if (message.isStreaming && chance.is(0.6)) return { ...growing, revisions: [] };
    const replaced = { content: message.content, updatedAt: message.updatedAt ?? message.createdAt };
    // What somebody brings who has kept many.
    const many = chance.is(0.1) ? chance.from(30, 120) : chance.from(0, 1);
    const revisions = Array.from({ length: many }, (_, n) =>
      n === 0 ? replaced : { content: `${n}`, updatedAt: n },
    );
    return { ...whole, content: chance.text(), updatedAt: written.now, revisions };
  }

  private turnRecords(ticketId: string) {
    const { chance, written, turns } = this;
    return chance.several(1, 2, () => {
      const known = chance.is(0.6) ? chance.any(written.turnsIn(ticketId)) : undefined;
      return known
        ? turns.changed(known)
        : turns.born(ticketId, chance.any(written.sessionsIn(ticketId))?.id ?? 'no session');
    });
  }

  private audit(ticketId: string, requests: readonly RequestWrite[], at: Millis): AuditRecord[] {
    const { chance, written } = this;
    const stored = chance.maybe(0.2, () => chance.any(written.requestsIn(ticketId)));
    return [...chance.some(requests, 0.9), ...(stored ? [stored] : [])].map(({ record, version }) => {
      const event = version === 0 && chance.is(0.9) ? 'requested' : chance.one(auditEventSchema.options);
      const { id: requestId, status, revision, digest } = record;
      return {
        ...{ ticketId, requestId, at, event, status, revision, digest },
        toState: `${status}.open`,
        via: chance.one(viaSchema.options),
        ...given({
          by: chance.maybe(0.7, () => chance.one(people)),
          fromState: version === 0 ? undefined : 'pending.open',
          from: chance.maybe(0.4, () => chance.one(['192.0.2.1', '2001:db8::1'])),
          display: event === 'requested' || event === 'amended' ? record.display : undefined,
          verdict: chance.maybe(0.2, () => chance.one(['approved', 'denied'] as const)),
          comment: chance.maybe(0.2, () => chance.text()),
          response: chance.maybe(0.2, () => record.response ?? chance.fields()),
          reason: chance.maybe(0.2, () => record.reason ?? chance.text()),
          approvedDigest: record.approvedDigest,
          grantId: chance.maybe(0.1, () => chance.any(written.grants.keys())),
          ...(event === 'refused' && { code: 'not_allowed' as const, rule: chance.text() }),
        }),
      };
    });
  }

  private grant(ticketId: string, at: Millis): GrantWrite {
    const { chance, written } = this;
    const last = [...written.grants.values()].slice(-8);
    const live = last.filter((grant) => grantState(grant, at) === 'live');
    const id = chance.is(0.6) ? chance.any(chance.is(0.75) ? live : last)?.id : undefined;
    if (id !== undefined)
      return chance.is(0.75) ? { type: 'use', id } : { type: 'revoke', id, by: chance.one(people) };
    const again = chance.is(0.05) ? chance.any(written.grants.keys()) : undefined;
    const grant = {
      id: again ?? chance.growingId(written.now),
      toolName: 'block_ip',
      scope: chance.one(['ticket', 'everywhere'] as const),
      args: chance.one(['exact', 'any'] as const),
      ticketId,
      requestId: chance.any(written.requests.keys()) ?? 'not asked',
      givenBy: chance.several(1, 2, () => chance.one(people)),
      policy: {},
      covers: chance.one(covers),
      createdAt: at,
      expiresAt: written.nextSecond + chance.from(0, 9) * 1_000,
      used: 0,
      ...given({
        uses: chance.maybe(0.6, () => chance.from(1, 3)),
        toolArgs: chance.maybe(0.5, () => chance.fields()),
      }),
    };
    return { type: 'give', grant };
  }

  private delivery(requests: readonly RequestWrite[]): DeliveryWrite {
    const { chance, written } = this;
    const before = chance.is(0.5) ? chance.any(written.deliveries.slice(-8)) : undefined;
    const about = chance.any(requests) ?? chance.any([...written.requests.values()].slice(-6));
    if (before)
      return { ...before, event: chance.one(['update', 'update', 'settle']), version: before.version + 1 };
    return {
      channel: chance.one(channels),
      requestId: about?.record.id ?? 'not asked',
      event: chance.one(['present', 'present', 'update', 'settle']),
      version: (about?.version ?? 0) + 1,
    };
  }

  private frame() {
    const { chance } = this;
    const [userId, frameId] = [chance.one(people).userId, `${chance.hex(6)}${chance.one(['', ':"', '🚑'])}`];
    return { userId, frameId, ack: { event: 'ack', ...chance.fields() } };
  }
}
