/** The legs of a durable turn in this process: calls the agent's code over the journal of the present one, and goes from each to the next; a tenure has one. */
import { HubError } from '../../../errors';
import type { TurnProblem } from '../../../protocol/records';
import type { JournalEntry } from '../../../store/store';
import { nameIntent, type Running } from '../running';
import type { About } from '../said';
import { type NextLeg, nextLegOf } from './again';
import type { AgentCode } from './agent-code';
import type { Divergence } from './journal';
import { endLeg, type LegParts, type LegWaitsFor, startLeg } from './leg';
import type { Moves } from './moves';
import { readJournal } from './read-journal';
import { maxEntries, maxJournalBytes, Run, type RunHooks, type RunParts } from './run';
import { RunPort, type RunPortParts } from './run-port';

export type LegsParts = RunParts & RunPortParts & LegParts;

/** The turn whose legs these are. */
export interface LegsTurn {
  code: AgentCode;
  running: Running;
  about: About;
  moves: Moves;
  /** Whether this process has the turn still, and its end has not been decided. */
  hasTurn(): boolean;
}

/** What the legs ask of the tenure that has them. */
export interface LegsHooks extends Pick<RunHooks, 'awake' | 'onLost' | 'onChange'> {
  /** The turn rests before its code is called. Resolves with false where what it waits for may have come meanwhile. */
  rest(wait: LegWaitsFor): Promise<boolean>;
  /** A leg has ended, and the next one has to wait. */
  onWait(): void;
  /** The turn cannot go on by itself. */
  onProblem(problem: Omit<TurnProblem, 'at'>): Promise<void>;
}

export class Legs {
  private present: [Run, RunPort];
  /** What the journal had when it was read; nothing before. */
  private read: readonly JournalEntry[] | undefined;
  /** That is known to the present leg's run; what comes before that is read then. */
  private isLoaded = false;
  private hasMissed = false;
  private beganInProcess: boolean;

  constructor(
    private readonly parts: LegsParts,
    private readonly turn: LegsTurn,
    private readonly hooks: LegsHooks,
  ) {
    const { status, run } = turn.moves.record;
    // One that begins with its message is taken with it.
    this.beganInProcess = status === 'queued' && run?.generation === 0;
    this.present = this.begin();
  }

  /** That of the present leg. */
  get run(): Run {
    return this.present[0];
  }

  /** That of the present leg. */
  get port(): RunPort {
    return this.present[1];
  }

  /** Whether the present leg began in this process, so that no other code than the present one has run in it. */
  get beganHere(): boolean {
    return this.beganInProcess;
  }

  /** What is recorded of the present leg, for when its code is called. */
  load(entries: readonly JournalEntry[]): void {
    this.read = entries;
  }

  /** The present leg is another one, which the events of the turn have begun. @param entries that it has */
  beginAnew(entries: readonly JournalEntry[]): void {
    this.read = entries;
    this.beganInProcess = true;
    this.present = this.begin();
  }

  /**
   * Calls the agent's code over what is recorded, leg after leg. Resolves with true when it has returned and everything it
   * began is done, with false when this process has the turn no more.
   * @param onCaughtUp called when nothing is replayed any more
   * @throws what the agent's code throws
   */
  async call(onCaughtUp: () => void): Promise<boolean> {
    const { code, moves, hasTurn } = this.turn;
    for (;;) {
      const [run, port] = this.present;
      run.load(this.read ?? []);
      this.isLoaded = true;
      if (this.hasMissed) await this.catchUp();
      this.hasMissed = false;
      const start = await this.start();
      if (!start || !hasTurn()) return false;
      if ('why' in start) await this.hooks.onProblem({ reason: 'changed', message: start.why });
      if (!('turn' in start)) return false;
      void run.whenCaughtUp(onCaughtUp);
      const returned = await settle(code.call(start.turn, moves.record.run?.version));
      if (hasTurn() && !run.isReplaying) await port.growing.settled();
      // Code that returns or throws before all that is recorded was asked for has changed.
      await run.complete();
      if (!hasTurn()) return false;
      if ('error' in returned) throw returned.error;
      const next = nextLegOf(returned.value);
      if (!next) return true;
      if (!(await this.goOn(next))) return false;
    }
  }

  /** An entry of the turn's journal was committed. */
  note(entry: JournalEntry): void {
    const { run } = this;
    if (!this.turn.hasTurn()) return;
    if (!this.isLoaded) this.hasMissed = true;
    else if (entry.n === run.length + 1) run.note(entry);
    // Another node's were committed before it.
    else if (entry.n > run.length) void this.catchUp();
  }

  /** Reads what others have added to the journal. */
  async catchUp(): Promise<void> {
    const { run } = this;
    if (!this.isLoaded || !this.turn.hasTurn()) return;
    const { id } = run.turn;
    const entries = await run.persisted(() => readJournal(this.parts.store, id, run.length));
    for (const entry of entries ?? []) if (entry.n === run.length + 1) run.note(entry);
  }

  private begin(): [Run, RunPort] {
    const { parts, hooks } = this;
    const { about, moves, running } = this.turn;
    const { id, ticketId, sessionId, run: stored, queuedAt } = moves.record;
    const { signal } = running.abort;
    const turn = {
      ...{ id, ticketId, sessionId, signal },
      // Asked for at each write, so that no record is made for it.
      generation: () => running.actor.snapshot.context.run?.generation ?? 0,
      leg: stored?.leg ?? 0,
      begunAt: stored?.legBegunAt ?? queuedAt,
    };
    const run = new Run(parts, turn, {
      awake: () => hooks.awake(),
      onDivergence: (divergence) => void hooks.onProblem(problemOf(divergence)),
      onLost: () => hooks.onLost(),
      onOverflow: () => void hooks.onProblem(tooLong),
      onChange: () => hooks.onChange(),
    });
    const name = (intent: string) => nameIntent(running, intent, parts.clock.now());
    return [run, new RunPort(parts, run, about.user, name)];
  }

  /** What the code is called with, or why not; nothing where the leg waits, or is not this process's any more. */
  private async start() {
    const [run, port] = this.present;
    const { about, code, moves, running } = this.turn;
    const { signal } = running.abort;
    for (;;) {
      const start = await run.persisted(() =>
        startLeg(this.parts, moves.record, about, { code, port, signal }),
      );
      if (!start || !('wait' in start)) return start;
      if (await this.hooks.rest(start.wait)) return undefined;
      // Something came into its journal at this moment: what is pending is looked at once more.
      await this.catchUp();
    }
  }

  /** Ends the present leg. Resolves with whether the code of the next one is to be called now. */
  private async goOn(next: NextLeg): Promise<boolean> {
    const { run } = this;
    const { moves, hasTurn } = this.turn;
    const { id } = run.turn;
    run.freeze();
    const ended = await run.persisted(async () => {
      for (;;) {
        const { move, more, hasToWait } = await endLeg(this.parts, id, next);
        try {
          await moves.move(() => move, { ...more, entries: run.length });
          return { hasToWait };
        } catch (error) {
          // An answer came at this moment: what is pending is looked at once more.
          if (!HubError.is(error, 'conflict')) throw error;
          await this.catchUp();
        }
      }
    });
    if (!ended || !hasTurn()) return false;
    run.end();
    this.present = this.begin();
    this.isLoaded = false;
    this.beganInProcess = true;
    if (ended.hasToWait) {
      this.hooks.onWait();
      return false;
    }
    // Answers to requests that were settled before it began.
    this.read = await this.run.persisted(() => readJournal(this.parts.store, id));
    return this.read !== undefined;
  }
}

const tooLong = {
  reason: 'too_long',
  message: `Its journal has reached ${maxEntries} entries or ${maxJournalBytes} bytes: end legs with turn.again`,
} as const;

function problemOf({ n, recorded, instead }: Divergence): Omit<TurnProblem, 'at'> {
  const others = instead.length > 0 ? `; instead: ${instead.join(', ')}` : '; nothing instead';
  return {
    reason: 'changed',
    message: `Recorded call ${n} (${recorded}) is not made${others}`,
    recorded,
    instead,
  };
}

async function settle(code: Promise<unknown>): Promise<{ value: unknown } | { error: unknown }> {
  try {
    return { value: await code };
  } catch (error) {
    return { error };
  }
}
