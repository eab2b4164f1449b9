import fc from 'fast-check';
import '../seed';
import { emptyInbox, type InboxOrder, type InboxPart, InboxReducer } from '../../lib/client/inbox-view';
import type { RequestView } from '../../lib/protocol/request-view';

const noon = Date.UTC(2026, 0, 1, 12);
const at = (seconds: number) => new Date(noon + seconds * 1_000).toISOString();

const request = fc
  .record({
    id: fc.uuid(),
    created: fc.integer({ min: 0, max: 5 }),
    expires: fc.option(fc.integer({ min: 10, max: 12 }), { nil: undefined }),
  })
  .map(
    ({ id, created, expires }): RequestView => ({
      ...{
        id,
        session_id: 's',
        ticket_id: 'T',
        type: 'question',
        status: 'pending',
        revision: 1,
        digest: '',
      },
      created_at: at(created),
      ...(expires !== undefined && { expires_at: at(expires) }),
    }),
  );
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), request }),
  fc.record({ do: fc.constantFrom('remove' as const, 'update' as const), which: fc.nat() }),
  fc.record({ do: fc.constant('more' as const) }),
);

function inOrder(all: readonly RequestView[], order: InboxOrder): RequestView[] {
  const key = ({ created_at, expires_at = '9999', id }: RequestView) =>
    order === 'urgent' ? [expires_at, created_at, id].join() : [created_at, id].join();
  const sorted = all.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  return order === 'newest' ? sorted.reverse() : sorted;
}

test('whatever comes, changes and goes, a view is the beginning of the inbox without a gap, and the whole of it once all pages came', () => {
  const wholes: boolean[] = [];
  fc.assert(
    fc.property(
      fc.constantFrom<InboxOrder>('oldest', 'newest', 'urgent'),
      fc.integer({ min: 1, max: 4 }),
      fc.uniqueArray(request, { selector: ({ id }) => id, maxLength: 8 }),
      fc.array(step, { maxLength: 20 }),
      (order, limit, first, steps) => {
        let all = inOrder(first, order);
        const reducer = new InboxReducer(order, limit);
        const base = { epoch: 'e', seq: 0, timestamp: at(0) };
        const totals = () => ({ total: all.length, capped: false });
        /** The page behind a place, as the server reads it: the place may be that of a request which is gone. */
        const pageAfter = (place: RequestView | undefined): InboxPart => {
          const rest = place
            ? inOrder([...all.filter(({ id }) => id !== place.id), place], order).slice(
                inOrder([...all.filter(({ id }) => id !== place.id), place], order).indexOf(place) + 1,
              )
            : all;
          const items = rest.slice(0, limit);
          const last = items.at(-1);
          if (rest.length > limit && last) pages.set(last.id, last);
          return { items, ...totals(), ...(rest.length > limit && last && { next_cursor: last.id }) };
        };
        const pages = new Map<string, RequestView>();
        const user = { id: 'u', name: 'u' };
        let view = reducer.reduce(emptyInbox, {
          ...{ event: 'inbox_snapshot', ...base, client_id: 'c', user, heartbeat_ms: 1 },
          ...pageAfter(undefined),
        });
        for (const each of steps) {
          if (each.do === 'add') {
            if (all.some(({ id }) => id === each.request.id)) continue;
            all = inOrder([...all, each.request], order);
            view = reducer.reduce(view, { event: 'inbox_added', ...base, hitl: each.request, ...totals() });
          } else if (each.do === 'more') {
            if (view.cursor !== undefined) view = reducer.extend(view, pageAfter(pages.get(view.cursor)));
          } else {
            const chosen = all[each.which % (all.length || 1)];
            if (!chosen) continue;
            if (each.do === 'update') {
              const hitl = { ...chosen, revision: chosen.revision + 1 };
              all = all.map((old) => (old === chosen ? hitl : old));
              view = reducer.reduce(view, { event: 'inbox_updated', ...base, hitl });
            } else {
              all = all.filter((old) => old !== chosen);
              const gone = { request_id: chosen.id, ...totals() };
              view = reducer.reduce(view, { event: 'inbox_removed', ...base, ...gone });
            }
          }
          expect(view.items).toEqual(all.slice(0, view.items.length));
          expect(view.total).toBe(all.length);
          if (view.cursor === undefined) expect(view.items).toEqual(all);
          wholes.push(view.cursor === undefined);
        }
      },
    ),
    { numRuns: 500 },
  );
  expect(new Set(wholes)).toEqual(new Set([true, false]));
});

test('a page that holds something back hides nothing that comes', () => {
  const reducer = new InboxReducer('oldest', 3);
  const made = (n: number): RequestView => ({
    ...{ id: `r${n}`, session_id: 's', ticket_id: 'T', type: 'question', status: 'pending', revision: 1 },
    ...{ digest: '', created_at: at(n) },
  });
  const totals = { total: 9, capped: false };
  const view = reducer.extend(emptyInbox, { items: [made(1)], next_cursor: 'c', ...totals });
  const news = {
    event: 'inbox_added',
    epoch: 'e',
    seq: 1,
    timestamp: at(9),
    hitl: made(5),
    ...totals,
  } as const;
  expect(reducer.reduce(view, news).items.map(({ id }) => id)).toEqual(['r1', 'r5']);
});
