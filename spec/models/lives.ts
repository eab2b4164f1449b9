/** One durable turn of a program made by chance, over the lives of the processes that run it: each dies at a moment that chance has chosen, and people answer in between; the specs of durable turns play them. */
import { Writable } from 'node:stream';
import { createLogger, transports } from 'winston';
import { isHubError } from '../../lib/errors';
import { Hub, portOf } from '../../lib/hub/hub';
import type { HubPort } from '../../lib/hub/port';
import type { RequestRecord, TurnRecord } from '../../lib/protocol/records';
import type { Store } from '../../lib/store/store';
import { ManualClock } from '../../lib/testing/manual-clock';
import { seededRandom } from '../../lib/testing/seeded-random';
import { type AgentProcess, agentOfProgram } from './agent-of-program';
import type { Program } from './agent-programs';
import { AgentWorld } from './agent-world';

/** When and how a process ends. */
export type End =
  /** Dead before its nth commit is stored, or right after. */
  | { how: 'before' | 'after'; commit: number }
  /** Dead, closed in good order, or left running beside the next one, after so many turns of the loop. */
  | { how: 'dead' | 'closed' | 'left'; turn: number };

/** What became of a turn. */
export interface Lives {
  turn: TurnRecord;
  world: AgentWorld;
  said: readonly string[];
  asked: readonly string[];
  /** How often its end was sent. */
  ends: number;
  lives: number;
  commits: number;
  /** Of the loop. */
  turns: number;
  warnings: readonly string[];
}

export interface Played {
  program: Program;
  seed: number;
  store: Store;
  ends: readonly End[];
}

const ticketId = 'T';
/** Turns of the loop after which a turn that is not over never will be. */
const maxTurns = 60_000;
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
const never = () => new Promise<never>(() => {});

/** A process: a hub on the store, until its end. */
class Process implements AgentProcess {
  isDead = false;
  /** The hub has been started. */
  isUp = false;
  readonly clock: ManualClock;
  readonly port: HubPort;
  commits = 0;
  turns = 0;
  private waiting: (() => void)[] = [];
  private tellDeath: () => void = () => {};
  /** Resolves when it dies, since what it is asked for then never comes. */
  readonly died = new Promise<undefined>((resolve) => {
    this.tellDeath = () => resolve(undefined);
  });

  constructor(
    readonly end: End | undefined,
    {
      program,
      store,
      world,
      now,
      warnings,
    }: Omit<Played, 'ends' | 'seed'> & { world: AgentWorld; now: number; warnings: string[] },
  ) {
    this.clock = new ManualClock(now);
    const write = (entry: { message: string }, _encoding: string, done: () => void) => {
      if (!this.isDead) warnings.push(entry.message);
      done();
    };
    const stream = new Writable({ objectMode: true, write });
    const logger = createLogger({ level: 'warn', transports: [new transports.Stream({ stream })] });
    const hub = new Hub({ store: this.mortal(store), clock: this.clock, logger });
    this.port = portOf(hub);
    this.port.setAgent(agentOfProgram(program, world, this));
  }

  together(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  letGo(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  die(): void {
    this.isDead = true;
    this.clock.dropTimers();
    this.tellDeath();
  }

  /** The store as this process has it: what it does when it is dead never comes back. */
  private mortal(store: Store): Store {
    return new Proxy(store, {
      get: (_target, name: keyof Store) => {
        if (name === 'open' || name === 'close') return async () => {};
        return async (...args: never[]) => {
          if (this.isDead) return never();
          if (name !== 'commit') return Reflect.apply(store[name], store, args);
          this.commits += 1;
          const { end } = this;
          if (!end || !('commit' in end) || end.commit !== this.commits)
            return Reflect.apply(store.commit, store, args);
          if (end.how === 'after') await Reflect.apply(store.commit, store, args);
          this.die();
          return never();
        };
      },
    });
  }
}

/** Plays one turn to its end. @throws Error where it does not end */
export async function play({ program, seed, store, ends }: Played): Promise<Lives> {
  const world = new AgentWorld();
  const random = seededRandom(seed);
  const warnings: string[] = [];
  const processes: Process[] = [];
  let turnId: string | undefined;
  let now = Date.UTC(2026, 0, 1);
  for (;;) {
    const process = new Process(ends[processes.length], { program, store, world, now, warnings });
    processes.push(process);
    const hasEnded = await runOne(processes, random, async () => {
      turnId ??= await send(process);
      const turn = turnId === undefined ? undefined : await store.turn(turnId);
      return turn?.status === 'completed' || turn?.status === 'aborted' || turn?.status === 'stuck';
    });
    now = process.clock.now();
    if (hasEnded === undefined) throw new Error(await whyNoEnd(store, turnId, processes));
    if (hasEnded) break;
    if (process.end?.how !== 'left') process.die();
  }
  for (const process of processes) process.die();
  const commits = processes.reduce((sum, process) => sum + process.commits, 0);
  const turns = processes.reduce((sum, process) => sum + process.turns, 0);
  const turn = await store.turn(turnId as unknown as string);
  if (!turn) throw new Error('The turn is not there');
  return { turn, world, lives: processes.length, commits, turns, warnings, ...(await left(store)) };
}

/** Lets the last process go on, and those that were left, until it ends or the turn is over. Resolves with whether it is over; nothing where it never is. */
async function runOne(
  processes: readonly Process[],
  random: () => number,
  isOver: () => Promise<boolean>,
): Promise<boolean | undefined> {
  const process = processes.at(-1) as Process;
  const { end, port } = process;
  const start = port.start().then(() => {
    process.isUp = true;
  });
  start.catch(() => {});
  let hasClosed = false;
  let quiet = 0;
  for (let turn = 1; turn <= maxTurns; turn += 1) {
    await nextTurn();
    process.turns = turn;
    if (process.isDead || hasClosed) return false;
    const before = process.commits;
    if (end && 'turn' in end && end.turn === turn) {
      if (end.how !== 'closed') return false;
      void port.close().then(() => {
        hasClosed = true;
      });
    }
    if (!process.isUp) continue;
    if (random() < 0.3) for (const each of processes) if (!each.isDead) each.letGo();
    if (random() < 0.15) await answerOne(process, random);
    if (random() < 0.2 || quiet > 40) {
      const ms = quiet > 40 ? 1_000 : Math.ceil(random() * 150);
      for (const each of processes) if (!each.isDead) each.clock.advance(ms);
      quiet = 0;
    }
    if (turn % 4 === 0 && (await Promise.race([isOver(), process.died]))) return true;
    quiet = process.commits === before ? quiet + 1 : 0;
  }
  return undefined;
}

/** How things stand where a turn does not end. */
async function whyNoEnd(
  store: Store,
  turnId: string | undefined,
  processes: readonly Process[],
): Promise<string> {
  const { items } = await store.turns({}, 2);
  const journal = turnId === undefined ? [] : await store.journal(turnId, 0, 1_000);
  const calls = journal.map(({ n, call, body }) => `${n} ${call} ${JSON.stringify(body)}`);
  const ends = processes.map(({ end, commits, turns }) => ({ end, commits, turns }));
  return `The turn does not end: ${JSON.stringify({ ends, turns: items })}\n${calls.join('\n')}`;
}

/** The message that the turn answers, sent again by its client until it is acknowledged. */
async function send({ port }: Process): Promise<string | undefined> {
  const sink = { deliver: () => true, send: () => true, close: () => {} };
  const client = port.newClient(ticketId, { id: 'ann', name: 'Ann' }, 'tab', sink);
  try {
    port.register(client);
    const { turnId } = await port.turns.message(client, 'go', { frame: { userId: 'ann', frameId: 'f' } });
    return turnId;
  } catch (error) {
    if (!isHubError(error)) throw error;
    return error.code === 'duplicate_id'
      ? String((error.details as { turn_id?: unknown }).turn_id)
      : undefined;
  }
}

/** A person answers one of the requests that wait, always the same to the same. */
async function answerOne(process: Process, random: () => number): Promise<void> {
  const { port } = process;
  const pending = port.hitl.list({ status: 'pending' }, 200).catch(() => undefined);
  const page = await Promise.race([pending, process.died]);
  if (!page) return;
  const request = page.items[Math.floor(random() * page.items.length)];
  if (request)
    void port.hitl.respond(request.id, { by: { id: 'bob' }, ...answerTo(request) }).catch(() => {});
}

function answerTo({ type, payload }: RequestRecord) {
  const text = JSON.stringify(payload);
  const sum = [...text].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 9_973, 7);
  if (type !== 'question') return { status: sum % 3 === 0 ? ('denied' as const) : ('approved' as const) };
  const answer = payload.options ? (sum % 2 === 0 ? 'yes' : 'no') : `x${sum}`;
  return { status: 'approved' as const, response: { answer } };
}

async function left(store: Store): Promise<Pick<Lives, 'said' | 'asked' | 'ends'>> {
  const { items } = await store.log(ticketId, 0, 100_000);
  const said = items.flatMap((each) => {
    if (each.event !== 'session_message_added' && each.event !== 'session_message_updated') return [];
    const { type, content } = each.message;
    return type === 'user'
      ? []
      : [`${each.event === 'session_message_added' ? '' : 'now '}${type}: ${content}`];
  });
  const asked = items.flatMap((each) =>
    each.event === 'hitl_request_pending' ? [`${each.hitl.type} ${JSON.stringify(each.hitl.payload)}`] : [],
  );
  const settled = items.flatMap((each) =>
    each.event === 'hitl_request_resolved'
      ? [`${each.hitl.status} ${JSON.stringify([each.hitl.payload, each.hitl.response])}`]
      : [],
  );
  const ends = items.filter(({ event }) => event === 'turn_ended').length;
  return { said, asked: [...asked, ...settled], ends };
}
