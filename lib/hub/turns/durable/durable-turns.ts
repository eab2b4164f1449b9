/** The durable turns of this node: takes those whose process is gone, whose answer or time has come, or that a person tries again, and lets go of those that rest; `Turns` holds it. */
import { randomUUID } from 'node:crypto';
import { restoreTurn, turnMachine, turnRecord } from '../../../actors/turn-machine';
import { HubError } from '../../../errors';
import type { Millis, TurnRecord, User } from '../../../protocol/records';
import { isOpen } from '../../../store/shared/turns';
import type { JournalEntry } from '../../../store/store';
import type { Committed } from '../../commit/after-commit';
import { Lanes } from '../../commit/lanes';
import { LiveActor } from '../../commit/live-actor';
import type { Steps } from '../../commit/steps';
import { Turnstile } from '../../commit/turnstile';
import { Deadlines } from '../../requests/deadlines';
import type { OngoingTurns } from '../ongoing';
import { fenceOf, type Running } from '../running';
import type { About } from '../said';
import type { AgentCode } from './agent-code';
import { type Departure, Tenure, type TenureParts } from './tenure';

/** Replays under way at the same time. */
export const maxReplays = 16;
/** Turns that rest and whose code is still in memory; of more, the one that rests longest is let go. */
export const maxResting = 1_000;
/** How often the store is asked for turns whose answer came in another way than through this hub. */
export const lookEveryMs = 5_000;

export interface DurableParts extends Omit<TenureParts, 'owner'> {
  steps: Steps;
  ongoing: OngoingTurns;
  /** The agent's, if it is durable. */
  code(): AgentCode | undefined;
  /** Whether the person whom a turn acts for may still use its ticket. @throws where that cannot be told now */
  mayContinue(ticketId: string, user: Required<User>): Promise<boolean>;
  /** Ends a turn that is not in memory. @throws HubError `turn_ended`, `storage_failed` */
  endStored(turn: TurnRecord, type: 'cancel' | 'expire'): Promise<void>;
}

/** A durable turn that is here. */
type Held = Running & { tenure: Tenure };

export class DurableTurns {
  /** This node, as stored with the turns it has. */
  readonly owner = randomUUID();
  private readonly lanes = new Lanes();
  private readonly due: Deadlines;
  private readonly replays = new Turnstile({
    maxRunning: maxReplays,
    maxWaiting: Number.POSITIVE_INFINITY,
    refusal: '',
  });
  /** Turns that rest with their code in memory, longest first, with what ends their time there. */
  private readonly resting = new Map<Tenure, () => void>();
  private hasWarned = false;
  private isOver = false;

  constructor(private readonly parts: DurableParts) {
    const { store, clock, logger } = parts;
    this.due = new Deadlines({
      ...{ clock, logger, lookEveryMs, what: 'turn' },
      due: (until, limit) => store.dueTurns(until, limit),
      next: (after) => store.nextDueTurn(after),
      fire: (turnId) => this.fire(turnId),
    });
  }

  /** Goes on with turns that a process which is gone has left, and with those that are due. @throws HubError `storage_failed` */
  async start(unfinished: readonly TurnRecord[]): Promise<void> {
    if (!this.parts.code()) return this.warnOfMissingAgent(unfinished.length);
    for (const { id } of unfinished) this.look(id);
    await this.due.start();
  }

  /** Goes on with a turn, if it can, at some time soon. */
  look(turnId: string): void {
    this.take(turnId).catch((error: unknown) => this.logFailure(turnId, error));
  }

  /** Resolves when no turn that is due is being taken. */
  settled(): Promise<void> {
    return this.due.settled();
  }

  /** Follows every commit: hands new entries to their turns, and wakes those that are not here. */
  note({ journal = [], commit }: Committed): void {
    for (const entry of journal) this.noteEntry(entry);
    for (const { run } of commit.turns ?? []) if (run?.dueAt !== undefined) this.due.note(run.dueAt);
  }

  /** Makes what runs a durable turn. */
  toRunning(actor: LiveActor<typeof turnMachine>, { message, user }: About, code: AgentCode): Held {
    const { id } = actor.snapshot.context;
    const { hitl } = this.parts;
    const running: Running = {
      actor,
      abort: new AbortController(),
      call: () => this.call(tenure),
      line: {
        settled: () => tenure.settled(),
        withdraw: () =>
          hitl.endWithTurn(id, { ...tenure.legacy, ...fenceOf(turnRecord(running.actor.snapshot)) }),
        end: () => {},
        get refusedLine() {
          return tenure.refusedLine;
        },
      },
    };
    const tenure = new Tenure(
      { ...this.parts, owner: this.owner },
      code,
      running,
      { message, user },
      {
        comeBack: async () => {
          const { ongoing } = this.parts;
          if (code.freesItsSession && !(await ongoing.askBack(running))) await ongoing.turnOf(running);
        },
        onRest: () => this.noteRest(running, tenure, code),
        onWake: () => this.forgetRest(tenure),
        onGone: (why) => this.noteGone(running, tenure, why),
      },
    );
    return Object.assign(running, { tenure });
  }

  /**
   * A stuck turn is tried again, with its journal or from the top.
   * @throws HubError `turn_stuck` (it is not), `busy` (another turn of its session runs), `conflict` (there is no agent for it)
   */
  async retry(turnId: string, type: 'retry' | 'start_over'): Promise<void> {
    const { store, ongoing } = this.parts;
    const record = await store.turn(turnId);
    if (record?.status !== 'stuck')
      throw new HubError('turn_stuck', { message: 'The turn is not stuck', details: { turn_id: turnId } });
    const session = { id: record.sessionId, ticketId: record.ticketId };
    const running = await this.restore(record);
    if (!running) throw new HubError('conflict', { message: 'The agent has no code for this turn' });
    await ongoing.lanes.run(session.id, async () => {
      if (!(await ongoing.isFree(session)))
        throw new HubError('busy', { message: 'Another turn of its session is not over; try again then' });
      await running.tenure.takeStuck(type);
      ongoing.add(running);
      await ongoing.ask(session, turnId);
    });
    void ongoing.run(running);
  }

  /** Takes nothing more from journals; each turn is released when what it does at this moment is done. */
  drain(): void {
    this.isOver = true;
    for (const { tenure } of this.parts.ongoing.all())
      if (tenure) void tenure.pause().then(() => tenure.release());
  }

  /** Resolves when no turn is here any more; steps that are under way are cut off. */
  async close(): Promise<void> {
    this.drain();
    await this.due.stop();
    const here = this.parts.ongoing.all().filter(({ tenure }) => tenure);
    for (const { abort } of here) abort.abort(new HubError('closing'));
    await Promise.all(here.map(({ tenure }) => tenure?.release()));
    await this.lanes.settled();
  }

  /** A turn of this node or of none goes on here. Resolves with whether that changed it. */
  take(turnId: string): Promise<boolean | 'later'> {
    return this.lanes.run(turnId, async () => {
      if (this.isOver || this.parts.ongoing.has(turnId)) return 'later';
      const { store, clock, mayContinue, endStored } = this.parts;
      const record = await store.turn(turnId);
      if (!record?.run || !isOpen(record.status)) return true;
      if (isTooOld(record, clock.now())) {
        await endStored(record, 'expire');
        return true;
      }
      if (record.status === 'stuck') return false;
      if (record.user && !(await mayContinue(record.ticketId, record.user))) {
        await endStored(record, 'cancel');
        return true;
      }
      const running = await this.restore(record);
      return running ? this.comeIn(running) : false;
    });
  }

  /** It is called when it is its turn. Resolves with whether that is now. */
  private async comeIn(running: Held): Promise<true | 'later'> {
    const { ongoing } = this.parts;
    const { tenure } = running;
    ongoing.add(running);
    const begin = async () => {
      if (!running.ended && (await tenure.take())) void ongoing.run(running);
    };
    try {
      if (await ongoing.askBack(running)) await begin();
      else {
        void ongoing.turnOf(running).then(begin);
        return 'later';
      }
    } catch (error) {
      ongoing.remove(running, false);
      throw error;
    }
    return true;
  }

  private async call(tenure: Tenure): Promise<boolean> {
    return new Promise((resolve, reject) => {
      void this.replays.run(
        '',
        () =>
          new Promise<void>((caughtUp) => {
            tenure.call(caughtUp).then(resolve, reject).finally(caughtUp);
          }),
      );
    });
  }

  /** What is stored of a turn, ready to be called; nothing where there is no agent for it. */
  private async restore(record: TurnRecord): Promise<Held | undefined> {
    const { store, steps } = this.parts;
    const code = this.parts.code();
    const { messageId, user } = record;
    if (!code) {
      this.warnOfMissingAgent(1);
      return undefined;
    }
    const message = messageId === undefined ? undefined : await store.message(messageId);
    if (!message || !user)
      throw new HubError('not_found', { message: 'The message that the turn answers is not there' });
    const actor = LiveActor.restore(turnMachine, restoreTurn(record), steps);
    return this.toRunning(actor, { message, user }, code);
  }

  /** A turn is due: it is ended for its age, or goes on. */
  private async fire(turnId: string): Promise<boolean | 'later'> {
    const here = this.parts.ongoing.get(turnId);
    if (!here) return this.take(turnId);
    if (isTooOld(turnRecord(here.actor.snapshot), this.parts.clock.now())) {
      await this.parts.ongoing.end(here, 'expire');
      return true;
    }
    // Its answer came in another way than through this hub.
    await here.tenure?.catchUp();
    return 'later';
  }

  private noteEntry(entry: JournalEntry): void {
    const here = this.parts.ongoing.get(entry.turnId);
    if (here) here.tenure?.note(entry);
    else if (this.parts.code()) this.due.look();
  }

  private noteRest(running: Running, tenure: Tenure, code: AgentCode): void {
    const cancel = this.parts.clock.later(code.releaseAfterMs, () => tenure.letGo());
    this.resting.set(tenure, cancel);
    const [longest] = this.resting.keys();
    if (this.resting.size > maxResting) longest?.letGo();
    if (code.freesItsSession) this.parts.ongoing.makeWay(running);
    this.parts.ongoing.noteIdle();
  }

  private forgetRest(tenure: Tenure): void {
    this.resting.get(tenure)?.();
    this.resting.delete(tenure);
  }

  private noteGone(running: Running, tenure: Tenure, why: Departure): void {
    this.forgetRest(tenure);
    this.parts.ongoing.remove(running, why === 'rests' || why === 'released');
    const { id } = running.actor.snapshot.context;
    if (why === 'stuck' && tenure.startsOver)
      this.retry(id, 'start_over').catch((error: unknown) => this.logFailure(id, error));
    // The last entry may have come while it was on its way out.
    if (why === 'rests') this.due.look();
  }

  private warnOfMissingAgent(turns: number): void {
    if (turns === 0 || this.hasWarned) return;
    this.hasWarned = true;
    this.parts.logger.warn(
      'Turns of a durable agent are stored and there is none to go on with them: register it with hitl.agent(durable(…))',
      { turns },
    );
  }

  private logFailure(turnId: string, error: unknown): void {
    this.parts.logger.error('A turn could not be continued', {
      turnId,
      error: HubError.is(error) ? error.code : String(error),
    });
  }
}

function isTooOld({ run }: TurnRecord, now: Millis): boolean {
  return run?.expiresAt !== undefined && run.expiresAt <= now;
}
