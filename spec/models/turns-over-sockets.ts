/** A session of the model in a hub: written to and cancelled over a socket, its agent led by the hand, looked at over REST. */
import type { Turn } from '../../lib';
import {
  startTestHub,
  type TestClient,
  type TestFrame,
  type TestHub,
  type TestHubOptions,
} from '../../lib/testing';
import type { TurnDeed, TurnSight, TurnSystem } from './turn-model';

/** The agent code of one turn, which waits for what it is to do. */
interface Call {
  turn: Turn;
  return(): void;
  throw(): void;
}

export class TurnsOverSockets implements TurnSystem {
  /** By turn id. */
  private readonly calls = new Map<string, Call>();
  private readonly waiting = new Set<() => void>();
  /** By number. */
  private readonly turnIds: string[] = [];
  private readonly asked: string[] = [];
  private client: TestClient | undefined;
  private frames = 0;

  private constructor(private readonly hub: TestHub) {}

  static async start(options: Pick<TestHubOptions, 'sqlite'> = {}): Promise<TurnsOverSockets> {
    let system: TurnsOverSockets | undefined;
    const hub = await startTestHub({ ...options, agent: (turn) => system?.answer(turn) });
    system = new TurnsOverSockets(hub);
    return system;
  }

  async perform(deed: TurnDeed): Promise<string> {
    switch (deed.type) {
      case 'say': {
        const { code, turn_id: id } = await this.frame({ type: 'message', content: 'block it' });
        if (code) return code;
        this.turnIds.push(id);
        return 'ok';
      }
      case 'cancel': {
        const turnId = this.turnIds[deed.turn] ?? 'no-such-turn';
        const { code } = await this.frame({ type: 'turn_cancel', turn_id: turnId });
        return code ?? 'ok';
      }
      case 'close':
      case 'crash':
        this.client = undefined;
        await (deed.type === 'close' ? this.hub.restart() : this.hub.crash());
        return 'ok';
      default:
        await this.byAgent(deed);
        return 'ok';
    }
  }

  async look(): Promise<TurnSight> {
    await this.hub.settled();
    const answer = await fetch(`${this.hub.url}/tickets/T-1/timeline?limit=500`, {
      headers: { 'x-user': 'ann' },
    });
    const { items }: { items: TestFrame[] } = JSON.parse(await answer.text());
    const of = (event: string, id: string) =>
      items.filter((each) => each.event === event && each.turn_id === id);
    const turns = this.turnIds.map((id) => ({
      started: of('turn_started', id).length,
      ends: of('turn_ended', id),
    }));
    return {
      turns: turns.map(({ started, ends: [end] }) => ({
        status: end?.status ?? (started > 0 ? 'running' : 'queued'),
        started: started === 1,
        reason: end?.reason ?? null,
        // Only the end reports it; while the turn runs its actor alone knows.
        intent: end?.intent ?? null,
      })),
      asked: this.asked.map((id) => {
        const { hitl } = items.findLast(({ hitl: each }) => each?.id === id);
        return { turn: this.turnIds.indexOf(hitl.turn_id), status: hitl.status };
      }),
      ends: turns.map(({ ends }) => ends.length),
    };
  }

  stop(): Promise<void> {
    return this.hub.close();
  }

  private answer(turn: Turn): Promise<void> {
    return new Promise((resolve, reject) => {
      this.calls.set(turn.id, { turn, return: resolve, throw: () => reject(new Error('no route')) });
      for (const wake of this.waiting) wake();
    });
  }

  private async byAgent(
    deed: Exclude<TurnDeed, { type: 'say' | 'close' | 'crash' | 'cancel' }>,
  ): Promise<void> {
    const { turn, ...call } = await this.running();
    switch (deed.type) {
      case 'name':
        return turn.setIntent(deed.intent);
      case 'ask': {
        // Its outcome is not awaited: what becomes of the request is seen in the ticket.
        void turn.ask({ question: 'Which one?' }).catch(() => {});
        const { hitl } = await (await this.connected()).next('hitl_request_pending');
        this.asked.push(hitl.id);
        return;
      }
      case 'return':
        call.return();
        break;
      case 'throw':
        call.throw();
        break;
    }
    await (await this.connected()).next((frame) => frame.event === 'turn_ended' && frame.turn_id === turn.id);
  }

  /** The call of the turn that runs, as soon as the agent was called. */
  private async running(): Promise<Call> {
    const { turns } = await this.look();
    const id = this.turnIds[turns.findIndex(({ status }) => status === 'running')] ?? '';
    for (;;) {
      const call = this.calls.get(id);
      if (call) return call;
      await new Promise<void>((resolve) => {
        this.waiting.add(() => {
          this.waiting.clear();
          resolve();
        });
      });
    }
  }

  /** A frame and its answer; it is sent twice, and must be answered the same twice where it was carried out. */
  private async frame(frame: { type: string; [field: string]: unknown }): Promise<TestFrame> {
    const client = await this.connected();
    this.frames += 1;
    const whole = { ...frame, id: `frame ${this.frames}` };
    const answer = await client.ask(whole);
    if (answer.event === 'error') return answer;
    const again = await client.ask(whole);
    if (JSON.stringify(again) !== JSON.stringify(answer))
      throw new Error(`Sent again, it was answered ${JSON.stringify(again)}`);
    return answer;
  }

  private async connected(): Promise<TestClient> {
    if (!this.client) {
      this.client = await this.hub.connect({ user: 'ann' });
      await this.client.next('snapshot');
    }
    return this.client;
  }
}
