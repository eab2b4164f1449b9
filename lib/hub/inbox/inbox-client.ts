/** One open inbox of a person, as the hub knows it; the transport creates one per socket. */
import { randomBytes } from 'node:crypto';
import type { Millis, RequestRecord, User } from '../../protocol/records';
import type { InboxCounts, InboxFilter, InboxOrder, InboxOwner, Page } from '../../store/store';
import type { Sink } from '../tickets/client';

/** What has become of a request in one inbox, with the request as it stands now. */
export interface InboxChange {
  type: 'added' | 'updated' | 'removed';
  record: RequestRecord;
}

/** What is looked at: the first of these requests in this order. */
export interface InboxLook {
  owner: InboxOwner;
  filter: InboxFilter;
  order: InboxOrder;
  limit: number;
}

/** Requests of an inbox at one moment, and how many there are. */
export type InboxPage = Page<RequestRecord> & Pick<InboxCounts, 'total' | 'isCapped'>;

/** How the hub reaches an inbox. Nothing here may throw or wait. */
export interface InboxSink extends Pick<Sink, 'send' | 'close'> {
  /** In the order in which it happened; nothing that happened before the page that was read last. */
  changed(change: InboxChange): void;
}

export class InboxClient {
  readonly clientId: string;
  /** An inbox belongs to no ticket. */
  readonly ticketId = undefined;

  constructor(
    readonly user: Required<User>,
    readonly look: InboxLook,
    readonly sink: InboxSink,
    now: Millis,
  ) {
    const seconds = Math.floor(now / 1000);
    this.clientId = `inbox_${user.id}_${seconds}_${randomBytes(8).toString('hex')}`;
  }
}
