/** The journal of one leg as the agent's code goes through it: hands recorded and new results to the code in one order, and notices where the code does something else; `Run` has one each. */
import type { Millis } from '../../../protocol/records';
import { answeredRequest } from '../../../store/shared/turns';
import type { JournalEntry } from '../../../store/store';
import type { Clock } from '../../commit/clock';
import { keptCall } from './started-over';

/** How long a recorded call may be missing: code that awaits something of its own between two calls makes it late. */
export const patienceMs = 2_000;

/** A call of the agent's code that has no result yet. */
export interface Call<T = unknown> {
  /** Begins the work behind it, under this id; not called while its result may be in the journal. Must not throw. */
  perform(id: string): void;
  /** What the code gets for the body of its entry, or rejects with. Tried again where it rejects, so it must be able to. */
  revive(body: unknown): Promise<T> | T;
  /** What an entry notes that says how far the call has come; it gives the code nothing. */
  note?(begun: unknown): void;
}

interface OpenCall extends Call {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Where the code has left what is recorded. */
export interface Divergence {
  n: number;
  /** The call that was recorded and is not made. */
  recorded: string;
  /** New calls that are made instead. */
  instead: readonly string[];
}

/** The body of an entry that only notes how far a call has come; its result is another entry. */
export interface Note {
  begun: unknown;
}

export function isNote(body: unknown): body is Note {
  return typeof body === 'object' && body !== null && 'begun' in body;
}

/** What a recorded failure is handed to the code as. */
export class Rejection {
  constructor(readonly error: unknown) {}
}

export interface JournalParts {
  clock: Clock;
  /** Called before anything is handed to the code or performed; resolves when the turn may go on. Never rejects, and never resolves for a turn that may not. */
  awake(): Promise<void>;
  /** The code made other calls than those recorded. */
  onDivergence(divergence: Divergence): void;
  /** Something has changed: whether the turn is at rest may be looked at. */
  onChange(): void;
}

export class Journal {
  /** By number; what was handed over is dropped. */
  private readonly entries = new Map<number, JournalEntry>();
  /** What earlier legs of a turn that was started over have recorded, by call. */
  private readonly kept = new Map<string, unknown>();
  /** Calls with a result among the entries that were loaded. */
  private readonly recorded = new Set<string>();
  private readonly calls = new Map<string, OpenCall>();
  private readonly counts = new Map<string, number>();
  /** The code's waits for requests, by request. */
  private readonly waits = new Map<string, OpenCall[]>();
  /** Requests whose answer stands before the cursor. */
  private readonly settled = new Set<string>();
  /** Waits for one of these: their answer was passed before they were made. */
  private readonly due: { requestId: string; wait: OpenCall }[] = [];
  private held: (() => void)[] = [];
  private cursor = 0;
  private loadedTo = 0;
  private last = 0;
  private isCaughtUp = true;
  private isPumping = false;
  private isOver = false;
  private isPaused = false;
  private hasReturned = false;
  private endPatience: (() => void) | undefined;

  /** @param at the time before the first entry */
  constructor(
    private readonly parts: JournalParts,
    private at: Millis,
  ) {}

  /** What was recorded by others; called once, before the code. */
  load(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      const earlier = keptCall(entry.call);
      if (earlier !== undefined) {
        // Before all others of its leg.
        this.kept.set(earlier, entry.body);
        this.cursor = entry.n;
        this.last = entry.n;
        continue;
      }
      this.entries.set(entry.n, entry);
      if (answeredRequest(entry.call) === undefined && !isNote(entry.body)) this.recorded.add(entry.call);
      this.last = entry.n;
    }
    this.loadedTo = this.last;
    this.isCaughtUp = this.cursor >= this.last;
  }

  /** The body of the entry of such a call in the leg from which the turn was started over. */
  keptOf(call: string): unknown {
    return this.kept.get(call);
  }

  /** The number of the last entry that is known here. */
  get length(): number {
    return this.last;
  }

  /** Whether what the code gets was recorded before. */
  get isReplaying(): boolean {
    return !this.isCaughtUp;
  }

  /** When what the code got last was recorded. */
  get now(): Millis {
    return this.at;
  }

  /** Whether all that is known was handed over, and nothing is left to perform. */
  get isQuiet(): boolean {
    return this.isCaughtUp && !this.isPumping && this.cursor === this.last && this.due.length === 0;
  }

  /** The requests that the code waits for. */
  get awaited(): readonly string[] {
    return [...this.waits.keys()];
  }

  /** The calls that have no result yet; waits for requests are none. */
  get openCalls(): readonly string[] {
    return [...this.calls.keys()];
  }

  /** An entry that was committed now. The next one in order: the others come from the store. */
  add(entry: JournalEntry): void {
    if (entry.n !== this.last + 1) return;
    this.last = entry.n;
    this.entries.set(entry.n, entry);
    this.pump();
  }

  /** A call of the code. @param base its kind and name; calls of the same one are counted */
  call<T>(base: string, call: Call<T>): Promise<T> {
    const count = (this.counts.get(base) ?? 0) + 1;
    this.counts.set(base, count);
    const id = `${base}#${count}`;
    return new Promise<T>((resolve, reject) => {
      if (this.isOver) return;
      this.calls.set(id, { ...call, resolve, reject } as OpenCall);
      const perform = () =>
        void this.parts.awake().then(() => this.isOver || this.isPaused || call.perform(id));
      if (this.isCaughtUp) perform();
      else if (!this.recorded.has(id)) this.held.push(perform);
      this.pump();
    });
  }

  /** The outcome of a request that this turn has asked. @param revive what the code gets */
  wait<T>(requestId: string, revive: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.isOver) return;
      const wait: OpenCall = { perform: () => {}, revive, resolve: resolve as never, reject };
      if (this.settled.has(requestId)) this.due.push({ requestId, wait });
      else this.waits.set(requestId, [...(this.waits.get(requestId) ?? []), wait]);
      this.pump();
    });
  }

  /** The code has returned. What branches that nobody waits for had gone on to do is replayed, so that none of it is done twice. */
  return(): void {
    this.hasReturned = true;
    this.pump();
  }

  /** Hands nothing over and begins nothing from now on. */
  pause(): void {
    this.isPaused = true;
    this.endPatience?.();
  }

  /** Ends it: nothing is handed over any more. @param error what open calls reject with; default: they stay open */
  end(error?: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    this.endPatience?.();
    const open = [
      ...this.calls.values(),
      ...[...this.waits.values()].flat(),
      ...this.due.map(({ wait }) => wait),
    ];
    if (error !== undefined) for (const { reject } of open) reject(error);
    this.calls.clear();
    this.waits.clear();
    this.entries.clear();
    this.held = [];
  }

  private pump(): void {
    if (this.isPumping || this.isOver || this.isPaused) return;
    this.isPumping = true;
    // One turn of the loop for each: the code does all that it can do before it gets the next.
    setImmediate(() => void this.handOverNext());
  }

  private async handOverNext(): Promise<void> {
    const isSome = this.due.length > 0 || this.entries.has(this.cursor + 1);
    if (isSome) await this.parts.awake();
    const isMore = isSome && !this.isOver && (await this.handOver());
    this.isPumping = false;
    if (this.isOver || this.isPaused) return;
    if (isMore) this.pump();
    else this.catchUp();
    this.parts.onChange();
  }

  /** Hands one result to the code; passes what gives it nothing. Returns whether there may be more. */
  private async handOver(): Promise<boolean> {
    const due = this.due.shift();
    if (due) {
      await this.give(due.wait, null);
      return true;
    }
    for (;;) {
      const entry = this.entries.get(this.cursor + 1);
      if (!entry) return false;
      const requestId = answeredRequest(entry.call);
      if (requestId !== undefined) {
        this.pass(entry);
        this.settled.add(requestId);
        const waits = this.waits.get(requestId);
        if (!waits) continue;
        this.waits.delete(requestId);
        for (const wait of waits) await this.give(wait, null);
        return true;
      }
      const call = this.calls.get(entry.call);
      if (!call) {
        this.miss(entry);
        return false;
      }
      this.pass(entry);
      if (isNote(entry.body)) {
        call.note?.(entry.body.begun);
        continue;
      }
      this.calls.delete(entry.call);
      await this.give(call, entry.body);
      return true;
    }
  }

  private pass(entry: JournalEntry): void {
    this.cursor = entry.n;
    this.at = entry.at;
    this.entries.delete(entry.n);
    this.endPatience?.();
    this.endPatience = undefined;
  }

  private async give(call: OpenCall, body: unknown): Promise<void> {
    const value = await call.revive(body);
    if (this.isOver) return;
    if (value instanceof Rejection) call.reject(value.error);
    else call.resolve(value);
  }

  /** A recorded call that the code has not made, or not yet. */
  private miss(entry: JournalEntry): void {
    const report = () => {
      if (this.isOver || this.isPaused || this.cursor >= entry.n) return;
      const instead = this.openCalls.filter((id) => !this.recorded.has(id));
      this.parts.onDivergence({ n: entry.n, recorded: entry.call, instead });
    };
    if (this.hasReturned) report();
    else this.endPatience ??= this.parts.clock.later(patienceMs, report);
  }

  /** Everything recorded was handed over: what was held begins. */
  private catchUp(): void {
    if (this.isCaughtUp || this.cursor < this.loadedTo) return;
    this.isCaughtUp = true;
    const { held } = this;
    this.held = [];
    for (const perform of held) perform();
  }
}
