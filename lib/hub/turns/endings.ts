/** Stores the ends of turns, again and again if the store refuses; turns hand each turn that ends over to it. */
import { turnRecord } from '../../actors/turn-machine';
import { describe, HubError, isHubError } from '../../errors';
import type { Clock } from '../commit/clock';
import type { Funnel } from '../commit/funnel';
import type { Logger } from '../options/logger';
import { cancelAck } from './accepted';
import { envelopesOf, fenceOf, type Running } from './running';

/** After the store refused the end of a turn: then again, and twice as long each time up to the larger. */
const retryMs = { first: 250, longest: 30_000 };
/** How often the end of a turn waits for its requests to be withdrawn; then it is stored without. */
const maxWithdrawals = 5;

export class Endings {
  /** What ends the pauses before another attempt early. */
  private readonly pauses = new Set<() => void>();
  private isOver = false;

  constructor(private readonly parts: { funnel: Funnel; clock: Clock; logger: Logger }) {}

  /** A turn ends even if the store fails for a while: resolves when its end is stored, or when the hub closes. Never rejects. */
  async store(running: Running): Promise<void> {
    const { funnel, clock, logger } = this.parts;
    const turn = turnRecord(running.actor.snapshot);
    const log = (what: string, error: unknown) =>
      logger.error(what, { turnId: turn.id, error: describe(error) });
    let frame = running.cancelledBy && { ...running.cancelledBy, ack: cancelAck(turn.id) };
    // What is on its way to the store comes before the end, and a request among it is withdrawn like the others.
    await running.line.settled();
    for (let attempt = 1, wait = retryMs.first; ; attempt += 1, wait = Math.min(wait * 2, retryMs.longest)) {
      try {
        if (turn.reason !== 'shutdown') {
          await running.line.withdraw().catch((error: unknown) => {
            // A single request that cannot be read or written must not prevent the end of the turn.
            if (attempt < maxWithdrawals) throw error;
            log('The requests of a turn could not be withdrawn', error);
          });
        }
        const at = clock.now();
        const envelopes = envelopesOf(running, running.farewell ?? [], at);
        await funnel.commit({
          ticketId: turn.ticketId,
          at,
          turns: [turn],
          envelopes,
          ...fenceOf(turn),
          ...(frame && { frame }),
        });
        running.actor.publishSteps();
        return;
      } catch (error) {
        // Another process has it, and whatever becomes of it is decided there.
        if (HubError.is(error, 'turn_lost')) return;
        // Another frame has taken the id in the meantime: the turn ends without it.
        if (isHubError(error) && error.code === 'duplicate_id') frame = undefined;
        log('The end of a turn could not be stored', error);
        // What stays open is ended at the next start.
        if (this.isOver) return;
        await this.pause(wait);
      }
    }
  }

  /** The hub closes: nothing is attempted again. */
  close(): void {
    this.isOver = true;
    for (const endEarly of [...this.pauses]) endEarly();
  }

  /** Resolves after `ms`, or as soon as the hub closes. */
  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancelTimer();
        this.pauses.delete(end);
        resolve();
      };
      const cancelTimer = this.parts.clock.later(ms, end);
      this.pauses.add(end);
    });
  }
}
