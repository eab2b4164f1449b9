/** The events of one durable turn on this node, each committed before the next: what is refused has not happened; a tenure moves its turn here. */
import { restoreTurn, type TurnEvent, turnMachine, turnRecord } from '../../../actors/turn-machine';
import type { TurnRecord } from '../../../protocol/records';
import type { Commit } from '../../../store/store';
import type { Clock } from '../../commit/clock';
import type { Funnel } from '../../commit/funnel';
import { LiveActor } from '../../commit/live-actor';
import type { Steps } from '../../commit/steps';
import { envelopesOf, type Running } from '../running';

export interface MovesParts {
  funnel: Pick<Funnel, 'commit'>;
  clock: Clock;
  steps: Steps;
}

/** An event without its time, which is that of its commit. */
export type Move = TurnEvent extends infer E ? (E extends TurnEvent ? Omit<E, 'at'> : never) : never;

export class Moves {
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly parts: MovesParts,
    private readonly running: Running,
  ) {}

  /** The turn as its events have left it. */
  get record(): TurnRecord {
    return turnRecord(this.running.actor.snapshot);
  }

  /**
   * One event, when those before it are through.
   * @param toMove makes it then; nothing if it is not to happen any more
   * @param more what is committed with it
   * @param entries how long the journal has to be
   * @throws HubError `turn_lost`, `conflict` for another length of the journal, what else the funnel throws
   */
  move(
    toMove: () => Move | undefined,
    { entries, ...more }: Pick<Commit, 'journal' | 'waits' | 'state'> & { entries?: number } = {},
  ): Promise<void> {
    const moved = this.last.then(async () => {
      // Its end, once that is decided, is stored by itself.
      const move = this.running.ended ? undefined : toMove();
      if (move) await this.commit({ ...move, at: this.parts.clock.now() } as TurnEvent, more, entries);
    });
    this.last = moved.catch(() => {});
    return moved;
  }

  private async commit(
    event: TurnEvent,
    more: Pick<Commit, 'journal' | 'waits' | 'state'>,
    entries: number | undefined,
  ): Promise<void> {
    const { running } = this;
    const before = this.record;
    const envelopes = envelopesOf(running, running.actor.send(event), event.at);
    const fence = {
      turnId: before.id,
      generation: before.run?.generation ?? 0,
      ...(entries !== undefined && { entries }),
    };
    const { ticketId } = before;
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
      // Its end, which may have been decided meanwhile, stands; and so does what the agent said it is about.
      const { intent = before.intent } = this.record;
      const stands = { ...before, ...(intent !== undefined && { intent }) };
      if (!running.ended)
        running.actor = LiveActor.restore(turnMachine, restoreTurn(stands), this.parts.steps);
      throw error;
    }
  }
}
