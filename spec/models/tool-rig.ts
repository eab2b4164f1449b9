/** A hub on a SQLite file whose durable agent calls one tool, for what is shown of tools in durable turns: its process can be ended anywhere, and people answer over sockets. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type {
  AnyTool,
  DurableOptions,
  DurableTurn,
  Duration,
  NoTypes,
  Schema,
  ToolCall,
  ToolOptions,
  Turn,
  TurnRecord,
} from '../../lib/index';
import { durable, type ExpressHitl } from '../../lib/index';
import { sqliteStore } from '../../lib/store/sqlite/sqlite-store';
import type { Store } from '../../lib/store/store';
import { startTestHub, type TestClient, type TestHub } from '../../lib/testing';
import { Stops } from './stopping-store';

export type Args = { ip: string };
export const args = z.object({ ip: z.string() });

/** What a spec says of the tool. */
export type BlockIp = Partial<ToolOptions<typeof args, unknown, NoTypes>>;
// biome-ignore lint/suspicious/noExplicitAny: some have a state
type Agent = (turn: DurableTurn<any, any>, tool: AnyTool, rig: ToolRig) => unknown;

/** Lets everything run that can run without time passing. */
async function idle(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export class ToolRig {
  readonly stops = new Stops();
  /** What the tool was called with, over all processes. */
  readonly ran: { ip: string; key: string }[] = [];
  /** What the calls of the default agent gave, over all processes. */
  readonly calls: (ToolCall<unknown> | Error)[] = [];
  hub!: TestHub;
  alice!: TestClient;
  bob!: TestClient;

  private constructor(
    /** Replaced before a restart by a test that changes the code. */
    public tool: BlockIp,
    public agent: Agent,
    private readonly options: DurableOptions<Schema>,
    private readonly folder: string,
  ) {}

  /** @param agent default: calls the tool with the message's text, notes what it gives, and says its status */
  static async start(
    tool: BlockIp = {},
    agent?: Agent,
    options: DurableOptions<Schema> = {},
  ): Promise<ToolRig> {
    const folder = mkdtempSync(join(tmpdir(), 'durable-tools-'));
    const rig: ToolRig = new ToolRig(tool, agent ?? ((turn, made) => rig.call(turn, made)), options, folder);
    rig.hub = await startTestHub({
      makeStore: () => rig.stops.watch(sqliteStore(join(folder, 'hitl.db'))),
      prepare: (hitl) => rig.prepare(hitl),
    });
    await rig.join();
    return rig;
  }

  /** The default agent's call. */
  async call(turn: Turn, tool: AnyTool, callId?: string): Promise<void> {
    const call = await turn
      .callTool(tool, { ip: turn.message.content }, callId === undefined ? {} : { callId })
      .catch((error: Error) => error);
    this.calls.push(call);
    await turn.say(call instanceof Error ? call.message : call.status);
  }

  /** The process ends without a word; another one starts. */
  async crash(): Promise<void> {
    await this.hub.crash();
    await this.join();
  }

  async restart(): Promise<void> {
    await this.hub.restart();
    await this.join();
  }

  /** Another hub beside the first, on the same store and clock. */
  another(): Promise<TestHub> {
    const { store, clock } = this.hub;
    const shared: Store = Object.assign(Object.create(store), {
      open: async () => {},
      close: async () => {},
    });
    return startTestHub({ makeStore: () => shared, clock, prepare: (hitl) => this.prepare(hitl) });
  }

  /** Alice writes; resolves with the turn's id. */
  async say(content: string): Promise<string> {
    return String((await this.alice.say(content)).turnId);
  }

  /** The pending requests, the oldest first, as soon as there are so many. */
  async asked(count = 1) {
    for (let look = 0; look < 50; look += 1) {
      const { items } = await this.hub.hub.requests.list({ status: 'pending' });
      if (items.length >= count) return items;
      await idle();
    }
    throw new Error(`${count} requests are not pending`);
  }

  /** Bob's answer to a request, over his socket. */
  async approve(requestId: string): Promise<void> {
    await this.bob.answer({ requestId, status: 'approved' });
  }

  async answer(requestId: string, answer: string, comment?: string): Promise<void> {
    await this.bob.answer({
      requestId,
      status: 'answered',
      answer,
      ...(comment !== undefined && { comment }),
    });
  }

  /** Time passes, once everything has run that needs none. */
  async pass(by: Duration): Promise<void> {
    await idle();
    await this.hub.advance(by);
  }

  /** Resolves when the turn has this status. */
  async until(turnId: string, status: TurnRecord['status']): Promise<TurnRecord> {
    for (let look = 0; look < 50; look += 1) {
      const turn = await this.hub.store.turn(turnId);
      if (turn?.status === status) return turn;
      await this.hub.advance(0);
      await idle();
    }
    throw new Error(`The turn is not ${status}, but ${(await this.hub.store.turn(turnId))?.status}`);
  }

  /** What the agent has said in the turn. */
  async said(turnId: string): Promise<string[]> {
    const turn = await this.hub.store.turn(turnId);
    const messages = await this.hub.store.messages(turn?.sessionId ?? '', 100);
    return messages
      .filter((each) => each.turnId === turnId && each.type !== 'user')
      .map(({ content }) => content);
  }

  /** Of the request that has been approved. */
  async execution(requestId: string) {
    return (await this.hub.hub.requests.get(requestId)).execution;
  }

  async close(): Promise<void> {
    await this.hub.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private prepare(hitl: ExpressHitl): void {
    const { run, ...tool } = this.tool;
    const made = hitl.tool({
      name: 'block_ip',
      args,
      ...tool,
      run: (given: Args, context) => {
        this.ran.push({ ip: given.ip, key: context.key });
        return run ? run(given, context) : `blocked ${given.ip}`;
      },
    });
    hitl.agent(durable((turn) => this.agent(turn, made, this), this.options));
  }

  private async join(): Promise<void> {
    this.alice = await this.hub.connect({ user: 'alice' });
    this.bob = await this.hub.connect({ user: 'bob' });
  }
}

/** Options of a tool that is run without asking. */
export const allowed: BlockIp = { rules: [{ decide: 'allow' }] };

/** What a tool runs that never ends the first `times` times. */
export function hangs(times: number) {
  let runs = 0;
  let begin = () => {};
  const next = () =>
    new Promise<void>((resolve) => {
      begin = resolve;
    });
  const begun = next();
  const run = () => {
    runs += 1;
    if (runs > times) return 'blocked';
    begin();
    return new Promise(() => {});
  };
  return { run, begun, next };
}
