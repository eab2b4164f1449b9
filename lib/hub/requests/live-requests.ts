/** The actors of requests in memory, bounded: each is restored from the store once and dropped when others need the place; `RequestActors` and `Decisions` call it. */
import { damaged, HubError } from '../../errors';
import type { Store, StoredRequest } from '../../store/store';
import type { Steps } from '../commit/steps';
import { LiveRequest } from './live-request';

/** A request in memory. */
export interface Live {
  actor: LiveRequest;
  /** The stored version the actor stands at. */
  version: number;
  /** Who was refused by which rule, so that trying again and again fills no disk. */
  refusals?: Set<string>;
}

/** Actors held in memory between events; the longest unused one is dropped first, and restored from the store when needed. */
export const maxLiveRequests = 1_000;

export class LiveRequests {
  private readonly live = new Map<string, Live>();

  constructor(private readonly parts: { store: Store; steps: Steps }) {}

  /** Actors in memory now. */
  get size(): number {
    return this.live.size;
  }

  /** In the lane of the request: two that wake one at once would have an actor each. @throws HubError `not_found`, `storage_failed` */
  async wake(id: string): Promise<Live> {
    const known = this.live.get(id);
    if (known) {
      this.remember(id, known);
      return known;
    }
    const stored = await this.parts.store.request(id);
    if (!stored) throw new HubError('not_found', { message: 'There is no such request' });
    const live = {
      actor: restored(id, stored, this.parts.steps),
      version: stored.version,
    };
    this.remember(id, live);
    return live;
  }

  remember(id: string, live: Live): void {
    this.live.delete(id);
    this.live.set(id, live);
    const [oldest] = this.live.keys();
    if (this.live.size > maxLiveRequests && oldest !== undefined) this.forget(oldest);
  }

  /** Not stopped, only let go: it holds no timer or child, and may be in the middle of its last event. */
  forget(id: string): void {
    this.live.delete(id);
  }

  /**
   * A refusal, and that nothing changes, is only right if the request still is as this actor knows it: another node may have
   * been at it.
   * @throws HubError `conflict` if it is not; then the event is decided again
   */
  async assertCurrent(id: string, live: Live): Promise<void> {
    const stored = await this.parts.store.request(id);
    if (stored?.version === live.version) return;
    this.forget(id);
    throw new HubError('conflict');
  }

  /** An actor whose decision was not committed is ahead of the store: it is dropped, and the next event restores it. */
  async discardOnFailure(id: string, commit: () => Promise<void>): Promise<void> {
    try {
      await commit();
    } catch (error) {
      this.forget(id);
      throw error;
    }
  }
}

/** @throws HubError `storage_failed` for what this version cannot read */
function restored(id: string, stored: StoredRequest, steps: Steps): LiveRequest {
  try {
    return LiveRequest.restore(stored, steps);
  } catch (cause) {
    throw damaged('requests', id, cause);
  }
}
