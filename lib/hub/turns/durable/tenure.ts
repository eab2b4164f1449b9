/** A durable turn for as long as this process has it: calls the agent's code over the journal, lets the turn rest while it only waits, and gives it up when it is lost or stuck; durable turns hold one each. */
import { restoreTurn, type TurnEvent, turnMachine, turnRecord } from '../../../actors/turn-machine';
import { HubError } from '../../../errors';
import type { Millis, TurnProblem, TurnRecord } from '../../../protocol/records';
import type { Commit, JournalEntry } from '../../../store/store';
import { LiveActor } from '../../commit/live-actor';
import type { Steps } from '../../commit/steps';
import { toOutcome } from '../../requests/outcome';
import { maxIntentLength } from '../intake';
import type { About } from '../plain-turn';
import { envelopesOf, type Running } from '../running';
import { type NextLeg, nextLegOf } from './again';
import type { AgentCode } from './agent-code';
import { asSettled } from './as-then';
import { DurableTurn } from './durable-turn';
import type { Divergence } from './journal';
import { readJournal } from './read-journal';
import { maxEntries, maxJournalBytes, Run, type RunParts } from './run';

/** How long a turn has to do nothing but wait before it rests: a rest and the waking from it are a commit each. */
export const restAfterMs = 1_000;

export interface TenureParts extends RunParts {
  steps: Steps;
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

export class Tenure {
  private run: Run;
  private isResting = false;
  private isGone = false;
  /** What the journal had when it was taken; nothing before. */
  private taken: readonly JournalEntry[] | undefined;
  /** It got stuck for a change of the code, and begins at the top with that. */
  private beginsAnew = false;
  /** The present leg began in this process, so no other code than the present one has run in it. */
  private beganHere = false;
  private waking: Promise<void> | undefined;
  private cancelRest: (() => void) | undefined;
  private moves: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly parts: TenureParts,
    private readonly code: AgentCode,
    private readonly running: Running,
    private readonly about: About,
    private readonly hooks: TenureHooks,
  ) {
    this.run = this.newRun();
    // One that began in this process was taken with its message.
    this.beganHere = this.record.status === 'running' && this.record.run?.owner === parts.owner;
    if (this.beganHere) this.taken = [];
  }

  /** The turn as it was stored last. */
  get record(): TurnRecord {
    return turnRecord(this.running.actor.snapshot);
  }

  /** Whether it only waits, and no process need have it. */
  get rests(): boolean {
    return this.isResting;
  }

  /** Whether it got stuck, and is to begin at the top by itself. */
  get startsOver(): boolean {
    return this.beginsAnew;
  }

  /** The turn is this process's from now on. Resolves with whether its code is to be called. Never rejects. */
  async take(): Promise<boolean> {
    const why = this.code.whyUnknown(this.record.run?.version);
    if (why !== undefined) {
      await this.getStuck({ reason: 'changed', message: why });
      return false;
    }
    await this.takeWith((entries) =>
      takeEvent(this.record, entries, this.parts.owner, this.code.maxCrashes, this.now),
    );
    if (this.record.status === 'stuck') {
      this.logStuck();
      this.leave('stuck');
    }
    return this.record.status === 'running' && !this.isGone;
  }

  /** The same of a stuck turn. @throws HubError `turn_stuck` where it is stuck no more, `storage_failed` */
  async takeStuck(type: 'retry' | 'start_over'): Promise<void> {
    const { owner } = this.parts;
    const turnId = this.record.id;
    const entries = type === 'retry' ? await readJournal(this.parts.store, turnId) : [];
    const event: TurnEvent =
      type === 'retry'
        ? { type, at: this.now, owner, entries: entries.length }
        : { type, at: this.now, owner };
    try {
      await this.move(event, {});
    } catch (error) {
      throw HubError.is(error, 'turn_lost')
        ? new HubError('turn_stuck', { details: { turn_id: turnId } })
        : error;
    }
    this.taken = entries;
    if (type === 'start_over') this.beganHere = true;
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
      this.taken = [];
      const turn = await this.begin(run);
      if (!turn || this.isGone) return false;
      run.whenCaughtUp(onCaughtUp);
      const returned = await this.callCode(turn);
      // Code that returns or throws before all that is recorded was asked for has changed.
      await run.complete();
      if (this.isGone || this.running.ended) return false;
      if ('error' in returned) throw returned.error;
      const next = nextLegOf(returned.value);
      if (!next) return true;
      if (!(await this.beginLeg(next))) return false;
    }
  }

  /** An entry of its journal was committed. */
  note(entry: JournalEntry): void {
    if (!this.taken) return;
    if (entry.n === this.run.length + 1) this.run.note(entry);
    // Another node's were committed between, or it is of a leg that has not begun here.
    else if (entry.n > this.run.length) void this.catchUp();
  }

  /** Reads what others have added to its journal. */
  async catchUp(): Promise<void> {
    const { run } = this;
    if (!this.taken || this.isGone) return;
    const entries = await run.persisted(() => readJournal(this.parts.store, this.record.id, run.length));
    for (const entry of entries ?? []) if (entry.n === run.length + 1) run.note(entry);
  }

  /** Takes nothing more from the journal; resolves when what is under way is done. */
  async pause(): Promise<void> {
    this.run.pause();
    await this.run.idle();
  }

  /** Gives the turn to whoever takes it next, in good order. Never rejects. */
  async release(): Promise<void> {
    if (this.isGone) return;
    if (this.taken && !this.isResting && !this.running.ended)
      await this.move({ type: 'release', at: this.now }, {}).catch(() => {});
    this.leave('released', new HubError('closing'));
  }

  /** Forgets the code of a turn that rests. */
  letGo(): void {
    if (this.isResting && !this.waking) this.leave('rests');
  }

  /** Its end is stored or has begun to be: open calls of the code reject. */
  end(): void {
    this.isGone = true;
    this.cancelRest?.();
    this.run.end(new HubError('turn_ended'));
  }

  /** Requests that end or stay with the turn, beside its own. */
  get legacy(): { adopted: Iterable<string>; attended: Iterable<string> } {
    return this.run;
  }

  /** Why a line of the agent was refused first. */
  get refusedLine(): unknown {
    return this.run.refusedLine;
  }

  private get now(): Millis {
    return this.parts.clock.now();
  }

  private newRun(): Run {
    const { abort } = this.running;
    const { record } = this;
    const { id, ticketId, sessionId } = record;
    return new Run(
      this.parts,
      {
        ...{ id, ticketId, sessionId, signal: abort.signal },
        user: this.about.user,
        generation: () => this.record.run?.generation ?? 0,
        leg: record.run?.leg ?? 0,
        begunAt: record.startedAt ?? record.queuedAt,
      },
      {
        nameIntent: (intent) =>
          void this.running.actor.send({
            type: 'name_intent',
            at: this.now,
            intent: intent.slice(0, maxIntentLength),
          }),
        awake: () => this.awake(),
        onDivergence: (divergence) => void this.diverge(divergence),
        onLost: () => this.lose(),
        onOverflow: () => void this.overflow(),
        onChange: () => this.considerRest(),
      },
    );
  }

  /** What the code is called with; nothing where the leg has to wait first, or cannot begin. */
  private async begin(run: Run): Promise<DurableTurn | undefined> {
    const { id, run: stored } = this.record;
    const when = stored?.when ?? [];
    const read = await run.persisted(() => Promise.all(when.map((each) => this.parts.hitl.get(each))));
    if (!read) return undefined;
    const pending = read.filter(({ status }) => status === 'pending').map((each) => each.id);
    if (pending.length > 0) {
      await this.rest({ requestIds: pending });
      this.letGo();
      return undefined;
    }
    const state = await run.persisted(async () => ({ stored: await this.parts.store.turnState(id) }));
    if (!state) return undefined;
    const checked = this.code.readState(state.stored);
    if (!checked.ok) {
      await this.getStuck({ reason: 'changed', message: checked.why });
      return undefined;
    }
    const outcomes = read.map((record) => toOutcome(asSettled(record)));
    const { ticketId, sessionId } = this.record;
    const { message, user } = this.about;
    const about = { id, ticketId, sessionId, user, message, signal: this.running.abort.signal };
    return new DurableTurn(about, run, {
      ...{ state: checked.state, outcomes, code: this.code, version: stored?.version },
    });
  }

  private async callCode(turn: DurableTurn): Promise<{ value: unknown } | { error: unknown }> {
    try {
      return { value: await this.code.call(turn, this.record.run?.version) };
    } catch (error) {
      return { error };
    }
  }

  /** The next leg. Returns whether its code is to be called now. */
  private async beginLeg({ state, when, delayMs }: NextLeg): Promise<boolean> {
    const { id } = this.record;
    const { hitl } = this.parts;
    const until = delayMs === undefined ? undefined : this.now + delayMs;
    const next = await this.run.persisted(async () => {
      for (;;) {
        const read = await Promise.all(when.map((each) => hitl.get(each)));
        const pending = read.filter(({ status }) => status === 'pending').map((each) => each.id);
        const hasToWait = pending.length > 0 || until !== undefined;
        const waitsFor = { since: this.now, requestIds: pending, ...(until !== undefined && { until }) };
        const event: TurnEvent = {
          ...{ type: 'again', at: this.now, when },
          ...(hasToWait && { waitsFor }),
          ...(until !== undefined && { dueAt: until }),
        };
        const waits = when.map((requestId) => ({ turnId: id, requestId }));
        try {
          await this.move(event, { waits, state: { turnId: id, state } }, this.run.length);
          return { hasToWait };
        } catch (error) {
          // An answer came at this moment: what is pending is looked at once more.
          if (!HubError.is(error, 'conflict')) throw error;
          await this.catchUp();
        }
      }
    });
    if (!next || this.isGone) return false;
    this.run.end();
    this.run = this.newRun();
    this.beganHere = true;
    if (next.hasToWait) {
      this.leave('rests');
      return false;
    }
    // Of requests that were settled before it began.
    this.taken = await this.run.persisted(() => readJournal(this.parts.store, id));
    return this.taken !== undefined;
  }

  /** Takes the turn with the journal as it is at that moment, so that nothing added to it is missed. */
  private async takeWith(toEvent: (entries: number) => TurnEvent): Promise<void> {
    this.taken = await this.run.persisted(async () => {
      for (;;) {
        const entries = await readJournal(this.parts.store, this.record.id);
        try {
          await this.move(toEvent(entries.length), {}, entries.length);
          return entries;
        } catch (error) {
          if (!HubError.is(error, 'conflict')) throw error;
        }
      }
    });
  }

  private awake(): Promise<void> {
    if (!this.isResting) return Promise.resolve();
    this.waking ??= this.wake().finally(() => {
      this.waking = undefined;
    });
    return this.waking;
  }

  private async wake(): Promise<void> {
    await this.hooks.comeBack();
    const { owner } = this.parts;
    const woken = await this.run.persisted(async () => {
      // Meanwhile it may have been let go.
      if (!this.isGone) await this.move({ type: 'wake', at: this.now, owner, entries: this.run.length }, {});
      return true;
    });
    if (!woken || this.isGone) return never();
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
      const { waitsFor } = this.run;
      if (waitsFor && !this.isGone && !this.running.ended) void this.rest(waitsFor);
    });
  }

  private async rest(waitsFor: { requestIds: readonly string[]; until?: Millis }): Promise<void> {
    const { until } = waitsFor;
    const event: TurnEvent = {
      ...{ type: 'rest', at: this.now, waitsFor: { since: this.now, ...waitsFor } },
      ...(until !== undefined && { dueAt: until }),
    };
    // Where something was added to the journal, or the store is away, it goes on as it is.
    const rested = await this.move(event, {}, this.run.length).then(
      () => true,
      (error: unknown) => {
        if (HubError.is(error, 'turn_lost')) this.lose();
        return false;
      },
    );
    if (!rested || this.isGone || this.running.ended) return;
    this.isResting = true;
    this.hooks.onRest();
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
    const { run } = this;
    run.pause();
    const at = this.now;
    await run.persisted(async () => {
      await this.move({ type: 'get_stuck', at, problem: { at, ...problem } }, {});
      return true;
    });
    if (this.isGone) return;
    this.logStuck();
    this.beginsAnew = problem.reason === 'changed' && this.code.startsOverOnChange && !this.beganHere;
    this.leave('stuck', new HubError('turn_stuck', { details: { turn_id: this.record.id } }));
  }

  private logStuck(): void {
    const { id: turnId, ticketId, problem } = this.record;
    this.parts.logger.error('A turn is stuck', {
      turnId,
      ticketId,
      reason: problem?.reason,
      problem: problem?.message,
    });
  }

  private lose(): void {
    const { id: turnId, ticketId } = this.record;
    if (this.isGone || this.running.ended) return;
    this.parts.logger.warn('Another process has a turn that was this one’s, or it has ended', {
      turnId,
      ticketId,
    });
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

  private asBefore(before: TurnRecord): Running['actor'] {
    const record = { ...before, ...intentOf(this.record) };
    return LiveActor.restore(turnMachine, restoreTurn(record), this.parts.steps);
  }

  /** One event of the turn, committed, one after another. @param entries the journal has to have, or `conflict` */
  private move(event: TurnEvent, more: Pick<Commit, 'waits' | 'state'>, entries?: number): Promise<void> {
    const moved = this.moves.then(() => this.commitMove(event, more, entries));
    this.moves = moved.catch(() => {});
    return moved;
  }

  private async commitMove(
    event: TurnEvent,
    more: Pick<Commit, 'waits' | 'state'>,
    entries?: number,
  ): Promise<void> {
    const { running } = this;
    const before = this.record;
    const emitted = running.actor.send(event);
    const envelopes = envelopesOf(running, emitted, event.at);
    const { id: turnId, ticketId } = before;
    const fence = {
      turnId,
      generation: before.run?.generation ?? 0,
      ...(entries !== undefined && { entries }),
    };
    try {
      await this.parts.funnel.commit({
        ticketId,
        at: event.at,
        turns: [this.record],
        envelopes,
        fence,
        ...more,
      });
      running.actor.publishSteps();
    } catch (error) {
      // Its end, which may have been decided meanwhile, stands.
      if (!running.ended) running.actor = this.asBefore(before);
      throw error;
    }
  }
}

/** How a stored turn becomes this node's, by how it stands. */
function takeEvent(
  { status }: TurnRecord,
  entries: number,
  owner: string,
  maxTries: number,
  at: Millis,
): TurnEvent {
  if (status === 'queued') return { type: 'start', at, take: { owner, entries } };
  if (status === 'waiting') return { type: 'wake', at, owner, entries };
  return { type: 'take', at, owner, entries, maxTries };
}

function intentOf({ intent }: TurnRecord): Pick<TurnRecord, 'intent'> {
  return intent === undefined ? {} : { intent };
}

function never(): Promise<never> {
  return new Promise(() => {});
}
