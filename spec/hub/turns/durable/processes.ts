/** Processes of a durable agent, one after another on the same store, without sockets: the specs of durable turns begin and kill them. */
import { Writable } from 'node:stream';
import { createLogger, transports } from 'winston';
import { Hub, portOf } from '../../../../lib/hub/hub';
import type { HubPort } from '../../../../lib/hub/port';
import {
  type DurableAgent,
  type DurableOptions,
  type DurableTurn,
  durable,
  type Schema,
} from '../../../../lib/index';
import type { RequestRecord, TurnRecord, TurnStatus } from '../../../../lib/protocol/records';
import { memoryStore } from '../../../../lib/store/memory/memory-store';
import type { Store } from '../../../../lib/store/store';
import { ManualClock } from '../../../../lib/testing/manual-clock';
import { idle, type Trouble } from '../../rig';

// biome-ignore lint/suspicious/noExplicitAny: some have a state
export type Code = (turn: DurableTurn<any, any>) => unknown;

/** One process: a hub on the store. */
export class Process {
  readonly port: HubPort;
  readonly hub: Hub;
  readonly clock: ManualClock;
  readonly logged: { level: string; message: string }[] = [];
  /** Calls of the store, by name. */
  readonly asked: string[] = [];
  private isDead = false;

  constructor(
    store: Store,
    agent: DurableAgent | undefined,
    now: number,
    private readonly trouble: Trouble,
    mayContinue?: () => Promise<boolean>,
  ) {
    this.clock = new ManualClock(now);
    const write = (entry: { level: string; message: string }, _encoding: string, done: () => void) => {
      this.logged.push(entry);
      done();
    };
    const stream = new Writable({ objectMode: true, write });
    const logger = createLogger({ level: 'warn', transports: [new transports.Stream({ stream })] });
    this.hub = new Hub({
      store: this.mortal(store),
      clock: this.clock,
      logger,
      ...(mayContinue && { mayContinue }),
    });
    this.port = portOf(this.hub);
    if (agent) this.port.setAgent(agent);
  }

  /** From now on it does nothing that anybody sees. */
  die(): void {
    this.isDead = true;
    this.clock.dropTimers();
  }

  private mortal(store: Store): Store {
    return new Proxy(store, {
      get: (_target, name: keyof Store) => {
        if (name === 'open' || name === 'close') return async () => {};
        return async (...args: unknown[]) => {
          if (this.isDead) return new Promise(() => {});
          this.asked.push(name);
          await Reflect.apply(this.trouble[name] ?? (() => {}), undefined, args);
          return Reflect.apply(store[name], store, args);
        };
      },
    });
  }
}

export class Processes {
  readonly store: Store = memoryStore();
  /** What was done outside, over all processes. */
  readonly effects: string[] = [];
  readonly trouble: Trouble = {};
  readonly all: Process[] = [];
  mayContinue: (() => Promise<boolean>) | undefined;

  /** The process that runs. */
  get now(): Process {
    return this.all.at(-1) as Process;
  }

  /** Another process begins, with this code; those before it stay as they are. */
  async begin(code: Code, options: DurableOptions<Schema> = {}): Promise<Process> {
    return this.beginWith(durable(code as never, options as never));
  }

  /** The same without an agent: a hub that is only for people. */
  beginWithoutAgent(): Promise<Process> {
    return this.beginWith(undefined);
  }

  private async beginWith(agent: DurableAgent | undefined): Promise<Process> {
    await this.store.open();
    const time = this.all.at(-1)?.clock.now() ?? Date.UTC(2026, 0, 1);
    this.all.push(new Process(this.store, agent, time, this.trouble, this.mayContinue));
    await this.now.port.start();
    await idle();
    return this.now;
  }

  /** The process dies, and another one begins. */
  async restart(code: Code, options: DurableOptions<Schema> = {}): Promise<Process> {
    this.now.die();
    return this.begin(code, options);
  }

  /** A message, whose turn is given. */
  async say(content = 'go', sessionId?: string): Promise<string> {
    const message = {
      ticketId: 'T',
      user: { id: 'ann', name: 'Ann' },
      content,
      ...(sessionId && { sessionId }),
    };
    const { turnId } = await this.now.hub.turns.start(message);
    await idle();
    return `${turnId}`;
  }

  async turn(id: string): Promise<TurnRecord> {
    return (await this.store.turn(id)) as TurnRecord;
  }

  async status(id: string): Promise<TurnStatus> {
    return (await this.turn(id)).status;
  }

  async pending(): Promise<readonly RequestRecord[]> {
    return (await this.store.requests({ status: 'pending' }, 200)).items;
  }

  /** Says yes to all that is pending, in the process that runs. */
  async approve(): Promise<void> {
    for (const { id, type } of await this.pending()) {
      const answer = type === 'question' ? { answer: 'yes' } : {};
      await this.now.port.hitl.respond(id, {
        by: { id: 'bob' },
        status: 'approved',
        response: answer,
      } as never);
    }
    await idle();
  }

  async pass(ms: number): Promise<void> {
    this.now.clock.advance(ms);
    await idle();
  }

  /** The lines of the agent in the ticket. */
  async said(): Promise<string[]> {
    const { items } = await this.store.log('T', 0, 10_000);
    return items.flatMap((each) =>
      each.event === 'session_message_added' && each.message.type !== 'user' ? [each.message.content] : [],
    );
  }

  async events(): Promise<string[]> {
    return (await this.store.log('T', 0, 10_000)).items.map(({ event }) => event);
  }

  close(): void {
    for (const process of this.all) process.die();
  }
}
