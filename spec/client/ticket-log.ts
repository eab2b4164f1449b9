/** A real hub driven at random, for the view's properties: what happens in a ticket, its log, and snapshots on the way. */
import fc from 'fast-check';
import { createLogger } from 'winston';
import { HubError } from '../../lib/errors';
import { HubPort } from '../../lib/hub/port';
import { Client } from '../../lib/hub/tickets/client';
import type { Turn } from '../../lib/hub/turns/turn';
import type { LoggedEnvelope, Snapshot } from '../../lib/protocol/envelopes';
import { memoryStore } from '../../lib/store/memory/memory-store';
import { ManualClock } from '../../lib/testing/manual-clock';

export const ticketId = 'T-1';

/** One thing that happens; numbers choose among what there is at that moment. */
export type Step =
  | { do: 'say'; who: number; tab: number }
  | { do: 'output'; turn: number; type: 'trace' | 'plan' | 'warn' | 'say' }
  | { do: 'update'; message: number }
  | { do: 'ask'; turn: number; key: number; detached: boolean; approvals: number; expires: boolean }
  | { do: 'answer'; request: number; who: number; status: 'approved' | 'denied' }
  | { do: 'claim' | 'release'; request: number; who: number }
  | { do: 'amend' | 'withdraw' | 'execute' | 'executed'; request: number }
  | { do: 'return' | 'throw' | 'cancel'; turn: number }
  | { do: 'remark'; session: number }
  | { do: 'wait'; ms: number }
  | { do: 'snapshot'; messages: number };

const any = fc.nat(1_000);
const who = fc.nat(2);

/** Some steps are likelier, so that there is mostly something that the others can be about. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('say' as const), who, tab: fc.nat(1) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('output' as const),
      turn: any,
      type: fc.constantFrom('trace' as const, 'plan' as const, 'warn' as const, 'say' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('update' as const), message: any }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      turn: any,
      key: fc.nat(3),
      detached: fc.boolean(),
      approvals: fc.integer({ min: 1, max: 2 }),
      expires: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      request: any,
      who,
      status: fc.constantFrom('approved' as const, 'denied' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('claim' as const, 'release' as const),
      request: any,
      who,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('execute' as const, 'executed' as const), request: any }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('amend' as const, 'withdraw' as const),
      request: any,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('return' as const, 'throw' as const, 'cancel' as const),
      turn: any,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remark' as const), session: any }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(100_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(10_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('snapshot' as const), messages: fc.integer({ min: 1, max: 5 }) }),
  },
);

interface LiveTurn {
  turn: Turn;
  end(error?: Error): void;
}

/** A ticket in which steps happen. */
export class TicketLog {
  /** In the order in which they were taken, each with fewer messages than the hub would put in. */
  readonly snapshots: Snapshot[] = [];
  private readonly clock = new ManualClock();
  private readonly store = memoryStore();
  private readonly turns: LiveTurn[] = [];
  private readonly messages: { turn: Turn; id: string }[] = [];
  private readonly requests = new Set<string>();
  private readonly approved = new Set<string>();
  private readonly clients = new Map<string, Client>();
  private said = 0;

  readonly hub = new HubPort({
    store: this.store,
    clock: this.clock,
    logger: createLogger({ silent: true }),
    agent: (turn) =>
      new Promise<void>((resolve, reject) => {
        this.turns.push({ turn, end: (error) => (error ? reject(error) : resolve()) });
      }),
  });

  /** What is refused, since it makes no sense at that moment, is passed over. */
  async happen(next: Step): Promise<void> {
    try {
      await this.carryOut(next);
    } catch (error) {
      if (!(error instanceof HubError) || error.code === 'internal') throw error;
    }
    await this.settle();
  }

  async log(): Promise<readonly LoggedEnvelope[]> {
    return (await this.store.log(ticketId, 0, 1_000_000)).items;
  }

  async end(): Promise<void> {
    for (const { end } of this.turns) end();
    await this.hub.close();
  }

  private async carryOut(next: Step): Promise<void> {
    const { hub, clock } = this;
    switch (next.do) {
      case 'say':
        await hub.turns.message(this.client(next.who, next.tab), this.words());
        return;
      case 'output': {
        const live = pick(this.turns, next.turn);
        if (live) this.messages.push({ turn: live.turn, id: (await live.turn[next.type](this.words())).id });
        return;
      }
      case 'update': {
        const message = pick(this.messages, next.message);
        if (message) await message.turn.update(message, this.words());
        return;
      }
      case 'ask':
        return this.ask(next);
      case 'answer': {
        const answer = { by: user(next.who), status: next.status };
        const { id, status } = await hub.hitl.respond(this.request(next.request), answer);
        if (status === 'approved') this.approved.add(id);
        return;
      }
      case 'claim':
      case 'release':
        await hub.hitl[next.do](this.request(next.request), user(next.who));
        return;
      case 'amend':
        await hub.hitl.amend(this.request(next.request), {
          tool_name: 'block_ip',
          tool_args: { n: this.said },
        });
        return;
      case 'withdraw':
        await hub.hitl.cancel(this.request(next.request), 'no longer needed');
        return;
      case 'execute': {
        const { id, payload } = await hub.hitl.get(pick([...this.approved], next.request) ?? 'none');
        await hub.hitl.execute(id, { runId: 'run', payload });
        return;
      }
      case 'executed':
        await hub.hitl.executed(pick([...this.approved], next.request) ?? 'none', 'run');
        return;
      case 'return':
      case 'throw':
        pick(this.turns, next.turn)?.end(next.do === 'throw' ? new Error('the agent failed') : undefined);
        return;
      case 'cancel': {
        const live = pick(this.turns, next.turn);
        if (live) await hub.turns.cancel(ticketId, live.turn.id);
        return;
      }
      case 'remark': {
        // In a session of its own, or in one that is there.
        const sessions = [undefined, ...(await this.store.sessions(ticketId, 50)).map(({ id }) => id)];
        const sessionId = pick(sessions, next.session);
        await hub.say(ticketId, { content: this.words(), ...(sessionId !== undefined && { sessionId }) });
        return;
      }
      case 'wait':
        clock.advance(next.ms);
        return;
      case 'snapshot': {
        const opening = await hub.opening(ticketId);
        if (!('snapshot' in opening)) throw new Error('no snapshot');
        const { messages, ...rest } = opening.snapshot;
        this.snapshots.push({ ...rest, messages: messages.slice(-next.messages) });
      }
    }
  }

  private async ask({
    turn,
    key,
    detached,
    approvals,
    expires,
  }: Extract<Step, { do: 'ask' }>): Promise<void> {
    const live = pick(this.turns, turn);
    if (!live) return;
    const { id: turnId, sessionId } = live.turn;
    const { id } = await this.hub.hitl.request({
      ticketId,
      sessionId,
      turnId,
      userId: 'u0',
      type: 'tool_approval',
      payload: { tool_name: 'block_ip', tool_args: { n: this.said } },
      detached,
      policy: { approvals },
      ...(key > 0 && { key: `key-${key}`, supersede: true }),
      ...(expires && { expiresIn: '1m', remindIn: '20s', escalate: { after: '40s', to: {} } }),
    });
    this.requests.add(id);
  }

  /** Until nothing is on its way any more: an agent that returns ends its turn some ticks later. */
  private async settle(): Promise<void> {
    for (let tick = 0; tick < 5; tick += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.hub.settled();
    }
  }

  private client(who: number, tab: number): Client {
    const name = `${who}/${tab}`;
    const sink = { deliver: () => true, send: () => true, close: () => {} };
    const now = this.clock.now();
    const known =
      this.clients.get(name) ?? new Client({ ticketId, user: user(who), tabId: `${tab}`, sink, now });
    this.clients.set(name, known);
    return known;
  }

  private request(number: number): string {
    return pick([...this.requests], number) ?? 'none';
  }

  private words(): string {
    this.said += 1;
    return `line ${this.said}`;
  }
}

function user(who: number) {
  return { id: `u${who}`, name: `User ${who}`, groups: [] };
}

function pick<T>(list: readonly T[], number: number): T | undefined {
  return list[number % Math.max(list.length, 1)];
}
