/** The turns that are not over on this node: each is begun when it is its turn in its session, called, and ended once; `Turns` and the durable turns put them here. */
import { turnRecord } from '../../actors/turn-machine';
import { describe, HubError, stackOf } from '../../errors';
import type { TurnRecord } from '../../protocol/records';
import type { Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Funnel } from '../commit/funnel';
import { Lanes } from '../commit/lanes';
import type { Logger } from '../options/logger';
import { Endings } from './endings';
import { Queues } from './queues';
import { envelopesOf, type Running } from './running';

/** How a turn ends. */
export type Ending = 'complete' | 'fail' | 'cancel' | 'shutdown' | 'expire';

export interface OngoingParts {
  store: Pick<Store, 'openTurns'>;
  funnel: Funnel;
  clock: Clock;
  logger: Logger;
  /** Whether a session may have turns that this process has not begun: those of a durable agent. */
  isShared(): boolean;
  /** Whether a stored turn keeps the others of its session waiting. */
  holdsItsSession(turn: TurnRecord): boolean;
  /** It is the turn of one that is not in memory. */
  fetch(turnId: string): void;
}

export class OngoingTurns {
  private readonly running = new Map<string, Running>();
  private readonly queues = new Queues();
  private readonly endings: Endings;
  /** Turns that wait for their place in their session, by id. */
  private readonly comingBack = new Map<string, () => void>();
  /** Of sessions, and of what else has to be done one after another. */
  readonly lanes = new Lanes();
  private isOver = false;
  private onIdle = () => {};

  constructor(private readonly parts: OngoingParts) {
    this.endings = new Endings(parts);
  }

  /** Turns that run, or wait for their turn, in this process. */
  get size(): number {
    return [...this.running.values()].filter(({ tenure }) => !tenure?.rests).length;
  }

  get(turnId: string): Running | undefined {
    return this.running.get(turnId);
  }

  has(turnId: string): boolean {
    return this.running.has(turnId);
  }

  all(): readonly Running[] {
    return [...this.running.values()];
  }

  /** No more turns are started. */
  get isClosed(): boolean {
    return this.isOver;
  }

  /**
   * A turn wants to be in its session's queue; resolves with whether it is its turn at once. To be called in the lane of its session.
   * @throws HubError `busy`, `storage_failed`
   */
  async ask(session: { id: string; ticketId: string }, turnId: string): Promise<boolean> {
    await this.know(session);
    // One that was stuck has its place already where the session was just read.
    return this.queues.isFirst(session.id, turnId) || this.queues.ask(session, turnId);
  }

  /** It could not be stored. */
  forget(sessionId: string, turnId: string): void {
    this.queues.end(sessionId, turnId);
  }

  /** A turn is here. */
  add(running: Running): void {
    this.running.set(running.actor.snapshot.context.id, running);
  }

  /** Whether no turn of the session keeps others waiting. To be called in the lane of the session. */
  async isFree(session: { id: string; ticketId: string }): Promise<boolean> {
    await this.know(session);
    return !this.queues.has(session.id);
  }

  /** One that was begun before wants to go on: it keeps its place, or gets one behind the others. Resolves with whether it is its turn. */
  async askBack({ actor }: Running): Promise<boolean> {
    const { id, sessionId, ticketId } = actor.snapshot.context;
    const session = { id: sessionId, ticketId };
    return this.lanes.run(sessionId, async () => {
      await this.know(session);
      return this.queues.isFirst(sessionId, id) || this.queues.back(session, id);
    });
  }

  /** Resolves when it is its turn, after `askBack` has said that it is not. */
  turnOf({ actor }: Running): Promise<void> {
    return new Promise((resolve) => this.comingBack.set(actor.snapshot.context.id, resolve));
  }

  /** A turn that is not over gives its place to the next. */
  makeWay({ actor }: Running): void {
    const { id, sessionId } = actor.snapshot.context;
    void this.lanes.run(sessionId, async () => this.next(sessionId, id));
    this.noteIdle();
  }

  /** This process has a turn no more that is not over. @param keepsPlace its session still waits for it */
  remove(running: Running, keepsPlace: boolean): void {
    const { id } = running.actor.snapshot.context;
    if (this.running.get(id) === running) this.running.delete(id);
    this.comingBack.delete(id);
    if (!keepsPlace) this.makeWay(running);
    this.noteIdle();
  }

  /** The end of a turn that was not here is stored. */
  removeStored({ id, sessionId }: TurnRecord): void {
    void this.lanes.run(sessionId, async () => this.next(sessionId, id));
  }

  /** Calls the agent. Nothing it does, now or later, gets past here. */
  async run(running: Running): Promise<void> {
    try {
      await new Promise((resolve) => setImmediate(resolve));
      if (running.ended) return;
      if (!(await running.call())) return;
      const { refusedLine } = running.line;
      if (refusedLine !== undefined && !running.ended)
        this.log('The agent ended well, and a line of it was refused', running, refusedLine);
      await this.end(running, 'complete');
    } catch (error) {
      // What an agent throws after it was aborted is not logged.
      if (!running.ended) this.log('The agent failed', running, error, { stack: stackOf(error) });
      await this.end(running, 'fail');
    }
  }

  /** Ends a turn once; a second call changes nothing and waits for the same end. Never rejects. */
  end(running: Running, type: Ending): Promise<void> {
    if (running.ended) return running.ended;
    const { actor, abort } = running;
    running.farewell = actor.send({ type, at: this.parts.clock.now() });
    const { id, sessionId } = actor.snapshot.context;
    running.ended = this.lanes.run(sessionId, async () => {
      await this.endings.store(running);
      // When the hub closes, waiters of a request that stays pending are rejected with `closing`.
      if (!this.isOver) running.line.end();
      if (this.running.get(id) === running) this.running.delete(id);
      await this.next(sessionId, id);
      this.noteIdle();
    });
    running.tenure?.end();
    // Last, since it calls listeners of the agent's: from here on nothing it says is taken.
    abort.abort(new HubError('turn_ended'));
    return running.ended;
  }

  /** Resolves when no turn runs or waits for its turn. */
  async idle(): Promise<void> {
    if (this.size === 0) return;
    await new Promise<void>((resolve) => {
      this.onIdle = resolve;
    });
  }

  /** No more turns are started, and ends are not attempted again. */
  close(): void {
    this.isOver = true;
    this.endings.close();
  }

  /** Whoever's turn it is after this one begins. In the lane of the session. */
  private async next(sessionId: string, turnId: string): Promise<void> {
    const dueId = this.queues.end(sessionId, turnId);
    if (dueId === undefined || this.isOver) return;
    const goOn = this.comingBack.get(dueId);
    this.comingBack.delete(dueId);
    if (goOn) return goOn();
    const due = this.running.get(dueId);
    // One that was cancelled while it waited is over as soon as its own end is stored.
    if (due && !due.ended) await this.start(due);
    else if (!due) this.parts.fetch(dueId);
  }

  private async start(next: Running): Promise<void> {
    const { tenure } = next;
    if (tenure) {
      // Not awaited: where the store is away it takes as long as that.
      void tenure.take().then((isTaken) => {
        if (isTaken) void this.run(next);
      });
      return;
    }
    const { funnel, clock } = this.parts;
    const at = clock.now();
    const envelopes = envelopesOf(next, next.actor.send({ type: 'start', at }), at);
    const turn = turnRecord(next.actor.snapshot);
    try {
      await funnel.commit({ ticketId: turn.ticketId, at, turns: [turn], envelopes });
      next.actor.publishSteps();
      void this.run(next);
    } catch (error) {
      this.log('A turn could not be started', next, error);
      // Not awaited: this lane is the one that its end needs.
      void this.end(next, 'fail');
    }
  }

  /** Of a session that is not in use here, what another process has left in its queue. */
  private async know(session: { id: string; ticketId: string }): Promise<void> {
    if (!this.parts.isShared() || this.queues.has(session.id)) return;
    const open = await this.parts.store.openTurns(session.id);
    if (this.queues.has(session.id)) return;
    for (const turn of open) if (this.parts.holdsItsSession(turn)) this.queues.back(session, turn.id);
  }

  /** Whether a turn that is here only waits may have changed. */
  noteIdle(): void {
    if (this.size === 0) this.onIdle();
  }

  private log(
    what: string,
    { actor }: Running,
    error: unknown,
    more: { stack?: string | undefined } = {},
  ): void {
    this.parts.logger.error(what, { turnId: actor.snapshot.context.id, error: describe(error), ...more });
  }
}
