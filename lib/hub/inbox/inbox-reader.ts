/** Inboxes as the app's own code reads them; `hub.inbox` is this. */
import { HubError } from '../../errors';
import type { User } from '../../protocol/records';
import type { InboxCounts, InboxOrder, InboxOwner, Page } from '../../store/store';
import type { HitlRequest, HitlTypes, KindName, NoTypes } from '../kinds/app-types';
import { inboxCountFields, inboxListFields } from '../options/asked-options';
import { assertOptions } from '../options/options';
import { toRequest } from '../requests/outcome';
import type { Inbox } from './inbox';

/** Whose inbox, and what of it. */
export interface InboxQuery<App extends HitlTypes = NoTypes> {
  user: User;
  /** The tickets whose requests without named people are in the inbox. */
  tickets: readonly string[] | 'all';
  /** Of this kind only. */
  kind?: KindName<App> | undefined;
  /** Approvals of this tool only. */
  tool?: string | undefined;
  /** Of this ticket only. */
  ticketId?: string | undefined;
}

/** How many requests are in an inbox. */
export interface InboxSize extends Omit<InboxCounts, 'byType'> {
  byKind: Readonly<Record<string, number>>;
}

export class InboxReader<App extends HitlTypes = NoTypes> {
  /** @internal */
  constructor(private readonly inbox: Inbox) {}

  /**
   * The pending requests that this person may answer now by their policies; see `docs/hitl.md`.
   * @param query `order`: default `'oldest'`; `limit`: default 50, at most 200
   * @throws HubError `invalid_request`, `invalid_id`, `invalid_frame` for a cursor that was not given for this order
   */
  async list(
    query: InboxQuery<App> & {
      order?: InboxOrder | undefined;
      limit?: number | undefined;
      cursor?: string | undefined;
    },
  ): Promise<Page<HitlRequest<App>>> {
    assertOptions('The query', query, inboxListFields);
    const { order, limit, cursor } = query;
    const page = await this.inbox.list(ownerOf(query), filterOf(query), order, limit, cursor);
    return { ...page, items: page.items.map((record) => toRequest<App>(record)) };
  }

  /** How many these are, by kind and by tool. @throws as `list` */
  async count(query: InboxQuery<App>): Promise<InboxSize> {
    assertOptions('The query', query, inboxCountFields);
    const { byType: byKind, ...counts } = await this.inbox.counts(ownerOf(query), filterOf(query));
    return { ...counts, byKind };
  }
}

/** @throws HubError `invalid_request` */
function ownerOf({ user, tickets }: Pick<InboxQuery, 'user' | 'tickets'>): InboxOwner {
  if (user === undefined || tickets === undefined)
    throw new HubError('invalid_request', {
      message: "The query: user or tickets is missing; write { user: { id, groups }, tickets: 'all' }",
    });
  return { userId: user.id, groups: user.groups ?? [], tickets };
}

function filterOf({
  kind,
  tool,
  ticketId,
}: {
  kind?: string | undefined;
  tool?: string | undefined;
  ticketId?: string | undefined;
}) {
  return {
    ...(kind !== undefined && { type: kind }),
    ...(tool !== undefined && { toolName: tool }),
    ...(ticketId !== undefined && { ticketId }),
  };
}
