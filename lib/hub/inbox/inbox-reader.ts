/** Inboxes as the app's own code reads them; `hub.inbox` is this. */
import { HubError } from '../../errors';
import type { RequestRecord, User } from '../../protocol/records';
import type { InboxCounts, InboxOrder, InboxOwner, Page } from '../../store/store';
import { inboxCountFields, inboxListFields } from '../options/asked-options';
import { assertOptions } from '../options/options';
import type { Inbox } from './inbox';

/** Whose inbox, and what of it. */
export interface InboxQuery {
  user: User;
  /** The tickets whose requests that name nobody are in the inbox. */
  tickets: readonly string[] | 'all';
  /** Of this kind only. */
  kind?: string | undefined;
  /** Approvals of this tool only. */
  tool?: string | undefined;
  /** Of this ticket only. */
  ticketId?: string | undefined;
}

export class InboxReader {
  constructor(private readonly inbox: Inbox) {}

  /**
   * The pending requests that this person may answer now by their policies; see `docs/hitl.md`.
   * @param query `order`: default `'oldest'`; `limit`: default 50, at most 200
   * @throws HubError `invalid_request`, `invalid_id`, `invalid_frame` for a cursor that was not given for this order
   */
  async list(
    query: InboxQuery & {
      order?: InboxOrder | undefined;
      limit?: number | undefined;
      cursor?: string | undefined;
    },
  ): Promise<Page<RequestRecord>> {
    assertOptions('The query', query, inboxListFields);
    const { order, limit, cursor } = query;
    return this.inbox.list(ownerOf(query), filterOf(query), order, limit, cursor);
  }

  /** How many these are, by kind and by tool. @throws as `list` */
  async count(query: InboxQuery): Promise<InboxCounts> {
    assertOptions('The query', query, inboxCountFields);
    return this.inbox.counts(ownerOf(query), filterOf(query));
  }
}

/** @throws HubError `invalid_request` */
function ownerOf({ user, tickets }: InboxQuery): InboxOwner {
  if (user === undefined || tickets === undefined)
    throw new HubError('invalid_request', {
      message: "The query: user or tickets is missing; write { user: { id, groups }, tickets: 'all' }",
    });
  return { userId: user.id, groups: user.groups ?? [], tickets };
}

function filterOf({ kind, tool, ticketId }: InboxQuery) {
  return {
    ...(kind !== undefined && { type: kind }),
    ...(tool !== undefined && { toolName: tool }),
    ...(ticketId !== undefined && { ticketId }),
  };
}
