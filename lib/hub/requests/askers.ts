/** Who waits for the requests that are pending: turns and the app, as they come, leave and end; asking and `Hitl` call it. */
import { legacyOf } from '../../actors/turn-legacy';
import type { RequestRecord } from '../../protocol/records';
import type { Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Beside, Occasion } from '../commit/occasion';
import type { RequestActors } from './request-actors';

/** Stands among turns for the app, which asks and waits without one. */
export const theApp = '';

export interface AskersParts {
  store: Store;
  actors: RequestActors;
  clock: Clock;
}

/** What a turn that ends leaves, beside what it asked itself. */
export interface TurnEnd extends Pick<Beside, 'fence'> {
  /** Requests of other turns that end with this one. */
  adopted?: Iterable<string>;
  /** Requests that stay, for which this turn has waited. */
  attended?: Iterable<string>;
}

export class Askers {
  /** By request that is pending: the turns of this process that wait for it, and the app where it has asked again. */
  private readonly attending = new Map<string, Set<string>>();

  constructor(private readonly parts: AskersParts) {}

  /** A turn of this process asked this, or asked it again, and waits. @param turnId of that turn */
  attend(id: string, turnId: string): void {
    const turns = this.attending.get(id) ?? new Set();
    this.attending.set(id, turns.add(turnId));
  }

  /** It waits no more. */
  turnAway(id: string, turnId: string): void {
    const turns = this.attending.get(id);
    turns?.delete(turnId);
    if (turns?.size === 0) this.attending.delete(id);
  }

  /** It is settled: its waiters are done. */
  forget(id: string): void {
    this.attending.delete(id);
  }

  /** The request was asked again: an asker that had left is recorded as back. */
  takeUp(id: string, occasion: Occasion = { via: 'turn' }): Promise<RequestRecord> {
    const toEvent = () => ({ type: 'asker_return' as const, at: this.parts.clock.now() });
    return this.parts.actors.note(id, toEvent, occasion);
  }

  /** The turn that asked is over, and the request stays pending: records that its asker has left, unless another turn waits for it. */
  leave(id: string): Promise<RequestRecord> {
    const toEvent = () =>
      this.attending.has(id) ? undefined : { type: 'asker_leave' as const, at: this.parts.clock.now() };
    return this.parts.actors.note(id, toEvent, { via: 'turn' });
  }

  /**
   * The turn that asked is over: what it asked is withdrawn and gives its key up, or stays without an asker if it is detached.
   * @throws HubError `storage_failed`, after the others, if one could not be withdrawn; `turn_lost` if another process has the turn
   */
  async endWithTurn(turnId: string, { adopted = [], attended = [], fence }: TurnEnd = {}): Promise<void> {
    const pending = await this.parts.store.requestsOfTurn(turnId);
    const asked = pending.map(({ record }) => record);
    const { ending, staying } = legacyOf(asked, adopted, attended);
    const toEvent = async () =>
      ({ type: 'turn_end', at: this.parts.clock.now(), reason: 'its turn has ended' }) as const;
    const occasion = { via: 'turn' as const, ...(fence && { beside: () => ({ fence }) }) };
    for (const id of staying) this.turnAway(id, turnId);
    const ends = await Promise.allSettled([
      ...ending.map((id) => this.parts.actors.change(id, toEvent, occasion)),
      ...staying.map((id) => this.leave(id)),
    ]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}
