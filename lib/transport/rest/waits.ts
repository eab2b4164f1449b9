/** The long polls: how long they may last and how many there may be; REST waits here for the outcomes that programs ask for. */
import type { Response } from 'express';
import { HubError } from '../../errors';
import type { Clock } from '../../hub/commit/clock';
import type { HubPort } from '../../hub/port';
import type { RequestRecord } from '../../protocol/records';

/** Long polls at once; one more is refused as `busy`. */
export const maxWaits = { perService: 256, total: 4_096 };
/** How long one may last. */
export const maxWaitMs = 60_000;

export class Waits {
  private readonly byService = new Map<string, number>();
  private total = 0;

  constructor(
    private readonly parts: { hub: HubPort; clock: Clock },
    private readonly most = maxWaits,
  ) {}

  /** Long polls under way. */
  get size(): number {
    return this.total;
  }

  /**
   * The settled request; nothing if it is still pending when the time is over or the peer has hung up.
   * @throws HubError `busy`, `closing` as soon as the hub begins to close, what `Hitl.wait` throws
   */
  async wait(serviceId: string, id: string, ms: number, res: Response): Promise<RequestRecord | undefined> {
    const { hub, clock } = this.parts;
    const own = this.byService.get(serviceId) ?? 0;
    if (own >= this.most.perService || this.total >= this.most.total)
      throw new HubError('busy', { message: 'Too many are waiting; try again later' });
    this.count(serviceId, 1);
    const over = new AbortController();
    const end = () => over.abort();
    const cancelTimer = clock.later(Math.min(ms, maxWaitMs), end);
    res.once('close', end);
    try {
      return await hub.hitl.wait(id, { signal: AbortSignal.any([over.signal, hub.closingSignal]) });
    } catch (error) {
      if (over.signal.aborted && !hub.closing) return undefined;
      throw error;
    } finally {
      cancelTimer();
      res.off('close', end);
      this.count(serviceId, -1);
    }
  }

  private count(serviceId: string, by: 1 | -1): void {
    const own = (this.byService.get(serviceId) ?? 0) + by;
    this.total += by;
    if (own === 0) this.byService.delete(serviceId);
    else this.byService.set(serviceId, own);
  }
}
