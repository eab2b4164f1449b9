/** Where one scenario plays: its seed, its servers, clients and proxies, the ledger they fill, and the end of all of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit, type KeptLog } from './audit';
import { CheckingClient, type CheckingClientOptions } from './checking-client';
import { FaultProxy } from './fault-proxy';
import { Ledger } from './ledger';
import { Random } from './random';
import type { AgentProgram, ServerSettings } from './server';
import { ServerProcess } from './server-process';
import type { LoggedOnWire, OnWire, SentFrame } from './wire';

/** `short` is for `npm test`, `long` for the night. */
export type Size = 'short' | 'long';

/** What a scenario measured, by name with the unit. */
export type Figures = Record<string, number | string>;

export interface Scenario {
  name: string;
  /** Plays on the stage; what must hold and does not becomes a violation of the stage's ledger, or is thrown. */
  play(stage: Stage): Promise<Figures>;
}

/** How a scenario went. */
export interface Outcome {
  scenario: string;
  seed: number;
  size: Size;
  seconds: number;
  figures: Figures;
  /** Empty if everything held. */
  violations: readonly string[];
}

type ClientOptions = Omit<CheckingClientOptions, 'ledger' | 'random'> &
  Partial<Pick<CheckingClientOptions, 'ledger'>>;

export class Stage {
  readonly ledger = new Ledger();
  readonly random: Random;
  readonly folder = mkdtempSync(join(tmpdir(), 'hitl-stress-'));
  private readonly servers: ServerProcess[] = [];
  private readonly clients: CheckingClient[] = [];
  private readonly proxies: FaultProxy[] = [];
  private ids = 0;

  constructor(
    seed: number,
    readonly size: Size,
  ) {
    this.random = new Random(seed);
  }

  /** The one number in `npm test`, the other at night. */
  sized(short: number, long: number): number {
    return this.size === 'short' ? short : long;
  }

  /** A server on the stage's database file. */
  async server(settings: Partial<ServerSettings> = {}): Promise<ServerProcess> {
    const server = await ServerProcess.start({ file: join(this.folder, 'hitl.db'), ...settings });
    this.servers.push(server);
    return server;
  }

  async bareServer(): Promise<ServerProcess> {
    const server = await ServerProcess.startBare();
    this.servers.push(server);
    return server;
  }

  client(options: ClientOptions): CheckingClient {
    const random = this.random.fork(`${options.ticketId} ${options.userId} ${options.tab}`);
    const client = new CheckingClient({ ledger: this.ledger, ...options, random });
    this.clients.push(client);
    return client;
  }

  async proxy(...of: Parameters<typeof FaultProxy.open>): Promise<FaultProxy> {
    const proxy = await FaultProxy.open(...of);
    this.proxies.push(proxy);
    return proxy;
  }

  /** A chat message that tells the agent what to do, unlike any other of the run. */
  message(program: Omit<AgentProgram, 'n'> = {}): SentFrame {
    this.ids += 1;
    const n = `m${this.ids}`;
    return { type: 'message', id: n, content: JSON.stringify({ n, ...program }) };
  }

  /** An answer to a request. */
  answer(requestId: string, status: 'approved' | 'denied'): SentFrame {
    return this.frame('hitl_respond', { request_id: requestId, revision: 1, status });
  }

  /** Any other frame. */
  frame(type: string, fields: object): SentFrame {
    this.ids += 1;
    return { type, id: `a${this.ids}`, ...fields };
  }

  check(holds: boolean, otherwise: string): void {
    if (!holds) this.ledger.violate(otherwise);
  }

  /** Sends until it is acked: a client that is asked to try later does so. @throws Error for any other refusal */
  async insist(client: CheckingClient, frame: SentFrame): Promise<OnWire> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await client.ask(frame);
      if (answer.event === 'ack') return answer;
      const isLater = ['busy', 'rate_limited', 'closing'].includes(answer.code ?? '');
      if (!isLater || attempt === 3_000)
        throw new Error(`${client.name}: ${frame.id} was refused: ${answer.code}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The whole log of a ticket, over REST; what has been trimmed from it, as it was seen. */
  private async log({ port }: ServerProcess, ticketId: string): Promise<KeptLog> {
    const items: LoggedOnWire[] = [];
    for (;;) {
      const after = items.at(-1)?.seq ?? 0;
      const url = `http://127.0.0.1:${port}/tickets/${ticketId}/timeline?after=${after}&limit=500`;
      const response = await fetch(url, { headers: { 'x-user': 'auditor' } });
      if (!response.ok) throw new Error(`The timeline of ${ticketId} was answered ${response.status}`);
      // Not `json()`, whose objects come from outside of the test runner's world and equal nothing in it.
      const page = JSON.parse(await response.text()) as { items: LoggedOnWire[]; epoch: string; seq: number };
      items.push(...page.items);
      // A page may end early, since it is bounded in bytes; the log goes on until its last number.
      if (page.items.length > 0 && (items.at(-1)?.seq ?? 0) < page.seq) continue;
      const trimmed = this.ledger.seen(ticketId).slice(1, items[0]?.seq ?? page.seq + 1);
      const first = trimmed.flatMap((text) => (text === undefined ? [] : [JSON.parse(text)]));
      return { ticketId, epoch: page.epoch, seq: page.seq, items: [...first, ...items] };
    }
  }

  /** Holds what was seen, once all is `quiet`, against the logs of all tickets. */
  async audit(server: ServerProcess): Promise<KeptLog[]> {
    const logs = await this.quiet(server);
    audit(this.ledger, logs);
    return logs;
  }

  /** Resolves, with the logs, when every turn is over and every client that is in has seen all there is. */
  async quiet(server: ServerProcess): Promise<KeptLog[]> {
    await server.idle();
    const logs: KeptLog[] = [];
    for (const ticketId of this.ledger.tickets) logs.push(await this.log(server, ticketId));
    const tops = new Map(logs.map(({ ticketId, seq }) => [ticketId, seq]));
    await Promise.all(
      this.clients.map((client) => client.wantsIn && client.reached(tops.get(client.ticketId) ?? 0)),
    );
    return logs;
  }

  /** Ends whatever is still there. */
  async end(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.goAway()));
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
    await Promise.all(this.servers.map((server) => server.kill()));
    for (const { errors } of this.servers) {
      if (errors) this.ledger.violate(`the server has logged: ${errors.slice(0, 2_000)}`);
    }
    rmSync(this.folder, { recursive: true });
  }
}

/** Plays a scenario. Never rejects: whatever goes wrong is a violation. */
export async function perform(scenario: Scenario, seed: number, size: Size): Promise<Outcome> {
  const stage = new Stage(seed, size);
  const begun = performance.now();
  let figures: Figures = {};
  try {
    figures = await scenario.play(stage);
  } catch (error) {
    stage.ledger.violate(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  await stage.end().catch((error: unknown) => stage.ledger.violate(`The end failed: ${String(error)}`));
  const seconds = Math.round((performance.now() - begun) / 10) / 100;
  return { scenario: scenario.name, seed, size, seconds, figures, violations: stage.ledger.violations };
}
