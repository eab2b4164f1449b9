/** An inbox as a page shows it, made from its envelopes one by one; pure, the inbox client holds on to it. */
import type { InboxAdded, InboxRemoved, InboxSnapshot, InboxUpdated } from '../protocol/inbox-envelopes';
import type { RequestView } from '../protocol/request-view';
import { byAge, byText, type Placed, put } from './view';

export type InboxOrder = 'oldest' | 'newest' | 'urgent';

/** What is known of an inbox. Never changed in place: what an envelope does not touch stays the same object. */
export interface InboxView {
  /** The first of the inbox, in its order, without a gap. */
  readonly items: readonly RequestView[];
  /** How many there are in all; `capped`: or more. */
  readonly total: number;
  readonly capped: boolean;
  /** What is behind `items` is asked for with this; absent if nothing is. */
  readonly cursor: string | undefined;
  /** Where the pages received so far end: what stands behind it comes with a later page. */
  readonly end: Placed | undefined;
}

/** The view before anything was heard. */
export const emptyInbox: InboxView = {
  items: [],
  total: 0,
  capped: false,
  cursor: undefined,
  end: undefined,
};

/** More of an inbox, as the answer to `inbox_more` holds it. */
export type InboxPart = Pick<InboxSnapshot, 'items' | 'next_cursor' | 'total' | 'capped'>;

/** What of an inbox's envelopes changes it. */
export type InboxNews = InboxSnapshot | InboxAdded | InboxUpdated | InboxRemoved;

const orders: Record<InboxOrder, (a: Placed, b: Placed) => number> = {
  oldest: byAge,
  newest: (a, b) => byAge(b, a),
  // A colon comes behind every digit, so what never expires is last.
  urgent: (a, b) => byText(a.expires_at ?? ':', b.expires_at ?? ':') || byAge(a, b),
};

export class InboxReducer {
  private readonly compare: (a: Placed, b: Placed) => number;

  /** @param limit how many requests a whole page has */
  constructor(
    order: InboxOrder,
    private readonly limit: number,
  ) {
    this.compare = orders[order];
  }

  /** The view after one more envelope. */
  reduce(view: InboxView, news: InboxNews): InboxView {
    switch (news.event) {
      case 'inbox_snapshot':
        return this.extend(emptyInbox, news);
      case 'inbox_added':
        return { ...this.show(view, news.hitl), total: news.total, capped: news.capped };
      case 'inbox_updated':
        // One that lacks what is asked stands behind what is here.
        return news.unchanged ? view : this.show(view, news.hitl);
      case 'inbox_removed': {
        const { total, capped, request_id: gone } = news;
        return { ...view, items: view.items.filter(({ id }) => id !== gone), total, capped };
      }
    }
  }

  /** The view with one more page of it. */
  extend(view: InboxView, { items, next_cursor: cursor, total, capped }: InboxPart): InboxView {
    const all = items.reduce((some, item) => put(some, item, this.compare), view.items);
    // A page that holds back some of its requests does not say where it ends; better one too early than none.
    const end = cursor === undefined || items.length < this.limit ? undefined : items.at(-1);
    return { items: all, total, capped, cursor, end };
  }

  private show(view: InboxView, request: RequestView): InboxView {
    if (view.end && this.compare(request, view.end) > 0) return view;
    return { ...view, items: put(view.items, request, this.compare) };
  }
}
