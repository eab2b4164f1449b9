/** What a program by chance has had stored so far, learnt from the answers to its commits, so that the next steps are about it. */
import type {
  GrantRecord,
  MessageRecord,
  Millis,
  RequestRecord,
  SessionRecord,
  TurnRecord,
} from '../../lib/protocol/records';
import { afterGrantWrite, grantIdOf } from '../../lib/store/shared/grant-writes';
import type {
  Commit,
  CommitResult,
  DeliveryWrite,
  ProcessedFrame,
  RequestWrite,
} from '../../lib/store/store';
import { noon } from './records';

/** Tickets are named by the app. */
const tickets = ['T-1', `t:2 "q"'`, '🎫', 'long'.repeat(60), '0197717d-5000-7000-8000-0123456789ab'];

export class Written {
  /** Never goes back. */
  now = noon;
  /** Of all commits, in their order. */
  readonly times: Millis[] = [];
  readonly tickets: readonly string[];
  readonly sessions = new Map<string, SessionRecord>();
  readonly turns = new Map<string, TurnRecord>();
  /** How many entries the journal of each turn has. */
  readonly journals = new Map<string, number>();
  readonly messages = new Map<string, MessageRecord>();
  /** Each with the version that is stored. */
  readonly requests = new Map<string, RequestWrite>();
  /** Those that were replaced, in their order. */
  readonly earlier: RequestRecord[] = [];
  readonly grants = new Map<string, GrantRecord>();
  /** Also of commits that were refused, whose frames may come again. */
  readonly frames: ProcessedFrame[] = [];
  /** All that were ever to be delivered, the newest last. */
  readonly deliveries: DeliveryWrite[] = [];
  /** The channel and request of those that were given up. */
  readonly dead = new Set<string>();

  constructor(ticketCount: number) {
    this.tickets = tickets.slice(0, ticketCount);
  }

  /** The next full second: what is due is often due with something else. */
  get nextSecond(): Millis {
    return Math.ceil(this.now / 1_000) * 1_000;
  }

  requestsIn(ticketId: string): RequestWrite[] {
    return [...this.requests.values()].filter(({ record }) => record.ticketId === ticketId);
  }

  sessionsIn(ticketId: string): SessionRecord[] {
    return [...this.sessions.values()].filter((session) => session.ticketId === ticketId);
  }

  turnsIn(ticketId: string): TurnRecord[] {
    return [...this.turns.values()].filter((turn) => turn.ticketId === ticketId);
  }

  messagesIn(ticketId: string): MessageRecord[] {
    return [...this.messages.values()].filter((message) => message.ticketId === ticketId);
  }

  learn(commit: Commit, result: CommitResult | undefined): void {
    if (commit.frame) this.frames.push(commit.frame);
    if (!result?.ok) return;
    this.times.push(commit.at);
    for (const session of commit.sessions ?? []) this.sessions.set(session.id, session);
    for (const turn of commit.turns ?? []) {
      if (this.turns.get(turn.id)?.run?.leg !== turn.run?.leg) this.journals.delete(turn.id);
      this.turns.set(turn.id, turn);
    }
    for (const message of commit.messages ?? []) this.messages.set(message.id, message);
    for (const write of commit.requests ?? []) {
      const before = this.requests.get(write.record.id);
      if (before) this.earlier.push(before.record);
      this.requests.set(write.record.id, { ...write, version: write.version + 1 });
    }
    for (const write of commit.grants ?? []) {
      const id = grantIdOf(write);
      const after = afterGrantWrite(this.grants.get(id), write, commit.at);
      if (after) this.grants.set(id, after);
    }
    for (const write of commit.deliveries ?? []) {
      this.deliveries.push(write);
      this.dead.delete(placeOf(write));
    }
    for (const { turnId, n } of result.journal) this.journals.set(turnId, n);
  }
}

/** What of a delivery is stored once. */
export function placeOf({ channel, requestId }: DeliveryWrite): string {
  return JSON.stringify([channel, requestId]);
}
