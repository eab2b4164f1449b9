/** Stores the ends of turns, again and again if the store refuses; turns hand each turn that ends over to it. */
import { turnRecord } from '../../actors/turn-machine';
import { describe, HubError, isHubError } from '../../errors';
import type { Clock } from '../commit/clock';
import type { Funnel } from '../commit/funnel';
import { Retries } from '../commit/retries';
import type { Logger } from '../options/logger';
import { cancelAck } from './accepted';
import { envelopesOf, fenceOf, type Running } from './running';

/** How often the end of a turn waits for its requests to be withdrawn; then it is stored without. */
const maxWithdrawals = 5;

export class Endings {
  private readonly retries: Retries;

  constructor(private readonly parts: { funnel: Funnel; clock: Clock; logger: Logger }) {
    this.retries = new Retries(parts.clock);
  }

  /** A turn ends even if the store fails for a while: resolves when its end is stored, or when the hub closes. Never rejects. */
  async store(running: Running): Promise<void> {
    const { funnel, clock, logger } = this.parts;
    const turn = turnRecord(running.actor.snapshot);
    const log = (what: string, error: unknown) =>
      logger.error(what, { turnId: turn.id, error: describe(error) });
    let frame = running.cancelledBy && { ...running.cancelledBy, ack: cancelAck(turn.id) };
    // What is on its way to the store comes before the end, and a request among it is withdrawn like the others.
    await running.line.settled();
    for (let attempt = 1; ; attempt += 1) {
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
        if (this.retries.isOver) return;
        await this.retries.after(attempt);
      }
    }
  }

  /** The hub closes: nothing is attempted again. */
  close(): void {
    this.retries.end();
  }
}
