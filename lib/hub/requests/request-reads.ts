/** What is read of requests: one, lists, audits, the states of their charts, and the wait for an outcome; `Hitl` calls it. */
import { HubError } from '../../errors';
import type { AuditEntry } from '../../protocol/audit';
import type { RequestRecord } from '../../protocol/records';
import type { AuditFilter, Page, RequestFilter, Store } from '../../store/store';
import { assertName } from '../tickets/client';
import { auditTrail } from './audit';
import type { RequestActors } from './request-actors';
import type { Waiters } from './waiters';

export interface RequestReadsParts {
  store: Store;
  actors: RequestActors;
  waiters: Waiters;
}

export class RequestReads {
  constructor(private readonly parts: RequestReadsParts) {}

  /** @throws HubError `not_found` */
  async get(id: string): Promise<RequestRecord> {
    const stored = await this.parts.store.request(id);
    if (!stored) throw new HubError('not_found', { message: 'There is no such request' });
    return stored.record;
  }

  /** The request that was asked last with this key in this ticket, if there is one. */
  async find(ticketId: string, key: string): Promise<RequestRecord | undefined> {
    return (await this.parts.store.requestByKey(ticketId, key))?.record;
  }

  /** The states of a request, by the ids of the charts, outermost first. @throws HubError `not_found`, `storage_failed` */
  statesOf(id: string): Promise<string[]> {
    return this.parts.actors.states(id);
  }

  /**
   * Oldest first.
   * @throws HubError `invalid_request` for a filter that is not known, `invalid_id`, `invalid_frame` for a cursor that was
   *   not given out
   */
  async list(filter: RequestFilter = {}, limit = 50, cursor?: string): Promise<Page<RequestRecord>> {
    if (filter.ticketId !== undefined) assertName(filter.ticketId);
    return this.parts.store.requests(filter, limit, cursor);
  }

  /**
   * The audit of a ticket, or of one of its requests: every change, oldest first, read page by page as it is taken.
   * @throws HubError `invalid_request`, `invalid_id`, `unavailable`, `storage_failed`
   */
  audit(filter: AuditFilter): AsyncIterable<AuditEntry> {
    assertName(filter.ticketId);
    return auditTrail(this.parts.store, filter);
  }

  /**
   * The outcome of a request, as soon as there is one; at once if there is. Costs nothing while it waits but memory.
   * @throws HubError `not_found`, `closing` when the hub closes first; `signal`'s reason if it aborts first
   */
  async wait(id: string, options: { signal?: AbortSignal } = {}): Promise<RequestRecord> {
    return this.parts.waiters.wait(id, () => this.get(id), options.signal);
  }

  /** How many promises wait for an outcome in this process. */
  get waiting(): number {
    return this.parts.waiters.size;
  }
}
