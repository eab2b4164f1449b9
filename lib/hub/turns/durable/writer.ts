/** Writes a turn's journal: each entry in the commit of what it records, for as long as this process has the turn, and again where the store is away; `Run` has one each. */
import { HubError, isDamage, isHubError } from '../../../errors';
import type { Clock } from '../../commit/clock';
import type { Funnel } from '../../commit/funnel';
import type { Beside } from '../../commit/occasion';
import { Retries } from '../../commit/retries';

export interface WriterParts {
  funnel: Pick<Funnel, 'commit'>;
  clock: Clock;
  turn: { id: string; ticketId: string; generation(): number };
  /** Another process has the turn, or it has ended. */
  onLost(): void;
}

export class Writer {
  private readonly retries: Retries;
  private isFrozen = false;

  constructor(private readonly parts: WriterParts) {
    this.retries = new Retries(parts.clock);
  }

  /** The entry of a call, and that only the process which has the turn may write it. @throws HubError `closing` once it is frozen */
  beside(call: string, body: unknown): Required<Pick<Beside, 'journal' | 'fence'>> {
    if (this.isFrozen) throw new HubError('closing');
    const { turn } = this.parts;
    const turnId = turn.id;
    return { journal: [{ turnId, call, body }], fence: { turnId, generation: turn.generation() } };
  }

  /** An entry by itself. @throws HubError what the funnel throws */
  async append(call: string, body: unknown, more: Beside = {}): Promise<void> {
    const { funnel, clock, turn } = this.parts;
    const commit = { ticketId: turn.ticketId, at: clock.now(), envelopes: [] };
    await funnel.commit({ ...commit, ...this.beside(call, body), ...more });
  }

  /**
   * Does it, and again for as long as the store is away: an agent's code is not told of that.
   * @returns nothing where the turn was lost, ended or let go
   * @throws every other error
   */
  async persist<T>(work: () => Promise<T>): Promise<{ value: T } | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.retries.isOver) return undefined;
      const generation = this.parts.turn.generation();
      try {
        return { value: await work() };
      } catch (error) {
        if (this.retries.isOver || HubError.is(error, 'closing')) return undefined;
        const isLost = HubError.is(error, 'turn_lost');
        // This process itself has moved the turn on while it was written: then it is written again, or its leg is over.
        if (isLost && generation === this.parts.turn.generation()) {
          this.parts.onLost();
          return undefined;
        }
        if (!isLost && !isAway(error)) throw error;
        await this.retries.after(attempt);
      }
    }
  }

  /** No entry is written any more that is not on its way. */
  freeze(): void {
    this.isFrozen = true;
  }

  /** Nothing more is attempted. */
  end(): void {
    this.retries.end();
  }
}

/** Whether the same may succeed later. What is damaged stays so. */
function isAway(error: unknown): boolean {
  if (!isHubError(error) || isDamage(error)) return false;
  return error.code === 'storage_failed' || error.code === 'busy' || error.code === 'unavailable';
}
