/** Inboxes: what waits for a person, across tickets; REST and the inbox socket read it here. */
import type { RequestRecord } from '../protocol/records';
import type { InboxCounts, InboxFilter, InboxOrder, InboxOwner, Page, Store } from '../store/store';

export class Inbox {
  constructor(private readonly parts: { store: Store }) {}

  /**
   * The pending requests that this person may answer now by their policies: by id, by group, or by a ticket where nobody is
   * named; not those they are excluded from, nor those in which they are counted already. The app's `mayRespond` is not
   * asked, since it is asked about one answer.
   * @throws HubError `invalid_frame` for a cursor that was not given for this order
   */
  list(
    owner: InboxOwner,
    filter: InboxFilter = {},
    order: InboxOrder = 'oldest',
    limit = 50,
    cursor?: string,
  ): Promise<Page<RequestRecord>> {
    return this.parts.store.inbox(owner, filter, order, limit, cursor);
  }

  /** How many these are, by type and by tool. */
  counts(owner: InboxOwner, filter: InboxFilter = {}): Promise<InboxCounts> {
    return this.parts.store.inboxCounts(owner, filter);
  }
}
