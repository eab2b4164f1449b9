/** One durable turn as its agent's code uses it: what it says, asks and finds out is committed with its entry in the journal, and read from there when the code is called again; durable turns make one for each time they take a turn. */
import { createHash } from 'node:crypto';
import { HubError, stackOf } from '../../../errors';
import { canonicalJson } from '../../../protocol/canonical-json';
import type { MessageRecord, MessageType, Millis, RequestRecord, User } from '../../../protocol/records';
import type { JournalEntry, Store } from '../../../store/store';
import type { Clock } from '../../commit/clock';
import type { Funnel } from '../../commit/funnel';
import { digestOf } from '../../kinds/kinds';
import { type Duration, toDeadlineMillis } from '../../options/duration';
import type { Logger } from '../../options/logger';
import type { Hitl } from '../../requests/hitl';
import type { Asked } from '../../requests/request-input';
import type { Outputs, SayOptions, Speaker } from '../outputs';
import { assertOutsideStep, runStep, type StepContext, type StepOptions } from '../steps';
import type { TurnPort } from '../turn';
import { asBorn, asRevised, asSettled } from './as-then';
import { Draws } from './draws';
import { type Call, type Divergence, Journal, Rejection } from './journal';
import { failure, result, thrownIn } from './results';
import { Sleeps } from './sleeps';
import { Writer } from './writer';

/** Entries of one leg, and bytes of their bodies: a turn with more is stuck. The log warns at a half. */
export const maxEntries = 10_000;
export const maxJournalBytes = 16_777_216;
/** Messages of a session that are looked through for those that `history` gave before. */
const maxHistory = 1_000;

export interface RunParts {
  store: Store;
  funnel: Funnel;
  clock: Clock;
  logger: Logger;
  hitl: Hitl;
  outputs: Outputs;
}

/** The turn that runs. */
export interface Runner extends Speaker {
  user: Required<User>;
  /** As of now: only what carries it is written. */
  generation(): number;
  leg: number;
  /** When this leg began. */
  begunAt: Millis;
}

/** What a run asks of those who hold it. */
export interface RunHooks {
  nameIntent(intent: string): void;
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

/** As the journal's, but it may take time and fail; what it throws is recorded for the code. */
interface RunCall<T> extends Omit<Call<T>, 'perform'> {
  perform(id: string): Promise<unknown>;
  /** It is no work that the turn would rest after. */
  isIdle?: boolean;
}

export class Run implements TurnPort {
  private readonly journal: Journal;
  private readonly writer: Writer;
  private readonly sleeps: Sleeps;
  private readonly draws: Draws;
  /** Steps that are under way, by name and input. */
  private readonly stepsUnderWay = new Set<string>();
  /** Work that is done for the code in this process. */
  private working = 0;
  /** Requests whose answer this journal gets. */
  private readonly followed = new Set<string>();
  /** Requests of a turn that is gone, asked again by this one. */
  readonly adopted = new Set<string>();
  /** Requests that this turn waits for and that outlive it. */
  readonly attended = new Set<string>();
  private bytes = 0;
  private isOver = false;
  private hasWarned = false;
  /** Who waits for a change. */
  private watchers: (() => void)[] = [];
  /** Why a line of the agent was refused first, where it could not have been said at all. */
  refusedLine: unknown;

  constructor(
    private readonly parts: RunParts,
    private readonly turn: Runner,
    private readonly hooks: RunHooks,
  ) {
    const { clock, funnel } = parts;
    this.writer = new Writer({ clock, funnel, turn, onLost: () => hooks.onLost() });
    this.sleeps = new Sleeps(clock);
    this.draws = new Draws(turn);
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
    for (const { body } of unknown) this.bytes += sizeOf(body);
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
    this.bytes += sizeOf(entry.body);
    this.journal.add(entry);
    this.watchBounds();
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

  /** Nothing more is handed to the code or written for it. @param error what open calls reject with; default: they stay open */
  end(error?: unknown): void {
    this.isOver = true;
    this.writer.end();
    this.sleeps.end();
    this.journal.end(error);
    this.change();
  }

  add(type: MessageType, content: string, options: SayOptions = {}): Promise<MessageRecord> {
    const { id: turnId, ticketId, sessionId } = this.turn;
    const d = digestOfText(content);
    return this.call('say', `say:${type}${keyed(options.key)}`, {
      perform: (call) =>
        this.parts.outputs.add(this.turn, type, content, {
          ...options,
          beside: (message) => this.writer.beside(call, { m: message.id, at: message.createdAt, d }),
        }),
      revive: (body) => {
        const said = body as { m: string; at: Millis; d: string };
        if (said.d !== d) this.logChange(`a ${type} in other words than before, which stays as it was`);
        return { id: said.m, ticketId, sessionId, turnId, type, content, createdAt: said.at, revisions: [] };
      },
    });
  }

  update(messageId: string, content: string): Promise<MessageRecord> {
    return this.call('update', `update:${messageId}`, {
      perform: (call) =>
        this.parts.outputs.update(this.turn, messageId, content, {
          beside: ({ updatedAt }) => this.writer.beside(call, { at: updatedAt }),
        }),
      revive: async (body) => {
        const message = await this.parts.store.message(messageId);
        const { at } = body as { at: Millis };
        return { ...(message as MessageRecord), content, updatedAt: at, revisions: [] };
      },
    });
  }

  history(limit: number): Promise<readonly MessageRecord[]> {
    const { store } = this.parts;
    const { sessionId } = this.turn;
    return this.call('history', `history:${limit}`, {
      perform: async (call) => {
        const messages = await store.messages(sessionId, limit);
        await this.writer.append(call, { v: messages.map(({ id, revisions }) => [id, revisions.length]) });
      },
      revive: async (body) => {
        const { v } = body as { v: readonly (readonly [id: string, revisions: number])[] };
        const messages = await store.messages(sessionId, maxHistory);
        const byId = new Map(messages.map((message) => [message.id, message]));
        return v.flatMap(([id, revisions]) => {
          const message = byId.get(id);
          return message ? [asRevised(message, revisions)] : [];
        });
      },
    });
  }

  open(asked: Asked): Promise<{ request: RequestRecord; isNew: boolean }> {
    return this.call('open', nameOf(asked), {
      perform: (call) => this.ask(call, asked),
      revive: async (body) => {
        const { asked: id, isNew, status, isOrphan = false } = body as Opened;
        const record = await this.parts.hitl.get(id);
        this.follow(record, isOrphan);
        return { request: asBorn(record, status), isNew };
      },
    });
  }

  async wait(requestId: string): Promise<RequestRecord> {
    if (!this.followed.has(requestId)) await this.followOther(requestId);
    try {
      return await this.journal.wait(requestId, async () => {
        const read = await this.writer.persist(() => this.parts.hitl.get(requestId));
        return read ? asSettled(read.value) : new Promise<never>(() => {});
      });
    } finally {
      this.attended.delete(requestId);
      this.parts.hitl.turnAway(requestId, this.turn.id);
    }
  }

  nameIntent(intent: string): void {
    this.hooks.nameIntent(intent);
  }

  step(name: string, run: (context: StepContext) => unknown, options: StepOptions = {}): Promise<unknown> {
    const { input } = options;
    const base = `step:${name}${input === undefined ? '' : `:${digestOfText(canonicalJson(input))}`}`;
    if (this.stepsUnderWay.has(base)) {
      const message = `Two steps "${name}" are under way at the same time: give each a name of its own, or an input`;
      return Promise.reject(new HubError('invalid_request', { message }));
    }
    this.stepsUnderWay.add(base);
    let wasBegun = false;
    const done = this.call('step', base, {
      note: () => {
        wasBegun = true;
      },
      perform: async (call) => {
        if (options.once && wasBegun)
          throw new HubError('step_unknown', {
            message: `The process ended in the step "${name}": whether it was done is not known`,
            details: { step: name },
          });
        if (options.once) await this.mustPersist(() => this.writer.append(call, { begun: true }));
        const body = await this.resultOf(name, call, run, options);
        if (body) await this.mustPersist(() => this.writer.append(call, body));
      },
      revive: (body) => (body as { v?: unknown }).v,
    });
    const free = () => this.stepsUnderWay.delete(base);
    done.then(free, free);
    return done;
  }

  sleep(duration: Duration): Promise<void> {
    const ms = toDeadlineMillis(duration);
    let until: Millis | undefined;
    return this.call<void>('sleep', 'sleep', {
      isIdle: true,
      note: (begun) => {
        until = begun as Millis;
      },
      perform: async (call) => {
        const isNoted = until !== undefined;
        const end = until ?? this.parts.clock.now() + ms;
        if (!isNoted) await this.mustPersist(() => this.writer.append(call, { begun: end }));
        await this.sleeps.begin(end, () => this.change());
        await this.hooks.awake();
        await this.mustPersist(() => this.writer.append(call, {}));
      },
      revive: () => {},
    });
  }

  random(): number {
    return this.draws.random();
  }

  uuid(): string {
    return this.draws.uuid();
  }

  /** @param what the agent's call, for an error */
  private call<T>(
    what: string,
    base: string,
    { perform, isIdle = false, revive, note }: RunCall<T>,
  ): Promise<T> {
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
        const read = await this.writer.persist(async () => revive(body));
        return read ? read.value : new Promise<never>(() => {});
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
    if (HubError.is(error, 'invalid_request') && id.startsWith('say:')) this.refusedLine ??= error;
    await this.writer.persist(() => this.writer.append(id, failure(error))).catch(() => this.hooks.onLost());
  }

  /** So that the store's trouble at the end of work does not make the work be done again. */
  private async mustPersist(work: () => Promise<void>): Promise<void> {
    if (!(await this.writer.persist(work))) throw new HubError('closing');
  }

  /** What a step's function gives or throws, as it is recorded; nothing where the turn has ended meanwhile. */
  private async resultOf(
    name: string,
    call: string,
    run: (context: StepContext) => unknown,
    options: StepOptions,
  ) {
    const { id: turnId, signal } = this.turn;
    const step = { name, turnId, key: this.keyOf(call), run, options, signal, clock: this.parts.clock };
    try {
      return result(`The step "${name}"`, await runStep(step));
    } catch (error) {
      if (signal.aborted || this.isOver) return undefined;
      this.parts.logger.debug('A step of a turn failed', { turnId, step: name, stack: stackOf(error) });
      return failure(error);
    }
  }

  private async ask(call: string, asked: Asked): Promise<void> {
    const { hitl, store } = this.parts;
    const { id: turnId, ticketId, sessionId, user } = this.turn;
    const asker = { ticketId, sessionId, turnId, userId: user.id };
    const waitsFor = (id: string) => [{ turnId, requestId: id }];
    const beside = ({ id, status }: RequestRecord) => ({
      ...this.writer.beside(call, { asked: id, isNew: true, status } satisfies Opened),
      waits: waitsFor(id),
    });
    const { request, isNew } = await hitl.ask({ ...asked, ...asker }, { by: user, via: 'turn', beside });
    if (isNew) return;
    const { id, status } = request;
    const isOther = request.turnId !== undefined && request.turnId !== turnId;
    if (isOther) await hitl.takeUp(id);
    const earlier = isOther && !request.detached ? await store.turn(request.turnId as string) : undefined;
    const isOrphan = earlier?.status === 'completed' || earlier?.status === 'aborted';
    const opened: Opened = { asked: id, isNew: false, status, ...(isOrphan && { isOrphan }) };
    await this.writer.append(call, opened, { waits: waitsFor(id) });
  }

  /** The turn waits for this request, as one that the hub knows of. */
  private follow({ id, detached }: RequestRecord, isOrphan: boolean): void {
    this.followed.add(id);
    this.parts.hitl.attend(id, this.turn.id);
    if (detached) this.attended.add(id);
    else if (isOrphan) this.adopted.add(id);
  }

  /** A request that this turn has not asked: from now on its answer comes into this journal too. */
  private followOther(requestId: string): Promise<void> {
    return this.call<void>('wait', `wait:${requestId}`, {
      perform: async (call) => {
        await this.parts.hitl.get(requestId);
        await this.writer.append(call, {}, { waits: [{ turnId: this.turn.id, requestId }] });
      },
      revive: () => void this.followed.add(requestId),
    });
  }

  private keyOf(call: string): string {
    const { id, leg } = this.turn;
    return `${id}:${leg}:${digestOfText(call)}`;
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

  private logChange(what: string): void {
    this.parts.logger.warn(`A turn that is continued says ${what}`, { turnId: this.turn.id });
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

/** The body of the entry of a request that was asked. */
interface Opened {
  asked: string;
  isNew: boolean;
  status: RequestRecord['status'];
  /** The turn that asked it is over: it ends with this one. */
  isOrphan?: boolean;
}

/** What tells a request from others: its key, or what it asks. */
function nameOf({ type, payload, key }: Asked): string {
  if (key !== undefined) return `ask:${type}${keyed(key)}`;
  try {
    return `ask:${type}:${digestOf(type, payload).slice(-16)}`;
  } catch {
    // It cannot be asked either, and is refused when it is.
    return `ask:${type}`;
  }
}

function keyed(key: string | undefined): string {
  return key === undefined ? '' : `:key:${key}`;
}

function digestOfText(text: unknown): string {
  return createHash('sha256').update(String(text)).digest('base64url').slice(0, 16);
}

function sizeOf(body: unknown): number {
  return JSON.stringify(body)?.length ?? 0;
}
