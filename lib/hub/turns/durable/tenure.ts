/** A durable turn for as long as this process has it: calls the agent's code over the journal, lets the turn rest while it only waits, and gives it up when it is lost or stuck; durable turns hold one each. */
import { HubError } from '../../../errors';
import type { TurnProblem, TurnRecord, TurnWaitsFor } from '../../../protocol/records';
import type { JournalEntry, Store } from '../../../store/store';
import { type Holding, nameIntent, type Running } from '../running';
import type { About } from '../said';
import { type NextLeg, nextLegOf } from './again';
import type { AgentCode } from './agent-code';
import type { Divergence } from './journal';
import { endLeg, type LegWaitsFor, startLeg } from './leg';
import { type Move, Moves, type MovesParts } from './moves';
import { readJournal } from './read-journal';
import { maxEntries, maxJournalBytes, Run, type RunParts } from './run';
import { RunPort, type RunPortParts } from './run-port';
import { keptEntries } from './started-over';

/** How long a turn has to do nothing but wait before it rests: a rest and the waking from it are a commit each. */
export const restAfterMs = 1_000;

export interface TenureParts extends RunParts, RunPortParts, MovesParts {
  store: Store;
  funnel: RunParts['funnel'];
  /** This node, as stored with the turns it has. */
  owner: string;
}

/** What a tenure asks of the turns that hold it. */
export interface TenureHooks {
  /** Resolves when it is this turn's turn in its session, where it had left its place. */
  comeBack(): Promise<void>;
  /** It has begun to rest; its code is still in memory. */
  onRest(): void;
  /** It rests no more. */
  onWake(): void;
  /** This process has the turn no more. */
  onGone(why: Departure): void;
}

/** `rests`: its code was let go of while it waits; `lost`: another process has it, or it has ended; `released`: the hub closes. */
export type Departure = 'rests' | 'stuck' | 'lost' | 'released';

export class Tenure implements Holding {
  private readonly moves: Moves;
  private run: Run;
  private port: RunPort;
  private isResting = false;
  private isGone = false;
  /** What the journal had when it was taken; nothing before. */
  private taken: readonly JournalEntry[] | undefined;
  /** That is known to the present leg's run; what comes before that is read then. */
  private isLoaded = false;
  private hasMissed = false;
  /** It got stuck by a change of the code, and is to begin at the top. */
  private beginsAnew = false;
  /** The present leg began in this process, so no other code than the present one has run in it. */
  private beganHere: boolean;
  private waking: Promise<void> | undefined;
  private cancelRest: (() => void) | undefined;

  constructor(
    private readonly parts: TenureParts,
    private readonly code: AgentCode,
    private readonly running: Running,
    private readonly about: About,
    private readonly hooks: TenureHooks,
  ) {
    this.moves = new Moves(parts, running);
    [this.run, this.port] = this.newRun();
    // One that begins with its message is taken with it.
    this.beganHere = this.record.status === 'queued' && this.record.run?.generation === 0;
  }

  /** The turn as its events have left it. */
  get record(): TurnRecord {
    return this.moves.record;
  }

  /** Whether it only waits, and no process need have it. */
  get rests(): boolean {
    return this.isResting;
  }

  /** Whether it got stuck, and is to begin at the top by itself. */
  get startsOver(): boolean {
    return this.beginsAnew;
  }

  /** Requests that end or stay with the turn, beside its own. */
  get legacy(): { adopted: Iterable<string>; attended: Iterable<string> } {
    const { adopted, attended } = this.port.asks;
    return { adopted, attended };
  }

  /** Resolves when no message of the turn grows any more. */
  settled(): Promise<void> {
    return this.port.growing.settled();
  }

  /** Why a line of the agent was refused first. */
  get refusedLine(): unknown {
    return this.port.refusedLine;
  }

  /** Its message and that it has begun were one commit: the journal is empty. */
  begin(): void {
    this.taken = [];
  }

  /** The turn is this process's from now on. Resolves with whether its code is to be called. Never rejects. */
  async take(): Promise<boolean> {
    const why = this.code.whyUnknown(this.record.run?.version);
    if (why !== undefined) {
      await this.getStuck({ reason: 'changed', message: why });
      return false;
    }
    this.taken = await this.run.persisted(async () => {
      for (;;) {
        const entries = await readJournal(this.parts.store, this.record.id);
        try {
          // With the journal as it is at that moment, so that nothing added to it is missed.
          await this.moves.move(() => this.takeMove(entries.length), { entries: entries.length });
          return entries;
        } catch (error) {
          if (!HubError.is(error, 'conflict')) throw error;
        }
      }
    });
    if (this.record.status !== 'stuck') return this.record.status === 'running' && !this.isGone;
    this.logStuck();
    this.leave('stuck');
    return false;
  }

  /** The same of a stuck turn. @throws HubError `turn_stuck` where it is stuck no more, `storage_failed` */
  async takeStuck(type: 'retry' | 'start_over'): Promise<void> {
    const { owner, store } = this.parts;
    const turnId = this.record.id;
    const entries = await readJournal(store, turnId);
    const kept = type === 'retry' ? [] : keptEntries(entries).map((entry) => ({ turnId, ...entry }));
    const move: Move = type === 'retry' ? { type, owner, entries: entries.length } : { type, owner };
    try {
      await this.moves.move(() => move, { journal: kept });
    } catch (error) {
      throw HubError.is(error, 'turn_lost')
        ? new HubError('turn_stuck', { details: { turn_id: turnId } })
        : error;
    }
    this.taken = type === 'retry' ? entries : await this.run.persisted(() => readJournal(store, turnId));
    if (type === 'retry') return;
    this.beganHere = true;
    [this.run, this.port] = this.newRun();
  }

  /**
   * Calls the agent's code over what is recorded, leg after leg. Resolves with true when it has returned and everything it
   * began is done, with false when this process has the turn no more.
   * @param onCaughtUp called when nothing is replayed any more
   * @throws what the agent's code throws
   */
  async call(onCaughtUp: () => void): Promise<boolean> {
    for (;;) {
      const { run } = this;
      run.load(this.taken ?? []);
      this.isLoaded = true;
      if (this.hasMissed) await this.catchUp();
      this.hasMissed = false;
      const start = await this.startLeg();
      if (!start || this.isGone) return false;
      if ('why' in start) await this.getStuck({ reason: 'changed', message: start.why });
      if (!('turn' in start)) return false;
      void run.whenCaughtUp(onCaughtUp);
      const returned = await settle(this.code.call(start.turn, this.record.run?.version));
      if (!this.isGone && !run.isReplaying) await this.port.growing.settled();
      // Code that returns or throws before all that is recorded was asked for has changed.
      await run.complete();
      if (this.isGone || this.running.ended) return false;
      if ('error' in returned) throw returned.error;
      const next = nextLegOf(returned.value);
      if (!next) return true;
      if (!(await this.nextLeg(next))) return false;
    }
  }

  /** An entry of its journal was committed. */
  note(entry: JournalEntry): void {
    if (this.isGone) return;
    if (!this.isLoaded) this.hasMissed = true;
    else if (entry.n === this.run.length + 1) this.run.note(entry);
    // Another node's were committed before it.
    else if (entry.n > this.run.length) void this.catchUp();
  }

  /** Reads what others have added to its journal. */
  async catchUp(): Promise<void> {
    const { run } = this;
    if (!this.isLoaded || this.isGone) return;
    const entries = await run.persisted(() => readJournal(this.parts.store, this.record.id, run.length));
    for (const entry of entries ?? []) if (entry.n === run.length + 1) run.note(entry);
  }

  /** Takes nothing more from the journal; resolves when what is under way is done. */
  async pause(): Promise<void> {
    this.run.pause();
    this.cancelRest?.();
    await this.run.idle();
  }

  /** Gives the turn to whoever takes it next, in good order. Never rejects. */
  async release(): Promise<void> {
    if (this.isGone || this.running.ended) return;
    if (this.taken && !this.isResting) await this.moves.move(() => ({ type: 'release' })).catch(() => {});
    this.leave('released', new HubError('closing'));
  }

  /** Forgets the code of a turn that rests. */
  letGo(): void {
    if (this.isResting && !this.waking) this.leave('rests');
  }

  /** Its end has been decided: open calls of the code reject. */
  end(): void {
    this.isGone = true;
    this.cancelRest?.();
    this.run.end(new HubError('turn_ended'));
  }

  private newRun(): [Run, RunPort] {
    const { record } = this;
    const { id, ticketId, sessionId, run: stored, queuedAt } = record;
    const { signal } = this.running.abort;
    const turn = {
      ...{ id, ticketId, sessionId, signal },
      // Asked for at each write, so that no record is made for it.
      generation: () => this.running.actor.snapshot.context.run?.generation ?? 0,
      leg: stored?.leg ?? 0,
      begunAt: stored?.legBegunAt ?? queuedAt,
    };
    const run = new Run(this.parts, turn, {
      awake: () => this.awake(),
      onDivergence: (divergence) => void this.diverge(divergence),
      onLost: () => this.lose(),
      onOverflow: () => void this.overflow(),
      onChange: () => this.considerRest(),
    });
    const port = new RunPort(this.parts, run, this.about.user, (intent) =>
      nameIntent(this.running, intent, this.parts.clock.now()),
    );
    return [run, port];
  }

  /** What the code is called with, or why not; nothing where the leg waits, or is not this process's any more. */
  private async startLeg() {
    const { code, port, run } = this;
    const { signal } = this.running.abort;
    for (;;) {
      const start = await run.persisted(() =>
        startLeg(this.parts, this.record, this.about, { code, port, signal }),
      );
      if (!start || !('wait' in start)) return start;
      if (await this.restAtOnce(start.wait)) return undefined;
      // Something came into its journal at this moment: what is pending is looked at once more.
      await this.catchUp();
    }
  }

  /** Goes from leg to leg. Resolves with whether the code of the next one is to be called now. */
  private async nextLeg(next: NextLeg): Promise<boolean> {
    const { id } = this.record;
    this.run.freeze();
    const ended = await this.run.persisted(async () => {
      for (;;) {
        const { move, more, hasToWait } = await endLeg(this.parts, id, next);
        try {
          await this.moves.move(() => move, { ...more, entries: this.run.length });
          return { hasToWait };
        } catch (error) {
          // An answer came at this moment: what is pending is looked at once more.
          if (!HubError.is(error, 'conflict')) throw error;
          await this.catchUp();
        }
      }
    });
    if (!ended || this.isGone) return false;
    this.run.end();
    [this.run, this.port] = this.newRun();
    this.isLoaded = false;
    this.beganHere = true;
    if (ended.hasToWait) {
      this.leave('rests');
      return false;
    }
    // Answers to requests that were settled before it began.
    this.taken = await this.run.persisted(() => readJournal(this.parts.store, id));
    return this.taken !== undefined;
  }

  /** How the turn becomes this node's, by how it stands. */
  private takeMove(entries: number): Move | undefined {
    if (this.running.ended) return undefined;
    const { owner } = this.parts;
    const { status } = this.record;
    if (status === 'queued') return { type: 'start', take: { owner, entries } };
    if (status === 'waiting') return { type: 'wake', owner, entries };
    return { type: 'take', owner, entries, maxTries: this.code.maxCrashes };
  }

  private awake(): Promise<void> {
    if (!this.isResting) return Promise.resolve();
    this.waking ??= this.wake().finally(() => {
      this.waking = undefined;
    });
    return this.waking;
  }

  private async wake(): Promise<void> {
    const { owner } = this.parts;
    await this.hooks.comeBack();
    const isAwake = await this.run.persisted(async () => {
      await this.moves.move(() =>
        this.isGone || this.running.ended ? undefined : { type: 'wake', owner, entries: this.run.length },
      );
      return !this.isGone;
    });
    if (!isAwake) return new Promise<never>(() => {});
    this.isResting = false;
    this.hooks.onWake();
  }

  /** It rests after a while of doing nothing but wait. */
  private considerRest(): void {
    const isIdle = !this.isResting && !this.isGone && this.run.waitsFor !== undefined;
    if (!isIdle) {
      this.cancelRest?.();
      this.cancelRest = undefined;
      return;
    }
    this.cancelRest ??= this.parts.clock.later(restAfterMs, () => {
      this.cancelRest = undefined;
      void this.rest();
    });
  }

  private async rest(): Promise<void> {
    const { waitsFor } = this.run;
    if (!waitsFor || this.isGone || this.running.ended) return;
    try {
      await this.restFor(waitsFor);
    } catch (error) {
      // The store is away, or another node has added something to its journal: it goes on as it is, and tries again.
      if (HubError.is(error, 'turn_lost')) return this.lose();
      if (HubError.is(error, 'conflict')) await this.catchUp();
      this.considerRest();
    }
  }

  /** @throws HubError `conflict` where something was added to its journal, what else the funnel throws */
  private async restFor({ requestIds, until }: LegWaitsFor): Promise<void> {
    const wait: TurnWaitsFor = {
      since: this.parts.clock.now(),
      requestIds,
      ...(until !== undefined && { until }),
    };
    const move: Move = { type: 'rest', waitsFor: wait, ...(until !== undefined && { dueAt: until }) };
    await this.moves.move(() => (this.running.ended ? undefined : move), { entries: this.run.length });
    if (this.isGone || this.running.ended) return;
    this.isResting = true;
    this.hooks.onRest();
  }

  /** Before its code is called: what the leg waits for is not there. Resolves with false where that may have come meanwhile. */
  private async restAtOnce(wait: LegWaitsFor): Promise<boolean> {
    try {
      await this.run.persisted(() => this.restFor(wait));
    } catch (error) {
      if (HubError.is(error, 'conflict')) return false;
      throw error;
    }
    this.letGo();
    return true;
  }

  private async diverge({ n, recorded, instead }: Divergence): Promise<void> {
    const others = instead.length > 0 ? `; instead: ${instead.join(', ')}` : '; nothing instead';
    const message = `Recorded call ${n} (${recorded}) is not made${others}`;
    await this.getStuck({ reason: 'changed', message, recorded, instead });
  }

  private async overflow(): Promise<void> {
    const message = `Its journal has reached ${maxEntries} entries or ${maxJournalBytes} bytes: end legs with turn.again`;
    await this.getStuck({ reason: 'too_long', message });
  }

  /** Nothing more is done for it, and people see why. Never rejects. */
  private async getStuck(problem: Omit<TurnProblem, 'at'>): Promise<void> {
    if (this.isGone || this.running.ended) return;
    this.run.pause();
    await this.run.persisted(async () => {
      const at = this.parts.clock.now();
      await this.moves.move(() =>
        this.running.ended ? undefined : { type: 'get_stuck', problem: { at, ...problem } },
      );
    });
    if (this.isGone || this.running.ended) return;
    this.logStuck();
    this.beginsAnew = problem.reason === 'changed' && this.code.startsOverOnChange && !this.beganHere;
    this.leave('stuck', new HubError('turn_stuck', { details: { turn_id: this.record.id } }));
  }

  private logStuck(): void {
    const { id: turnId, ticketId, problem } = this.record;
    const { reason, message } = problem ?? {};
    this.parts.logger.error('A turn is stuck', { turnId, ticketId, reason, problem: message });
  }

  private lose(): void {
    if (this.isGone || this.running.ended) return;
    const { id: turnId, ticketId } = this.record;
    this.parts.logger.warn('Another process has taken a turn, or ended it', { turnId, ticketId });
    this.leave('lost', new HubError('turn_lost'));
  }

  /** @param reason that the signal aborts with; default: it does not */
  private leave(why: Departure, reason?: HubError): void {
    if (this.isGone) return;
    this.isGone = true;
    this.cancelRest?.();
    this.run.end();
    if (reason) this.running.abort.abort(reason);
    this.hooks.onGone(why);
  }
}

async function settle(code: Promise<unknown>): Promise<{ value: unknown } | { error: unknown }> {
  try {
    return { value: await code };
  } catch (error) {
    return { error };
  }
}
