/** Runs one turn of a durable agent in a test hub, with people who answer as a test says and time that passes by itself; the checks of durable agents use it. */
import { HubError } from '../errors';
import type { AnyRequest, HitlTypes, NoTypes } from '../hub/kinds/app-types';
import { calledBy, type DurableAgent } from '../hub/turns/durable/durable';
import type { RequestRecord, TurnRecord } from '../protocol/records';
import type { Store } from '../store/store';
import type { ExpressHitl } from '../transport/express/express-hitl';
import { startTestHub, type TestHub, type TestHubOptions } from './test-hub';

/** What somebody answers. */
export interface GivenAnswer {
  status: 'approved' | 'denied' | 'answered';
  /** To a question. */
  answer?: string;
  /** Edited arguments of a tool. */
  args?: Record<string, unknown>;
  /** To a kind of the app's own. */
  response?: object;
  comment?: string;
  /** Who answers. Default: `{ id: 'bob' }`. */
  by?: { id: string; name?: string; groups?: readonly string[] };
}

/** The agent under test, or what makes it with the hub's tools. */
export type AgentUnderTest<App extends HitlTypes = NoTypes> =
  | DurableAgent<App>
  | ((hitl: ExpressHitl<App>) => DurableAgent<App>);

/** One turn of the agent. */
export interface AgentRun {
  /** What the turn answers. */
  message: string;
  /**
   * What people answer: in the order in which they are asked, or by what they are asked. Nothing for a request: nobody answers
   * it. Default: approvals are given, and other requests are not answered.
   */
  answers?: readonly GivenAnswer[] | ((request: AnyRequest) => GivenAnswer | undefined);
  /** Of the hub that it runs in: kinds, rules and so on. */
  hub?: Omit<TestHubOptions, 'agent' | 'store' | 'makeStore' | 'sqlite' | 'create' | 'prepare' | 'clock'>;
  /** Who writes the message. Default `{ id: 'alice', name: 'Alice' }`. */
  user?: { id: string; name?: string; groups?: string[] };
}

const ticketId = 'T-1';
/** How long, by the wall clock, a turn may do nothing that can be seen. */
const mostIdleMs = 10_000;
/** How far the hub's clock goes on while the turn does nothing that can be seen: beyond the second after which it rests. */
const stepMs = 1_001;
/** So many of them without a change before it goes on to the next time at which something is due. */
const minIdleSteps = 6;
const lookEveryMs = 2;
const { setTimeout: later } = globalThis;

/** A turn in a hub of its own. */
export class RunningAgent<App extends HitlTypes = NoTypes> {
  hub!: TestHub;
  agent!: DurableAgent<App>;
  turnId = '';
  /** Steps and streams whose code runs at this moment. */
  private working = 0;
  /** Since when, by the wall clock, nothing has changed of what can be seen. */
  private idleSince = 0;
  private seen = '';
  /** How often nothing had changed since the look before. */
  private idleSteps = 0;
  private endLife: () => void = () => {};
  private life = this.newLife();
  /** The next process is there. */
  private reborn: Promise<void> = Promise.resolve();
  /** Requests that an answer was sent to, or that nobody answers. */
  private readonly asked = new Map<string, GivenAnswer | undefined>();

  private constructor(private readonly run: AgentRun) {}

  /** @param makeStore called at every start of the hub */
  static async start<App extends HitlTypes>(
    agent: AgentUnderTest<App>,
    run: AgentRun,
    makeStore?: () => Store,
  ): Promise<RunningAgent<App>> {
    const running = new RunningAgent<App>(run);
    running.hub = await startTestHub({
      ...run.hub,
      ...(makeStore && { makeStore }),
      prepare: (hitl) => running.register(agent, hitl as unknown as ExpressHitl<App>),
    });
    return running;
  }

  private register(agent: AgentUnderTest<App>, hitl: ExpressHitl<App>): void {
    this.working = 0;
    this.agent = typeof agent === 'function' ? agent(hitl) : agent;
    hitl.agent(
      calledBy(this.agent, async (turn, code) => {
        const note = (work: unknown) => this.noted(work);
        const watched = new Proxy(turn, {
          get(target, name) {
            const value: unknown = Reflect.get(target, name, target);
            if (typeof value !== 'function') return value;
            return (...args: unknown[]) => Reflect.apply(value, target, args.map(note));
          },
        });
        return code(watched);
      }),
    );
  }

  /** The function, with the time noted in which it is at work. */
  private noted(given: unknown): unknown {
    if (typeof given !== 'function') return given;
    return (...args: unknown[]): unknown => {
      const { hub } = this;
      this.working += 1;
      const done = () => {
        if (hub === this.hub) this.working -= 1;
      };
      let result: unknown;
      try {
        result = given(...args);
      } catch (error) {
        done();
        throw error;
      }
      if (!(result instanceof Promise)) done();
      else result.then(done, done);
      return result;
    };
  }

  /** Sends the message. */
  async begin(): Promise<void> {
    const { user = { id: 'alice', name: 'Alice' }, message } = this.run;
    const accepted = await this.inThisLife(this.hub.hub.turns.start({ ticketId, user, content: message }));
    if (accepted) this.turnId = `${accepted.turnId}`;
  }

  /** Resolves when the turn has ended, is stuck, or waits for what nobody answers. @throws Error where it does nothing at all */
  async finish(): Promise<TurnRecord> {
    this.idleSince = Date.now();
    for (;;) {
      await this.reborn;
      const over = await this.inThisLife(this.goOn());
      if (over) return over;
    }
  }

  /** Ends the process, as by kill -9; another goes on. */
  crash(): void {
    this.reborn = this.hub.crash();
    this.endLife();
    this.life = this.newLife();
  }

  /** What is awaited of a process, which says nothing any more once it has ended; then there is nothing. */
  private async inThisLife<T>(work: Promise<T>): Promise<T | undefined> {
    const { life } = this;
    try {
      return await Promise.race([work, life.then(() => undefined)]);
    } catch (error) {
      if (life === this.life) throw error;
      return undefined;
    }
  }

  private newLife(): Promise<void> {
    return new Promise((resolve) => {
      this.endLife = resolve;
    });
  }

  /** Answers, or lets time pass. Resolves with the turn if there is nothing more to do. */
  private async goOn(): Promise<TurnRecord | undefined> {
    await this.pause();
    const turn = await this.turn();
    if (turn.status === 'completed' || turn.status === 'aborted' || turn.status === 'stuck') return turn;
    const { items } = await this.hub.hub.requests.list({ ticketId, status: 'pending', limit: 200 });
    const ids = items.map(({ id }) => id);
    const now = `${turn.status} ${turn.run?.leg} ${ids} ${await this.length()}`;
    const hasChanged = now !== this.seen || this.working > 0;
    if (hasChanged) this.idleSince = Date.now();
    this.idleSteps = hasChanged ? 0 : this.idleSteps + 1;
    this.seen = now;
    if (Date.now() - this.idleSince > mostIdleMs)
      throw new Error(
        'The turn neither ends nor waits: its code awaits something that is no step and no call of its turn',
      );
    if (this.working > 0 || (await this.answerFirst(items as readonly AnyRequest[]))) return undefined;
    // What came for a turn that waits wakes it by the hub's clock, in five seconds at the latest.
    if (turn.status !== 'waiting' || this.idleSteps < minIdleSteps) await this.hub.advance(stepMs);
    else if (!(await this.passTime(turn))) return turn;
    return undefined;
  }

  async close(): Promise<void> {
    await this.hub.close();
  }

  async turn(): Promise<TurnRecord> {
    return this.hub.hub.turns.get(this.turnId);
  }

  /** One after another, in the order in which they were asked. Returns whether one was answered. */
  private async answerFirst(pending: readonly AnyRequest[]): Promise<boolean> {
    for (const request of pending) {
      if (!this.asked.has(request.id)) this.asked.set(request.id, this.answerTo(request));
      const given = this.asked.get(request.id);
      if (!given) continue;
      const { by = { id: 'bob' }, ...answer } = given;
      await this.hub.hub.requests
        .answer({ requestId: request.id, by, ...kindOf(request, answer) } as never)
        .catch((error: unknown) => {
          // The turn has withdrawn it, or its time was over.
          if (!HubError.is(error, 'already_resolved')) throw error;
        });
      return true;
    }
    return false;
  }

  private answerTo(request: AnyRequest): GivenAnswer | undefined {
    const { answers } = this.run;
    if (typeof answers === 'function') return answers(request);
    if (answers) return answers[this.asked.size];
    return request.kind === 'tool_approval' ? { status: 'approved' } : undefined;
  }

  /** Goes to the next time at which something is due. Returns whether there is one before the end of the turn's age. */
  private async passTime({ run, waitsFor }: TurnRecord): Promise<boolean> {
    const { clock, store } = this.hub;
    const now = clock.now();
    const times = [waitsFor?.until, await store.nextDue(now)].filter((time) => time !== undefined);
    const next = Math.min(...times);
    if (!Number.isFinite(next) || next >= (run?.expiresAt ?? Number.POSITIVE_INFINITY)) return false;
    await this.hub.advance(Math.max(next - now, 0));
    return true;
  }

  private async length(): Promise<number> {
    return (await this.hub.store.journal(this.turnId, 0, 1_000)).length;
  }

  private async pause(): Promise<void> {
    await this.hub.settled();
    await new Promise((resolve) => later(resolve, lookEveryMs));
  }
}

/** What the app's own kinds are answered with is named by their kind. */
function kindOf({ kind }: { kind: string }, answer: Omit<GivenAnswer, 'by'>): object {
  return kind === 'tool_approval' || kind === 'question' ? answer : { kind, ...answer };
}

/** What people see of a run, for comparing two: sorted, since branches that run at the same time may come in any order. */
export interface Seen {
  /** Of the turn, with the reason if it was aborted. */
  status: string;
  /** Each message by its type and content. */
  said: readonly string[];
  /** Each request by its kind, by what it is about and by how it ended; not by arguments, which may be chosen by chance. */
  asked: readonly string[];
  /** How often the end of a turn was announced. */
  ends: number;
}

/** Of a run's ticket. */
export async function seenIn({ hub, turnId }: Pick<RunningAgent, 'hub' | 'turnId'>): Promise<Seen> {
  const { store } = hub;
  const turn = await hub.hub.turns.get(turnId);
  const messages = await store.messages(turn.sessionId, 1_000);
  const { items } = await store.requests({ ticketId }, 200);
  const log = await store.log(ticketId, 0, 10_000);
  return {
    status: turn.reason ? `${turn.status} (${turn.reason})` : turn.status,
    said: messages.map(({ type, content }) => `${type}: ${content}`).sort(),
    asked: items.map(({ type, payload, status }) => `${type}${subjectOf(payload)}: ${status}`).sort(),
    ends: log.items.filter((each) => each.event === 'turn_ended').length,
  };
}

function subjectOf(payload: RequestRecord['payload']): string {
  const { tool_name, question } = payload as Record<string, unknown>;
  const subject = tool_name ?? question;
  return typeof subject === 'string' ? ` ${subject}` : '';
}
