/** Reads by chance, of every kind that a store has, about what was written before; and all of them at once. */

import { orders } from '../../lib/store/contract/inbox-model';
import type { InboxFilter, InboxOwner, TurnFilter } from '../../lib/store/store';
import { type Chance, given, groups, people } from './chance';
import { channels, covers } from './commits-by-chance';
import type { Read } from './reads';
import * as ask from './reads';
import type { Written } from './written';

const turnStatuses = ['queued', 'running', 'waiting', 'stuck', 'completed', 'aborted'] as const;
const statuses = ['pending', 'approved', 'denied', 'expired', 'cancelled', 'superseded'] as const;
/** Behind every time of a program. */
const late = 10_000_000_000_000;

export class ReadsByChance {
  constructor(
    private readonly chance: Chance,
    private readonly written: Written,
  ) {}

  next(): Read {
    return this.chance.one(this.kinds)();
  }

  /** About everything there is. */
  all(): Read[] {
    const { written } = this;
    const { sessions, turns, messages, requests, grants, frames } = written;
    return [
      ...written.tickets.flatMap((ticketId) => this.allOf(ticketId)),
      ...[...sessions.keys()].flatMap((id) => [
        ask.plain('session', id),
        ask.plain('openTurns', id),
        ask.plain('messages', id, 1_000),
      ]),
      ask.plain('messages', 'no session', 1_000),
      ...[...turns.keys()].flatMap((id) => [
        ...[ask.plain('turn', id), ask.plain('requestsOfTurn', id), ask.plain('turnState', id)],
        ask.plain('journal', id, 0, 1_000),
      ]),
      ...[...messages.keys()].map((id) => ask.plain('message', id)),
      ...[...requests.keys()].map((id) => ask.plain('request', id)),
      ...[...grants.keys()].flatMap((id) => [ask.plain('grant', id), ask.grantUses(id, 200)]),
      ...frames.map(({ userId, frameId }) => ask.plain('processedFrame', userId, frameId)),
      ...statuses.map((status) => ask.requests({ status }, 200)),
      ...turnStatuses.map((status) => ask.turns({ status }, 200)),
      ...[
        ask.requests({}, 200),
        ask.turns({}, 200),
        ask.grants({}, 200),
        ask.grants({ liveAt: written.now }, 200),
      ],
      ...[ask.plain('unfinishedTurns'), ask.plain('turnVersions'), ask.plain('dueTurns', late, 1_000)],
      ...[ask.plain('dueRequests', late, 1_000), ask.plain('nextDue', 0), ask.plain('nextDueTurn', 0)],
      ...people.flatMap(({ userId }) => this.allFor({ userId, groups: [...groups], tickets: 'all' })),
      ...this.allFor({ userId: 'nobody', groups: ['lead'], tickets: written.tickets }),
      ...channels.map((channel) => ask.plain('deliveries', channel, 1_000)),
      ...[ask.plain('deadDeliveries', 1_000), ask.plain('liveGrants', covers, written.now, 1_000)],
    ];
  }

  private allOf(ticketId: string): Read[] {
    return [
      ...[ask.position(ticketId), ask.logInPages(ticketId, 1_000), ask.state(ticketId, 1_000)],
      ...[ask.audit({ ticketId }, 200), ask.requests({ ticketId }, 200), ask.turns({ ticketId }, 200)],
      ...[ask.grants({ ticketId }, 200), ask.plain('sessions', ticketId, 1_000)],
      ...people.map(({ userId }) => ask.plain('claims', ticketId, userId)),
    ];
  }

  private allFor(owner: InboxOwner): Read[] {
    return [ask.inbox(owner, {}, this.chance.one(orders), 200), ask.plain('inboxCounts', owner, {})];
  }

  private readonly kinds: readonly (() => Read)[] = [
    () => ask.position(this.ticket()),
    () => ask.log(this.ticket(), this.chance.from(-2, 60), this.limit()),
    () => ask.logInPages(this.ticket(), this.chance.from(1, 9)),
    () => ask.logInPages(this.ticket(), 1_000, this.chance.from(1, 30_000)),
    () => ask.state(this.ticket(), this.limit()),
    () => ask.plain('session', this.session()),
    () => ask.plain('sessionByTab', this.ticket(), this.user(), this.chance.one(['tab', `tab:"2"'`, 'none'])),
    () => ask.plain('sessions', this.ticket(), this.limit()),
    () => ask.plain('turn', this.turn()),
    () => ask.turns(this.turnFilter(), this.limit()),
    () => ask.plain('unfinishedTurns'),
    () => ask.plain('openTurns', this.session()),
    () => ask.plain('dueTurns', this.time(), this.limit()),
    () => ask.plain('nextDueTurn', this.time()),
    () => ask.plain('turnVersions'),
    () => ask.plain('journal', this.turn(), this.chance.from(-1, 8), this.limit()),
    () => ask.plain('turnState', this.turn()),
    () => ask.plain('message', this.message()),
    () => ask.plain('messages', this.session(), this.limit()),
    () => ask.plain('messages', ...this.before()),
    () => ask.plain('request', this.request()),
    () => ask.plain('requestByKey', ...this.key()),
    () => ask.plain('requestsOfTurn', this.turn()),
    () => ask.plain('claims', this.ticket(), this.user()),
    () => ask.requests(this.requestFilter(), this.limit()),
    () => ask.requests(this.requestFilter(), 200, this.chance.from(1, 20_000)),
    () => ask.inbox(this.owner(), this.inboxFilter(), this.chance.one(orders), this.limit()),
    () => ask.inbox(this.owner(), {}, this.chance.one(orders), this.chance.from(1, 5)),
    () => ask.plain('inboxCounts', this.owner(), this.inboxFilter()),
    () => ask.plain('dueRequests', this.time(), this.limit()),
    () => ask.plain('nextDue', this.time()),
    () =>
      ask.audit(
        { ticketId: this.ticket(), requestId: this.chance.maybe(0.5, () => this.request()) },
        this.limit(),
      ),
    () => ask.plain('grant', this.grant()),
    () => ask.plain('liveGrants', this.chance.some(covers, 0.6), this.time(), this.limit()),
    () =>
      ask.grants(
        given({ ticketId: this.maybe(() => this.ticket()), liveAt: this.maybe(() => this.time()) }),
        this.limit(),
      ),
    () => ask.grantUses(this.grant(), this.limit()),
    () => ask.plain('deliveries', this.chance.one(channels), this.limit()),
    () => ask.plain('deadDeliveries', this.limit()),
    () => ask.plain('processedFrame', ...this.frame()),
    () => ask.strangeCursor(this.chance.one(['', 'x', 'W10', this.chance.text()])),
  ];

  /** What a caller may say too: a store makes a whole number of it. */
  private limit(): number {
    const { chance } = this;
    return chance.is(0.06)
      ? chance.one([0, -1, 1.9, Number.NaN, Infinity])
      : chance.one([1, 2, 3, 5, 7, 50, 200]);
  }

  private maybe<T>(make: () => T): T | undefined {
    return this.chance.maybe(0.5, make);
  }

  private ticket(): string {
    return this.chance.is(0.05) ? 'no ticket' : this.chance.one(this.written.tickets);
  }

  private user(): string {
    return this.chance.one(people).userId;
  }

  /** Around now, also to the millisecond at which something is due. */
  private time(): number {
    const { chance, written } = this;
    return chance.is(0.8)
      ? written.nextSecond + chance.from(-8, 8) * 500
      : chance.one([0, late, written.now]);
  }

  private any(ids: Iterable<string>): string {
    return (this.chance.is(0.05) ? undefined : this.chance.any(ids)) ?? 'nothing';
  }

  private session(): string {
    return this.any([...this.written.sessions.keys(), 'no session']);
  }

  private turn(): string {
    return this.any(this.written.turns.keys());
  }

  private message(): string {
    return this.any(this.written.messages.keys());
  }

  private request(): string {
    return this.any(this.written.requests.keys());
  }

  private grant(): string {
    return this.any(this.written.grants.keys());
  }

  private before(): [sessionId: string, limit: number, before: string] {
    const message = this.chance.any(this.written.messages.values());
    const sessionId = this.chance.is(0.9) ? message?.sessionId : undefined;
    return [sessionId ?? this.session(), this.limit(), message?.id ?? 'nothing'];
  }

  private key(): [ticketId: string, key: string] {
    const keyed = [...this.written.requests.values()].filter(({ record }) => record.key !== undefined);
    const record = this.chance.any(keyed)?.record;
    return [record?.ticketId ?? 'no ticket', record?.key ?? 'key'];
  }

  private frame(): [userId: string, frameId: string] {
    const frame = this.chance.any(this.written.frames);
    return [this.chance.is(0.9) && frame ? frame.userId : this.user(), frame?.frameId ?? 'none'];
  }

  private turnFilter(): TurnFilter {
    const version = () => this.chance.one(['v1', 'v2', `v:"3"'`]);
    return given({
      ticketId: this.maybe(() => this.ticket()),
      status: this.maybe(() => this.chance.one(turnStatuses)),
      version: this.maybe(version),
    });
  }

  private requestFilter() {
    const status = this.maybe(() => (this.chance.is(0.6) ? 'pending' : this.chance.one(statuses)));
    return given({ ticketId: this.maybe(() => this.ticket()), status });
  }

  private owner(): InboxOwner {
    const { chance, written } = this;
    return {
      userId: chance.is(0.9) ? this.user() : 'nobody',
      groups: chance.some(groups, 0.5),
      tickets: chance.is(0.6) ? 'all' : chance.some(written.tickets, 0.6),
    };
  }

  private inboxFilter(): InboxFilter {
    const { chance } = this;
    return given({
      type: chance.maybe(0.3, () => chance.one(['tool_approval', 'question', 'severity', `form:"x"'`])),
      toolName: chance.maybe(0.3, () => chance.one(['block_ip', 'question', `tool:"x"'`])),
      ticketId: chance.maybe(0.3, () => this.ticket()),
    });
  }
}
