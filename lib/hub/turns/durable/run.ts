/** One run of a durable turn's code over its journal: what the code calls is performed once, recorded, and handed to it from there; `Legs` has one for each leg. */
import { HubError } from '../../../errors';
import type { Millis } from '../../../protocol/records';
import type { JournalEntry } from '../../../store/store';
import type { Clock } from '../../commit/clock';
import type { Funnel } from '../../commit/funnel';
import type { Beside } from '../../commit/occasion';
import { jsonLength } from '../../kinds/json-text';
import type { Logger } from '../../options/logger';
import type { Speaker } from '../outputs';
import { assertOutsideStep } from '../steps';
import { type Call, type Divergence, Journal, Rejection } from './journal';
import { failure, thrownIn } from './results';
import { Sleeps } from './sleeps';
import { Writer } from './writer';

/** Entries of one leg, and bytes of their bodies: a turn with more is stuck. The log warns at a half. */
export const maxEntries = 10_000;
export const maxJournalBytes = 16_777_216;

export interface RunParts {
  funnel: Funnel;
  clock: Clock;
  logger: Logger;
}

/** The turn that runs. */
export interface Runner extends Speaker {
  /** As of now: only what carries it is written. */
  generation(): number;
  leg: number;
  /** When this leg began. */
  begunAt: Millis;
}

/** What a run asks of who holds it. */
export interface RunHooks {
  /** See `JournalParts.awake`. */
  awake(): Promise<void>;
  onDivergence(divergence: Divergence): void;
  /** Another process has the turn, or it has ended. */
  onLost(): void;
  /** The journal has reached its bound. */
  onOverflow(): void;
  /** Whether it is at rest may have changed. */
  onChange(): void;
}

/** As the journal's, but performing it may take time and fail; what it throws is recorded for the code. */
export interface RunCall<T> extends Omit<Call<T>, 'perform'> {
  perform(id: string): Promise<unknown>;
  /** It is no work: the turn may rest meanwhile. */
  isIdle?: boolean;
}

export class Run {
  private readonly journal: Journal;
  private readonly writer: Writer;
  private readonly sleeps: Sleeps;
  /** Work that is done for the code in this process. */
  private working = 0;
  private bytes = 0;
  isOver = false;
  private hasWarned = false;
  /** Who waits for a change. */
  private watchers: (() => void)[] = [];

  constructor(
    private readonly parts: RunParts,
    readonly turn: Runner,
    private readonly hooks: RunHooks,
  ) {
    const { clock, funnel } = parts;
    this.writer = new Writer({ clock, funnel, turn, onLost: () => hooks.onLost() });
    this.sleeps = new Sleeps(clock);
    this.journal = new Journal(
      {
        clock,
        awake: () => hooks.awake(),
        onDivergence: (divergence) => hooks.onDivergence(divergence),
        onChange: () => this.change(),
      },
      turn.begunAt,
    );
  }

  /** What was recorded before; called once, before the code. */
  load(entries: readonly JournalEntry[]): void {
    const unknown = entries.filter(({ n }) => n > this.length);
    for (const { body } of unknown) this.bytes += jsonLength(body);
    this.journal.load(unknown);
  }

  /** Calls `call` as soon as nothing is replayed any more, or it is over. */
  async whenCaughtUp(call: () => void): Promise<void> {
    while (!this.isOver && this.isReplaying) await this.changed();
    call();
  }

  /** Does it, and again for as long as the store is away; nothing where the turn was lost, ended or let go. */
  async persisted<T>(work: () => Promise<T>): Promise<T | undefined> {
    return (await this.writer.persist(work))?.value;
  }

  /** Hands nothing more to the code and begins nothing for it; what is under way goes on. */
  pause(): void {
    this.journal.pause();
  }

  /** An entry that was committed, here or elsewhere. */
  note(entry: JournalEntry): void {
    this.bytes += jsonLength(entry.body);
    this.journal.add(entry);
    this.watchBounds();
  }

  /** What such a call had recorded when the turn was started over; nothing if it was not, or had not. */
  keptOf(call: string): unknown {
    return this.journal.keptOf(call);
  }

  /** Entries that are known here. */
  get length(): number {
    return this.journal.length;
  }

  get isReplaying(): boolean {
    return this.journal.isReplaying;
  }

  /** When what the code got last was recorded. */
  get now(): Millis {
    return this.journal.now;
  }

  /** What the turn waits for if it does nothing else; nothing while it works, or where its code awaits something of its own. */
  get waitsFor(): { requestIds: readonly string[]; until?: Millis } | undefined {
    const requestIds = this.journal.awaited;
    const until = this.sleeps.firstEnd;
    if (!this.isQuiet || (requestIds.length === 0 && until === undefined)) return undefined;
    return { requestIds, ...(until !== undefined && { until }) };
  }

  /** Resolves when the code has returned and what it began besides is done, as far as that waits for nobody. */
  async complete(): Promise<void> {
    this.journal.return();
    while (!this.isOver && !this.isQuiet) await this.changed();
  }

  /** Resolves when nothing is being done for the code, or when it is over. */
  async idle(): Promise<void> {
    while (!this.isOver && this.working > 0) await this.changed();
  }

  /** The leg is over: what its code goes on to do is not part of the next one, whose journal begins with the commit that ends it. */
  freeze(): void {
    this.journal.pause();
    this.writer.freeze();
    this.sleeps.end();
  }

  /** Nothing more is handed to the code or written for it. @param error what open calls reject with; default: they stay open */
  end(error?: unknown): void {
    this.isOver = true;
    this.writer.end();
    this.sleeps.end();
    this.journal.end(error);
    this.change();
  }

  /** When the first of the turn's sleeps ends is part of what it waits for. Resolves at that time. */
  sleepUntil(end: Millis): Promise<void> {
    return this.sleeps.begin(end, () => this.change());
  }

  /** The same for work under way: the turn may rest meanwhile. Resolves when it may write again. */
  async restUntil(end: Millis): Promise<void> {
    this.working -= 1;
    await this.sleepUntil(end);
    await this.awake();
    this.working += 1;
  }

  /** The outcome of a request that this journal gets the answer of. */
  awaitAnswer<T>(requestId: string, revive: () => Promise<T>): Promise<T> {
    return this.journal.wait(requestId, () => this.read(revive));
  }

  /** The entry of a call, to be committed with what it records. */
  beside(call: string, body: unknown) {
    return this.writer.beside(call, body);
  }

  /** An entry by itself. @throws HubError what the funnel throws */
  append(call: string, body: unknown, waits?: Beside['waits']): Promise<void> {
    return this.writer.append(call, body, waits && { waits });
  }

  /** The same at the end of work that must not be done again because of the store's trouble. @throws HubError `closing` where it is over */
  async record(call: string, body: unknown): Promise<void> {
    if (!(await this.writer.persist(() => this.writer.append(call, body)))) throw new HubError('closing');
  }

  /** Resolves when the turn may write: where it rests, it wakes. */
  awake(): Promise<void> {
    return this.hooks.awake();
  }

  /** A call of the agent's code. @param what it is called, for an error */
  call<T>(what: string, base: string, { perform, isIdle = false, revive, note }: RunCall<T>): Promise<T> {
    try {
      assertOutsideStep(what, this.turn.id);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.journal.call<T>(base, {
      ...(note && { note }),
      perform: (id) => void this.perform(id, perform, isIdle),
      revive: async (body) => {
        const thrown = thrownIn(body);
        if (thrown) return new Rejection(thrown) as never;
        return this.read(async () => revive(body));
      },
    });
  }

  /** Never rejects: what the work throws is recorded, and reaches the code from there. */
  private async perform(id: string, work: (id: string) => Promise<unknown>, isIdle: boolean): Promise<void> {
    if (!isIdle) this.working += 1;
    try {
      await this.writer.persist(() => work(id));
    } catch (error) {
      await this.recordFailure(id, error);
    } finally {
      if (!isIdle) this.working -= 1;
      this.change();
    }
  }

  private async recordFailure(id: string, error: unknown): Promise<void> {
    if (this.isOver || this.turn.signal.aborted) return;
    await this.writer.persist(() => this.writer.append(id, failure(error))).catch(() => this.hooks.onLost());
  }

  /** What the store says, however long that takes; never, once it is over. */
  private async read<T>(work: () => Promise<T>): Promise<T> {
    const read = await this.writer.persist(work);
    return read ? read.value : new Promise<never>(() => {});
  }

  private get isQuiet(): boolean {
    return this.journal.isQuiet && this.working === 0;
  }

  private watchBounds(): void {
    const filled = Math.max(this.length / maxEntries, this.bytes / maxJournalBytes);
    if (filled >= 1) this.hooks.onOverflow();
    if (filled < 0.5 || this.hasWarned) return;
    this.hasWarned = true;
    const about = { turnId: this.turn.id, entries: this.length, bytes: this.bytes };
    this.parts.logger.warn('The journal of a turn is half full: end the leg with turn.again', about);
  }

  private change(): void {
    const { watchers } = this;
    this.watchers = [];
    for (const watcher of watchers) watcher();
    if (!this.isOver) this.hooks.onChange();
  }

  private changed(): Promise<void> {
    return new Promise((resolve) => this.watchers.push(resolve));
  }
}
