/** A durable turn for as long as this process has it: takes it, has its code called while it does not rest, and gives it up when it is lost or stuck; durable turns hold one each. */
import { HubError } from '../../../errors';
import type { TurnProblem, TurnRecord } from '../../../protocol/records';
import type { JournalEntry } from '../../../store/store';
import type { Holding, Running } from '../running';
import type { About } from '../said';
import type { AgentCode } from './agent-code';
import { Legs, type LegsParts } from './legs';
import { type Move, Moves, type MovesParts } from './moves';
import { readJournal } from './read-journal';
import { Rest, type RestHooks } from './rest';
import { keptEntries } from './started-over';

export interface TenureParts extends LegsParts, MovesParts {
  funnel: LegsParts['funnel'];
  /** This node, as stored with the turns it has. */
  owner: string;
}

/** What a tenure asks of the turns that hold it. */
export interface TenureHooks extends Pick<RestHooks, 'comeBack' | 'onRest' | 'onWake'> {
  /** This process has the turn no more. */
  onGone(why: Departure): void;
}

/** `rests`: its code was let go of while it waits; `lost`: another process has it, or it has ended; `released`: the hub closes. */
export type Departure = 'rests' | 'stuck' | 'lost' | 'released';

export class Tenure implements Holding {
  private readonly moves: Moves;
  private readonly legs: Legs;
  private readonly rest: Rest;
  private isTaken = false;
  private isGone = false;
  /** It got stuck by a change of the code, and is to begin at the top. */
  private beginsAnew = false;

  constructor(
    private readonly parts: TenureParts,
    private readonly code: AgentCode,
    private readonly running: Running,
    about: About,
    private readonly hooks: TenureHooks,
  ) {
    const { clock, owner } = parts;
    const hasTurn = () => !this.isOver;
    this.moves = new Moves(parts, running);
    const { moves } = this;
    this.rest = new Rest(
      { clock, moves, owner, run: () => this.legs.run, hasTurn },
      {
        comeBack: () => hooks.comeBack(),
        onRest: () => hooks.onRest(),
        onWake: () => hooks.onWake(),
        catchUp: () => this.catchUp(),
        onLost: () => this.lose(),
      },
    );
    this.legs = new Legs(
      parts,
      { code, running, about, moves, hasTurn },
      {
        awake: () => this.rest.awake(),
        onLost: () => this.lose(),
        onChange: () => this.rest.consider(),
        rest: async (wait) => {
          const rests = await this.rest.beginFor(wait);
          if (rests) this.letGo();
          return rests;
        },
        onWait: () => this.leave('rests'),
        onProblem: (problem) => this.getStuck(problem),
      },
    );
  }

  /** The turn as its events have left it. */
  get record(): TurnRecord {
    return this.moves.record;
  }

  get rests(): boolean {
    return this.rest.isOn;
  }

  /** Whether it got stuck, and is to begin at the top by itself. */
  get startsOver(): boolean {
    return this.beginsAnew;
  }

  /** Requests that end or stay with the turn, beside its own. */
  get legacy(): { adopted: Iterable<string>; attended: Iterable<string> } {
    const { adopted, attended } = this.legs.port.asks;
    return { adopted, attended };
  }

  /** Resolves when no message of the turn grows any more. */
  settled(): Promise<void> {
    return this.legs.port.growing.settled();
  }

  /** Why a line of the agent was refused first. */
  get refusedLine(): unknown {
    return this.legs.port.refusedLine;
  }

  begin(): void {
    this.load([]);
  }

  async take(): Promise<boolean> {
    const why = this.code.whyUnknown(this.record.run?.version);
    if (why !== undefined) {
      await this.getStuck({ reason: 'changed', message: why });
      return false;
    }
    const taken = await this.legs.run.persisted(async () => {
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
    if (taken) this.load(taken);
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
    if (type === 'retry') return this.load(entries);
    this.isTaken = true;
    this.legs.beginAnew((await this.legs.run.persisted(() => readJournal(store, turnId))) ?? []);
  }

  /** Calls the agent's code, see `Legs`. */
  call(onCaughtUp: () => void): Promise<boolean> {
    return this.legs.call(onCaughtUp);
  }

  note(entry: JournalEntry): void {
    this.legs.note(entry);
  }

  catchUp(): Promise<void> {
    return this.legs.catchUp();
  }

  async pause(): Promise<void> {
    const { run } = this.legs;
    run.pause();
    this.rest.avoid();
    await run.idle();
  }

  async release(): Promise<void> {
    if (this.isOver) return;
    if (this.isTaken && !this.rests) await this.moves.move(() => ({ type: 'release' })).catch(() => {});
    this.leave('released', new HubError('closing'));
  }

  /** Forgets the code of a turn that rests. */
  letGo(): void {
    if (this.rest.isDeep) this.leave('rests');
  }

  end(): void {
    this.isGone = true;
    this.rest.avoid();
    this.legs.run.end(new HubError('turn_ended'));
  }

  /** This process has the turn no more, or its end has been decided. */
  private get isOver(): boolean {
    return this.isGone || this.running.ended !== undefined;
  }

  private load(entries: readonly JournalEntry[]): void {
    this.isTaken = true;
    this.legs.load(entries);
  }

  /** How the turn becomes this node's, by how it stands. */
  private takeMove(entries: number): Move {
    const { owner } = this.parts;
    const { status } = this.record;
    if (status === 'queued') return { type: 'start', take: { owner, entries } };
    if (status === 'waiting') return { type: 'wake', owner, entries };
    return { type: 'take', owner, entries, maxTries: this.code.maxCrashes };
  }

  /** Nothing more is done for it, and people see why. Never rejects. */
  private async getStuck(problem: Omit<TurnProblem, 'at'>): Promise<void> {
    if (this.isOver) return;
    const { run } = this.legs;
    run.pause();
    await run.persisted(async () => {
      const at = this.parts.clock.now();
      await this.moves.move(() => ({ type: 'get_stuck', problem: { at, ...problem } }));
    });
    if (this.isOver) return;
    this.logStuck();
    this.beginsAnew = problem.reason === 'changed' && this.code.startsOverOnChange && !this.legs.beganHere;
    this.leave('stuck', new HubError('turn_stuck', { details: { turn_id: this.record.id } }));
  }

  private logStuck(): void {
    const { id: turnId, ticketId, problem } = this.record;
    const { reason, message } = problem ?? {};
    this.parts.logger.error('A turn is stuck', { turnId, ticketId, reason, problem: message });
  }

  private lose(): void {
    if (this.isOver) return;
    const { id: turnId, ticketId } = this.record;
    this.parts.logger.warn('Another process has taken a turn, or ended it', { turnId, ticketId });
    this.leave('lost', new HubError('turn_lost'));
  }

  /** @param reason that the signal aborts with; default: it does not */
  private leave(why: Departure, reason?: HubError): void {
    if (this.isGone) return;
    this.isGone = true;
    this.rest.avoid();
    this.legs.run.end();
    if (reason) this.running.abort.abort(reason);
    this.hooks.onGone(why);
  }
}
