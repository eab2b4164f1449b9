/** Envelopes by chance: those that the hub would commit with these records, and a share that nothing that is stored explains. */
import type { AuditRecord } from '../../lib/protocol/audit';
import {
  hitlRequest,
  type LoggableEnvelope,
  messageStreamed,
  sessionCreated,
  sessionMessageAdded,
  sessionMessageUpdated,
  turnEnded,
  turnStarted,
  turnUpdated,
} from '../../lib/protocol/envelopes';
import type { Millis, RequestRecord } from '../../lib/protocol/records';
import { isOpen } from '../../lib/store/shared/turns';
import type { Commit } from '../../lib/store/store';
import { type Chance, given } from './chance';
import type { Written } from './written';

type Fields = Record<string, unknown>;

/** Those whose type is fixed wherever a store looks at them. */
const fixed = new Set([
  'event',
  'hitl',
  'payload',
  'display',
  'response_schema',
  'policy',
  'verdicts',
  'response',
]);
const times = [
  '2025-06-15T12:00:00.000Z',
  '2025-06-15T12:00:00Z',
  '2025-06-15T14:00:00.000+02:00',
  'soon',
  '',
];

export class EnvelopesByChance {
  constructor(
    private readonly chance: Chance,
    private readonly written: Written,
  ) {}

  /** For the log of this commit, whose records are all there. */
  of(commit: Commit): LoggableEnvelope[] {
    const { chance, written } = this;
    const { ticketId, sessions = [], turns = [], messages = [], requests = [], audit = [] } = commit;
    // The hub takes one time for both; somebody else's may have gone on.
    const now = chance.is(0.9) ? commit.at : commit.at + chance.from(-3, 3);
    const proper = [
      ...chance.some(sessions, 0.7).map((session) => sessionCreated(session, now)),
      ...chance.some(turns, 0.8).map((turn) => {
        if (!isOpen(turn.status)) return turnEnded(turn, now);
        return written.turns.has(turn.id) ? turnUpdated(turn, now) : turnStarted(turn, now);
      }),
      ...chance.some(messages, 0.9).map((message) => {
        if (!written.messages.has(message.id)) return sessionMessageAdded(message, now);
        return chance.is(0.3) ? messageStreamed(message, now) : sessionMessageUpdated(message, now);
      }),
      ...chance
        .some(requests, 0.9)
        .map(({ record, version }) => this.about(record, version === 0, now, audit)),
    ];
    const stored = chance.maybe(0.15, () => chance.any(written.requestsIn(ticketId))?.record);
    const earlier = chance.maybe(0.08, () => chance.any(written.earlier));
    const elsewhere = chance.maybe(0.04, () => chance.any(written.requests.values())?.record);
    const others = [stored, earlier, elsewhere].flatMap((record) => record ?? []);
    const all = [...proper, ...others.map((record) => this.about(record, chance.is(0.2), now, audit))];
    const twice = chance.maybe(0.05, () => chance.any(all));
    const envelopes = [...all, ...(twice ? [twice] : [])].map((each) =>
      chance.is(0.1) ? this.odd(each) : each,
    );
    return chance.is(0.1) ? chance.shuffled(envelopes) : envelopes;
  }

  private about(
    record: RequestRecord,
    isNew: boolean,
    now: Millis,
    audit: readonly AuditRecord[],
  ): LoggableEnvelope {
    const { chance } = this;
    const kind = isNew ? 'pending' : record.status === 'pending' ? 'updated' : 'resolved';
    const cause = chance.is(0.9) ? audit.find(({ requestId }) => requestId === record.id) : undefined;
    const envelope = hitlRequest(`hitl_request_${kind}`, record, now, cause);
    if (isNew || !chance.is(0.05) || !('hitl' in envelope)) return envelope;
    const { payload: _payload, ...changed } = envelope.hitl;
    return { ...envelope, hitl: changed, unchanged: ['payload'] } as LoggableEnvelope;
  }

  /** With a field or two that are not as in any record. */
  private odd(envelope: LoggableEnvelope): LoggableEnvelope {
    const { chance } = this;
    const copy: Fields = JSON.parse(JSON.stringify(envelope));
    for (let left = chance.from(1, 2); left > 0; left -= 1) {
      const holders = objectsIn(copy);
      // The view itself is what a store would try to build again.
      this.alter(chance.is(0.5) && isObject(copy.hitl) ? copy.hitl : chance.one(holders), copy);
    }
    return copy as LoggableEnvelope;
  }

  private alter(holder: Fields, envelope: Fields): void {
    const { chance, written } = this;
    const names = Object.keys(holder).filter((name) => name !== 'event' && name !== 'hitl');
    const name = chance.any(names);
    // Of the envelope itself `parts` is the store's own.
    const more = holder === envelope ? 'more' : chance.one(['more', 'parts', 'payload_of', 'n', 'hitl_id']);
    const changes: readonly (() => void)[] = [
      () => void Object.assign(holder, { [more]: chance.json() }),
      () => this.replace(holder, name),
      () => this.replace(holder, name),
      () => {
        if (name !== undefined && !(fixed.has(name) && holder === envelope)) delete holder[name];
      },
      () => {
        const entries = chance.shuffled(Object.entries(holder));
        for (const each of Object.keys(holder)) delete holder[each];
        for (const [each, value] of entries) define(holder, each, value);
      },
      () => {
        if (isObject(envelope.hitl)) envelope.hitl.id = chance.any(written.requests.keys()) ?? 'nobody asked';
      },
      () => {
        const [from, to] = [chance.any(written.requests.values())?.record, envelope.hitl];
        if (from && isObject(to)) Object.assign(to, given({ payload: from.payload, digest: from.digest }));
      },
      () => void Object.assign(holder, { timestamp: chance.one(times) }),
      () => void Object.assign(holder, { revision: chance.from(1, 3), stage: chance.from(0, 2) }),
    ];
    chance.one(changes)();
  }

  /** By something of the same kind, so that it stays what a store may be given. */
  private replace(holder: Fields, name: string | undefined): void {
    const { chance } = this;
    if (name === undefined) return;
    const old = holder[name];
    if (typeof old === 'number') define(holder, name, chance.number());
    else if (Array.isArray(old)) define(holder, name, chance.shuffled([...old, chance.json()]));
    else if (isObject(old)) define(holder, name, chance.fields());
    else if (name.endsWith('_at') || name === 'timestamp') define(holder, name, chance.one(times));
    else if (typeof old === 'string') define(holder, name, chance.text());
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Also where the name is `__proto__`, which an assignment takes for something else. */
function define(holder: Fields, name: string, value: unknown): void {
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Itself and every object in it. */
function objectsIn(value: unknown): Fields[] {
  const inside = typeof value === 'object' && value !== null ? Object.values(value).flatMap(objectsIn) : [];
  return isObject(value) ? [value, ...inside] : inside;
}
