/** Requests by chance: new ones of every kind, and what may become of one that is stored. */
import { answerersOf } from '../../lib/actors/answerers';
import type {
  AnswerPolicy,
  Claim,
  CountedVerdict,
  Display,
  Execution,
  GrantRecord,
  People,
  RequestRecord,
  RequestStatus,
} from '../../lib/protocol/records';
import type { RequestWrite } from '../../lib/store/store';
import { type Chance, given, groups, people } from './chance';
import type { Written } from './written';

/** The share of writes of requests without what restores their actor. */
export const withoutSnapshot = 0.2;

const kinds = [
  'tool_approval',
  'tool_approval',
  'tool_approval',
  'question',
  'severity',
  `form:"x"'`,
] as const;
const tools = ['block_ip', 'question', `tool:"x"'`] as const;
const ends = ['approved', 'denied', 'expired', 'cancelled', 'superseded'] as const;

/** What is large in requests is alike in many of them. */
class Repeating<T> {
  private readonly made: T[] = [];

  constructor(private readonly make: () => T) {}

  next(chance: Chance): T {
    const again = chance.is(0.25) ? chance.any(this.made) : undefined;
    if (again !== undefined) return again;
    const made = this.make();
    this.made.push(made);
    return made;
  }
}

export class RequestsByChance {
  private readonly argumentsAsked = new Repeating(() => this.chance.fields());
  private readonly displays = new Repeating(() => this.display());
  private readonly schemas = new Repeating(() => ({ type: 'object', properties: this.chance.fields() }));
  private readonly policies = new Repeating(() => this.policy());

  constructor(
    private readonly chance: Chance,
    private readonly written: Written,
  ) {}

  /** A request that nobody has asked before. */
  born(ticketId: string, key: string | undefined): RequestRecord {
    const { chance, written } = this;
    const grant = chance.maybe(0.15, () => chance.any(written.grants.values()));
    const pending = chance.is(0.93) && !grant;
    return {
      id: chance.growingId(written.now),
      ticketId,
      sessionId: chance.any(written.sessionsIn(ticketId))?.id ?? 'no session',
      ...given({
        turnId: chance.maybe(0.5, () => chance.any(written.turnsIn(ticketId))?.id),
        messageId: chance.maybe(0.3, () => chance.any(written.messagesIn(ticketId))?.id ?? 'none'),
        key,
        detached: chance.maybe(0.1, () => true),
        expiresAt: chance.maybe(0.5, () => (Math.ceil(written.now / 10_000) + chance.from(0, 1)) * 10_000),
        usedGrant: grant && { id: grant.id, givenBy: grant.givenBy },
        termsDigest: key && chance.digest(),
        policyDigest: chance.maybe(0.2, () => chance.digest()),
      }),
      ...this.shown(),
      revision: 1,
      status: pending ? 'pending' : grant ? 'approved' : chance.one(ends),
      userId: chance.one(people).userId,
      createdAt: written.now,
      policy: this.policies.next(chance),
      stage: 0,
      verdicts: [],
    };
  }

  /** What may become of it, one or two things at once; when it expires stays, as whose it is. */
  changed(record: RequestRecord): RequestRecord {
    const once = this.change(record);
    return this.chance.is(0.2) ? this.change(once) : once;
  }

  /** @param version the one that is stored */
  write(record: RequestRecord, version: number): RequestWrite {
    const { chance, written } = this;
    const times = [record.expiresAt, record.claim?.until, record.execution?.until].flatMap(
      (time) => time ?? [],
    );
    const dueAt = times.length > 0 ? Math.min(...times) : undefined;
    const odd = chance.maybe(0.1, () => written.nextSecond + chance.from(-5, 20) * 500);
    // Whom the machine names, or anybody: a store does not ask why.
    // A settled request has none: the layout before listed whom its write named, and none does now.
    const asTheMachine = record.status !== 'pending' || chance.is(0.93);
    const answerers = asTheMachine ? answerersOf(record) : { ...this.people(), except: this.userIds() };
    const whole = {
      record,
      snapshot: { version: 1, snapshot: { value: record.status, context: chance.json(1) } },
      version,
      ...given({ dueAt: record.status === 'pending' ? (odd ?? dueAt) : odd, answerers }),
    };
    if (!chance.is(withoutSnapshot)) return whole;
    const { snapshot: _snapshot, ...bare } = whole;
    return bare as RequestWrite;
  }

  /** All that an amendment changes. */
  private shown() {
    const { chance } = this;
    const type = chance.one(kinds);
    const [said, tool_args] = [{ question: chance.text() }, this.argumentsAsked.next(chance)];
    const payload = type === 'tool_approval' ? { tool_name: chance.one(tools), tool_args } : said;
    return {
      type,
      payload: chance.is(0.06) ? {} : chance.is(0.1) ? { ...payload, more: chance.json() } : payload,
      digest: chance.digest(),
      ...given({
        display: chance.maybe(0.5, () => this.displays.next(chance)),
        responseSchema: chance.maybe(0.4, () => this.schemas.next(chance)),
      }),
    };
  }

  private change(record: RequestRecord): RequestRecord {
    const { chance } = this;
    const changes: readonly (() => Partial<RequestRecord>)[] = [
      () => ({ claim: this.claim() }),
      () => ({ claim: undefined }),
      () => ({ verdicts: [...record.verdicts, this.verdict(record)], stage: chance.from(0, 1) }),
      () => ({ verdicts: record.verdicts.slice(1) }),
      () => this.settled('approved'),
      () => this.settled(chance.one(ends)),
      () => ({ status: 'superseded', reason: chance.text() }),
      () => this.amended(record),
      () => this.amended(record),
      () => ({ display: chance.maybe(0.8, () => this.displays.next(chance)) }),
      () => ({ execution: this.execution() }),
      () => ({ asker: record.asker ? undefined : 'gone' }),
      () => ({ policy: this.policies.next(chance), stage: chance.from(0, 1) }),
      () => ({ key: undefined }),
      () => (chance.is(0.3) ? { status: 'pending' } : {}),
      () => ({ grant: this.givenGrant() }),
      () => ({}),
    ];
    return withoutUndefined({ ...record, ...chance.one(changes)() });
  }

  private amended(record: RequestRecord): Partial<RequestRecord> {
    const { type: _type, ...shown } = { display: undefined, responseSchema: undefined, ...this.shown() };
    return {
      ...shown,
      revision: record.revision + 1,
      ...(this.chance.is(0.7) && { verdicts: [], stage: 0 }),
    };
  }

  private settled(status: RequestStatus): Partial<RequestRecord> {
    const { chance, written } = this;
    return {
      status,
      claim: undefined,
      ...given({
        respondedBy: chance.maybe(0.8, () => chance.one(people)),
        respondedAt: chance.maybe(0.8, () => written.now),
        response: chance.maybe(0.6, () => this.response()),
        approvedDigest: chance.maybe(0.5, () => chance.digest()),
        reason: chance.maybe(0.2, () => chance.text()),
        grant: chance.maybe(0.2, () => this.givenGrant()),
      }),
    };
  }

  private givenGrant(): RequestRecord['grant'] {
    const grant: GrantRecord | undefined = this.chance.any(this.written.grants.values());
    if (!grant) return undefined;
    const { id, scope, args, expiresAt, ...more } = grant;
    return {
      ...{ id, scope, args, expiresAt },
      ...given({ uses: more.uses, revokedAt: more.revokedAt, revokedBy: more.revokedBy }),
    };
  }

  private claim(): Claim {
    const { chance, written } = this;
    return { by: chance.one(people), at: written.now, until: written.nextSecond + chance.from(1, 9) * 500 };
  }

  private response(): Record<string, unknown> {
    const { chance } = this;
    return chance.is(0.1)
      ? {}
      : { comment: chance.text(), ...(chance.is(0.4) && { tool_args: chance.fields() }) };
  }

  private verdict({ stage }: RequestRecord): CountedVerdict {
    const { chance, written } = this;
    return {
      by: chance.one(people),
      at: written.now,
      status: chance.one(['approved', 'denied']),
      stage,
      ...given({
        comment: chance.maybe(0.5, () => chance.text()),
        response: chance.maybe(0.5, () => this.response()),
        grant: chance.maybe(0.2, () => chance.from(0, 2)),
      }),
    };
  }

  private execution(): Execution {
    const { chance, written } = this;
    const state = chance.one(['executing', 'executed', 'failed', 'unknown', 'not_run'] as const);
    return {
      state,
      runId: chance.hex(8),
      startedAt: written.now,
      until: written.now + 1_000,
      ...given({
        endedAt: state === 'executing' ? undefined : written.now + 5,
        error: state === 'failed' || state === 'not_run' ? chance.text() : undefined,
      }),
    };
  }

  private display(): Display {
    const { chance } = this;
    return given({
      title: chance.maybe(0.7, () => chance.text()),
      description: chance.maybe(0.5, () => chance.text()),
      reason: chance.maybe(0.3, () => chance.text()),
      risk: chance.maybe(0.5, () => chance.one(['low', 'medium', 'high', 'critical'] as const)),
      links: chance.maybe(0.3, () =>
        chance.several(0, 2, () => ({
          url: 'https://example.org/?q=%22',
          ...given({ label: chance.maybe(0.5, () => 'π') }),
        })),
      ),
    });
  }

  private userIds(): string[] {
    return this.chance.some(people, 0.25).map(({ userId }) => userId);
  }

  private people(): People {
    const { chance } = this;
    return given({
      users: chance.maybe(0.5, () => this.userIds()),
      groups: chance.maybe(0.4, () => chance.some(groups, 0.5)),
    });
  }

  private policy(): AnswerPolicy {
    const { chance } = this;
    if (chance.is(0.35)) return {};
    const stage = () => ({ ...this.people(), ...given({ name: chance.maybe(0.3, () => chance.text()) }) });
    const rules = given({
      excludeRequester: chance.maybe(0.3, () => true),
      claim: chance.maybe(0.3, () => chance.one(['courtesy', 'exclusive'] as const)),
      agreement: chance.maybe(0.2, () => chance.one(['same', 'any'] as const)),
    });
    if (chance.is(0.3)) return { ...rules, stages: chance.several(1, 2, stage) };
    if (chance.is(0.15)) return { ...rules, ...stage(), approvals: 2, of: 3, denial: 'majority' };
    // Long enough to be stored apart.
    const many = chance.maybe(0.15, () => Array.from({ length: 40 }, (_, n) => `user-${n}`));
    return { ...rules, ...stage(), ...given({ users: many }) };
  }
}

function withoutUndefined(record: RequestRecord): RequestRecord {
  return given(record) as RequestRecord;
}
