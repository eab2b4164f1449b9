/** The rest of a durable turn that only waits: when it begins, and how the turn wakes from it; a tenure has one. */
import { HubError } from '../../../errors';
import type { TurnWaitsFor } from '../../../protocol/records';
import type { Clock } from '../../commit/clock';
import type { LegWaitsFor } from './leg';
import type { Move, Moves } from './moves';
import type { Run } from './run';

/** How long a turn has to do nothing but wait before it rests: a rest and the waking from it are a commit each. */
export const restAfterMs = 1_000;

export interface RestParts {
  clock: Clock;
  moves: Moves;
  /** This node, as stored with the turns it has. */
  owner: string;
  /** That of the present leg. */
  run(): Run;
  /** Whether this process has the turn still, and its end has not been decided. */
  hasTurn(): boolean;
}

/** What a rest asks of the tenure that has it. */
export interface RestHooks {
  /** Resolves when it is this turn's turn in its session, where it had left its place. */
  comeBack(): Promise<void>;
  /** It has begun; the code is still in memory. */
  onRest(): void;
  /** It is over. */
  onWake(): void;
  /** Another node has added something to the journal. */
  catchUp(): Promise<void>;
  /** Another process has the turn, or it has ended. */
  onLost(): void;
}

export class Rest {
  private isResting = false;
  private waking: Promise<void> | undefined;
  private cancelRest: (() => void) | undefined;

  constructor(
    private readonly parts: RestParts,
    private readonly hooks: RestHooks,
  ) {}

  /** Whether the turn only waits, and no process need have it. */
  get isOn(): boolean {
    return this.isResting;
  }

  /** Whether it is on, and the turn is not about to wake. */
  get isDeep(): boolean {
    return this.isResting && !this.waking;
  }

  /** Resolves when the turn may write: where it rests, it wakes. Never resolves where this process has it no more. */
  awake(): Promise<void> {
    if (!this.isResting) return Promise.resolve();
    this.waking ??= this.wake().finally(() => {
      this.waking = undefined;
    });
    return this.waking;
  }

  /** What the turn does may have changed: it rests after a while of doing nothing but wait. */
  consider(): void {
    const isIdle = !this.isResting && this.parts.hasTurn() && this.parts.run().waitsFor !== undefined;
    if (!isIdle) {
      this.avoid();
      return;
    }
    this.cancelRest ??= this.parts.clock.later(restAfterMs, () => {
      this.cancelRest = undefined;
      void this.begin();
    });
  }

  /** It does not begin by itself, until it is considered again. */
  avoid(): void {
    this.cancelRest?.();
    this.cancelRest = undefined;
  }

  /**
   * It begins now. Resolves with false where what the turn is to wait for may have come meanwhile.
   * @throws HubError what the funnel throws, but where the store is away
   */
  async beginFor(wait: LegWaitsFor): Promise<boolean> {
    try {
      await this.parts.run().persisted(() => this.commit(wait));
      return true;
    } catch (error) {
      if (HubError.is(error, 'conflict')) return false;
      throw error;
    }
  }

  private async begin(): Promise<void> {
    const { waitsFor } = this.parts.run();
    if (!waitsFor || !this.parts.hasTurn()) return;
    try {
      await this.commit(waitsFor);
    } catch (error) {
      // The store is away, or another node has added something to its journal: it goes on as it is, and tries again.
      if (HubError.is(error, 'turn_lost')) return this.hooks.onLost();
      if (HubError.is(error, 'conflict')) await this.hooks.catchUp();
      this.consider();
    }
  }

  /** @throws HubError `conflict` where something was added to its journal, what else the funnel throws */
  private async commit({ requestIds, until }: LegWaitsFor): Promise<void> {
    const { clock, moves, run, hasTurn } = this.parts;
    const waitsFor: TurnWaitsFor = {
      since: clock.now(),
      requestIds,
      ...(until !== undefined && { until }),
    };
    const move: Move = { type: 'rest', waitsFor, ...(until !== undefined && { dueAt: until }) };
    await moves.move(() => move, { entries: run().length });
    if (!hasTurn()) return;
    this.isResting = true;
    this.hooks.onRest();
  }

  private async wake(): Promise<void> {
    const { moves, owner, run, hasTurn } = this.parts;
    await this.hooks.comeBack();
    const isAwake = await run().persisted(async () => {
      await moves.move(() => (hasTurn() ? { type: 'wake', owner, entries: run().length } : undefined));
      return hasTurn();
    });
    if (!isAwake) return new Promise<never>(() => {});
    this.isResting = false;
    this.hooks.onWake();
  }
}
