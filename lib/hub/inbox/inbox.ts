/** Inboxes: the pending requests of a person across tickets; REST reads them, and every open inbox is sent its changes. */
import { answerersOf } from '../../actors/answerers';
import { HubError } from '../../errors';
import type { RequestRecord } from '../../protocol/records';
import { listsFor, listsOf } from '../../store/shared/inbox-lists';
import type { InboxCounts, InboxFilter, InboxOrder, InboxOwner, Page, Store } from '../../store/store';
import type { Funnel } from '../commit/funnel';
import { Lanes } from '../commit/lanes';
import { inboxFields } from '../options/asked-options';
import { assertOptions } from '../options/options';
import { assertName } from '../tickets/client';
import { CountPerPerson } from '../tickets/count-per-person';
import type { InboxChange, InboxClient, InboxPage } from './inbox-client';

/** Inboxes that one user may have open at once. */
export const maxInboxesPerUser = 10;
/** Inboxes that may be open at once in this process. */
export const maxInboxes = 10_000;
/** How often a page is read again because the inbox changed in the meantime, before commits wait for the reading. */
export const maxFreeReads = 3;

/** An inbox that is open. */
interface Open {
  /** Changes in it since it began to be read. */
  changes: number;
  /** It was sent a page, and is sent every change. */
  isShown: boolean;
}

export class Inbox {
  private readonly open = new Map<InboxClient, Open>();
  /** How many each user has open. */
  private readonly perUser = new CountPerPerson();
  /** Those that were read or are being read, by the lists in which they find their requests. */
  private readonly watching = new Map<string, Set<InboxClient>>();
  /** Of the readings for which commits wait one is under way, so that a commit waits for one at most. */
  private readonly held = new Lanes();

  constructor(private readonly parts: { store: Store; funnel: Funnel }) {}

  /**
   * The pending requests that this person may answer now by their policies: by id, by group, or by a ticket where the
   * policy names no people; not those they are excluded from, nor those in which they are counted already. The app's `rules.mayAnswer` is not
   * asked, since it is asked about one answer.
   * @throws HubError `invalid_frame` for a cursor that was not given for this order
   */
  async list(
    owner: InboxOwner,
    filter: InboxFilter = {},
    order: InboxOrder = 'oldest',
    limit = 50,
    cursor?: string,
  ): Promise<Page<RequestRecord>> {
    assertFilter(filter);
    return this.parts.store.inbox(owner, filter, order, limit, cursor);
  }

  /** How many these are, by type and by tool. */
  async counts(owner: InboxOwner, filter: InboxFilter = {}): Promise<InboxCounts> {
    assertFilter(filter);
    return this.parts.store.inboxCounts(owner, filter);
  }

  /** Inboxes that are open now. */
  clients(): IterableIterator<InboxClient> {
    return this.open.keys();
  }

  has(client: InboxClient): boolean {
    return this.open.has(client);
  }

  /** Opens an inbox; it is sent nothing before `read`. @throws HubError `inbox_limit`, `busy` */
  register(client: InboxClient): void {
    if (this.open.size >= maxInboxes) throw new HubError('busy');
    if (this.perUser.of(client.user.id) >= maxInboxesPerUser) throw new HubError('inbox_limit');
    this.perUser.add(client.user.id);
    this.open.set(client, { changes: 0, isShown: false });
  }

  /** Repeatable. */
  unregister(client: InboxClient): void {
    if (!this.open.delete(client)) return;
    this.perUser.remove(client.user.id);
    for (const name of this.listsOf(client)) {
      const watchers = this.watching.get(name);
      watchers?.delete(client);
      if (watchers?.size === 0) this.watching.delete(name);
    }
  }

  /**
   * Reads a page of an open inbox, which from then on is sent every change: `take` gets the page after all earlier changes and
   * before any later one. Commits do not wait for the reading: if the inbox has changed in the meantime, it is read again. One
   * that changes on every attempt is read while commits wait.
   * @param cursor where the page before ended; without one, from the beginning
   * @throws HubError `invalid_frame` for a cursor that was not given here, `storage_failed`
   */
  async read(client: InboxClient, take: (page: InboxPage) => void, cursor?: string): Promise<void> {
    const open = this.open.get(client);
    if (!open) return;
    for (const name of this.listsOf(client)) this.watchersOf(name).add(client);
    const show = (page: InboxPage) => {
      open.isShown = true;
      if (this.has(client)) take(page);
    };
    for (let reads = 0; reads < maxFreeReads && this.has(client); reads += 1) {
      const { changes } = open;
      const page = await this.page(client, cursor);
      // Between commits, so that every change the page may show was noted already.
      const isCurrent = await this.parts.funnel.between(async () => {
        if (open.changes !== changes) return false;
        show(page);
        return true;
      });
      if (isCurrent) return;
    }
    const readHeld = async () => show(await this.page(client, cursor));
    if (this.has(client)) await this.held.run('', () => this.parts.funnel.between(readHeld));
  }

  /** A change of a request was committed. Its recipients come from the request's lists, not from a scan of the open inboxes. */
  note(before: RequestRecord | undefined, record: RequestRecord): void {
    if (this.watching.size === 0) return;
    const had = this.concerned(before);
    const has = this.concerned(record);
    for (const client of had) this.send(client, { type: has.has(client) ? 'updated' : 'removed', record });
    for (const client of has) if (!had.has(client)) this.send(client, { type: 'added', record });
  }

  private send(client: InboxClient, change: InboxChange): void {
    const open = this.open.get(client);
    if (!open) return;
    open.changes += 1;
    if (open.isShown) client.sink.changed(change);
  }

  private async page({ look }: InboxClient, cursor: string | undefined): Promise<InboxPage> {
    const page = await this.list(look.owner, look.filter, look.order, look.limit, cursor);
    const { total, isCapped } = await this.counts(look.owner, look.filter);
    return { ...page, total, isCapped };
  }

  private concerned(record: RequestRecord | undefined): Set<InboxClient> {
    const found = new Set<InboxClient>();
    const answerers = record && answerersOf(record);
    if (!answerers) return found;
    const except = new Set(answerers.except);
    for (const name of listsOf(record, answerers)) {
      for (const client of this.watching.get(name) ?? []) if (!except.has(client.user.id)) found.add(client);
    }
    return found;
  }

  private listsOf({ look }: InboxClient): string[] {
    return listsFor(look.owner, look.filter);
  }

  private watchersOf(name: string): Set<InboxClient> {
    const watchers = this.watching.get(name) ?? new Set();
    this.watching.set(name, watchers);
    return watchers;
  }
}

/** @throws HubError `invalid_request` for a filter that is not known, `invalid_id` */
function assertFilter(filter: InboxFilter): void {
  assertOptions('The filter', filter, inboxFields);
  if (filter.ticketId !== undefined) assertName(filter.ticketId);
}
