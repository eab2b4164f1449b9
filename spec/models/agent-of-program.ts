/** The code of a durable agent that does what a program says, and notes everything it is given; in the specs of durable turns. */
import { type DurableAgent, type DurableTurn, durable } from '../../lib';
import { isHubError } from '../../lib/errors';
import type { Clock } from '../../lib/hub/commit/clock';
import type { NoTypes } from '../../lib/hub/kinds/app-types';
import type { Deed, Program } from './agent-programs';
import type { AgentWorld } from './agent-world';

/** The process that the code runs in. */
export interface AgentProcess {
  readonly isDead: boolean;
  readonly clock: Clock;
  /** Resolves at the same moment for everybody who has called it up to then. */
  together(): Promise<void>;
}

type AnyTurn = DurableTurn<NoTypes, LegState>;

interface LegState {
  leg: number;
  values: unknown[];
  when?: string;
}

const never = () => new Promise<never>(() => {});

/** An agent for one process. @param chance what its code finds by chance, for programs that are not deterministic */
export function agentOfProgram(program: Program, world: AgentWorld, process: AgentProcess): DurableAgent {
  const agent = async (turn: AnyTurn) => {
    const { leg, values } = turn.state ?? { leg: 0, values: [] };
    const code = new ProgramCode(turn, world, process, world.reader(leg), program.isRacing);
    if (turn.outcomes.length > 0) code.saw('outcomes', turn.outcomes.map(({ status }) => status).join());
    const deed = program.legs[leg];
    const value = deed && (await code.run(deed, ''));
    const all = [...values, value];
    const when = program.when[leg];
    if (when === undefined) {
      if (!process.isDead) world.returned.push(JSON.stringify(all));
      return;
    }
    const state = { leg: leg + 1, values: all };
    if (when === 'a time') return turn.again(state, { when: '3s' });
    if (when === 'nothing') return turn.again(state);
    const question = `leg ${leg}`;
    return turn.again(state, { when: [await turn.open({ kind: 'question', question })] });
  };
  return durable(agent as never, { maxCrashes: 1_000, releaseAfter: '4s', state: anyState as never });
}

/** A schema that takes every state as it is. */
const anyState = {
  '~standard': { version: 1, vendor: 'spec', validate: (value: unknown) => ({ value }) },
};

class ProgramCode {
  constructor(
    private readonly turn: AnyTurn,
    private readonly world: AgentWorld,
    private readonly process: AgentProcess,
    private readonly read: (seen: string) => void,
    private readonly isRacing: boolean,
  ) {}

  /** The code was given something. */
  saw<T>(what: string, value: T): T {
    if (!this.process.isDead) this.read(`${what}: ${JSON.stringify(value)}`);
    return value;
  }

  async run(deed: Deed, path: string): Promise<unknown> {
    const { turn } = this;
    switch (deed.do) {
      case 'say':
        return this.saw(deed.name, (await turn[deed.as](`${deed.name}${path}`)).content);
      case 'update':
        return this.update(`${deed.name}${path}`);
      case 'ask':
      case 'approve':
        return this.ask(deed, path);
      case 'open': {
        const request = await turn.open({ kind: 'question', question: `${deed.name}${path}` });
        const between = await this.run(deed.meanwhile, path);
        return [between, this.saw(deed.name, await turn.wait(request)).status];
      }
      case 'step':
        return this.step(deed, path);
      case 'sleep':
        await turn.sleep(deed.ms);
        return this.saw(deed.name, 'slept');
      case 'clock': {
        // A step whose input is another time than at first is another step.
        const input = [turn.now(), turn.uuid()];
        return this.saw(deed.name, await turn.step(deed.name, () => 'ticked', { input }));
      }
      case 'draw':
        return this.saw(deed.name, turn.random());
      case 'history':
        return this.history(deed.name);
      case 'if': {
        const question = `${deed.name}${path}`;
        const outcome = this.saw(deed.name, await turn.ask({ question, options: ['yes', 'no'] }));
        const isYes = outcome.status === 'answered' && outcome.answer === 'yes';
        return this.run(isYes ? deed.yes : deed.no, path);
      }
      case 'loop':
        return this.inOrder(Array(deed.times).fill(deed.of), path, deed.name);
      case 'seq':
        return this.inOrder(deed.of, path);
      case 'all':
        return Promise.all(this.begin(deed, path));
      case 'race':
        return this.race(deed, path);
      case 'aside':
        void this.run(deed.of, path).catch(() => {});
        return 'begun';
      case 'pause':
        for (let turns = 0; turns < deed.turns; turns += 1)
          await new Promise((resolve) => setImmediate(resolve));
        return 'paused';
    }
  }

  private async inOrder(deeds: readonly Deed[], path: string, loop?: string): Promise<unknown[]> {
    const values: unknown[] = [];
    for (const [index, deed] of deeds.entries())
      values.push(await this.run(deed, loop === undefined ? path : `${path}.${loop}#${index}`));
    return values;
  }

  private begin({ of, lag }: Extract<Deed, { do: 'all' | 'race' }>, path: string): Promise<unknown>[] {
    return of.map(async (deed, index) => {
      const value = await this.run(deed, path);
      for (let hop = 0; hop < (lag[index] ?? 0); hop += 1) await null;
      return value;
    });
  }

  /** What comes after it depends on who won. */
  private async race(deed: Extract<Deed, { do: 'all' | 'race' }>, path: string): Promise<unknown> {
    const branches = this.begin(deed, path);
    const won = this.saw(
      deed.name,
      await Promise.race(branches.map((branch, index) => branch.then(() => index))),
    );
    await this.step({ do: 'step', name: `${deed.name}-${won}`, ...plain }, path);
    return won;
  }

  private async update(name: string): Promise<unknown> {
    const line = await this.turn.trace(name);
    await this.turn.update(line, `${name} once`);
    return this.saw(name, (await this.turn.update(line, `${name} twice`)).content);
  }

  private async ask({ do: kind, name, expires }: Extract<Deed, { do: 'ask' | 'approve' }>, path: string) {
    const expiry = expires ? { expiresIn: '2s' as const } : {};
    if (kind === 'ask') {
      const answer = this.saw(name, await this.turn.ask({ question: `${name}${path}`, ...expiry }));
      return answer.status === 'answered' ? answer.answer : answer.status;
    }
    return this.saw(name, await this.turn.approve({ tool: name, args: { path }, ...expiry })).status;
  }

  private async history(name: string): Promise<unknown> {
    const lines = await this.turn.history({ limit: 5 });
    this.saw(
      name,
      lines.map(({ content, revisions }) => [content, revisions.length]),
    );
    return 'read';
  }

  private async step(deed: Extract<Deed, { do: 'step' }>, path: string): Promise<unknown> {
    const { name, once, retries } = deed;
    const id = `${name}${path}`;
    try {
      const run = ({ attempt }: { attempt: number }) => this.work(deed, id, attempt);
      // The steps of a loop are told from one another by their number, where none can still be under way.
      const value = await this.turn.step(this.isRacing ? id : name, run, {
        once,
        ...(retries && { retries: 2, backoff: '100ms' }),
      });
      return this.saw(name, value);
    } catch (error) {
      this.saw(name, `${error}`);
      if (!isHubError(error)) return `${error}`;
      if (error.code !== 'step_unknown') throw error;
      if (!this.process.isDead) this.world.unknowns += 1;
      // What it comes to is the same, so that only what is done differs.
      return deed.throws ? `TypeError: no ${id}` : id;
    }
  }

  private async work(
    { pace, throws, once, retries }: Extract<Deed, { do: 'step' }>,
    id: string,
    attempt: number,
  ): Promise<string> {
    await this.takeTime(pace);
    if (this.process.isDead) return never();
    if (retries && attempt < 3) throw new Error('not yet');
    this.world.effect(id, once);
    if (throws) throw new TypeError(`no ${id}`);
    return id;
  }

  private async takeTime(pace: Extract<Deed, { do: 'step' }>['pace']): Promise<void> {
    const { clock } = this.process;
    if (pace === 'microtasks') for (let hop = 0; hop < 5; hop += 1) await null;
    if (pace === 'turns')
      for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    if (pace === 'timer') await new Promise<void>((resolve) => clock.later(40, resolve));
    if (pace === 'together') await this.process.together();
  }
}

const plain = { pace: 'at once', throws: false, once: false, retries: false } as const;
