/** REST: the audit of a ticket, a page at a time or all of it as JSON Lines. */
import { z } from 'zod';
import type { Clock } from '../../hub/commit/clock';
import { auditTrail } from '../../hub/requests/audit';
import { type AuditEntry, type AuditView, auditView, auditViewSchema } from '../../protocol/audit';
import { idSchema } from '../../protocol/client-frames';
import { accessEveryMs } from '../core/reading';
import { operation } from './operation';
import { cursor, limit, pageOf } from './paging';
import type { Call, Rest } from './rest';

const requestId = idSchema.optional();

export const listAudit = operation({
  id: 'listAudit',
  method: 'get',
  path: '/tickets/:ticketId/audit',
  isPage: true,
  summary: 'What was done to the requests of a ticket, or to one of them, oldest first.',
  query: z.object({ request_id: requestId, limit: limit(50, 200), cursor }),
  answers: { 200: z.object({ items: z.array(auditViewSchema), next_cursor: z.string().optional() }) },
  refusals: ['invalid_id', 'forbidden', 'not_found'],
});

export const exportAudit = operation({
  id: 'exportAudit',
  method: 'get',
  path: '/tickets/:ticketId/audit.jsonl',
  summary: 'All of what `listAudit` pages through, one JSON object per line.',
  query: z.object({ request_id: requestId }),
  answers: { 200: auditViewSchema },
  mediaType: 'application/x-ndjson',
  refusals: ['invalid_id', 'forbidden', 'not_found'],
});

export const auditOperations = [listAudit, exportAudit];

export function serveAudit(rest: Rest): void {
  const { store, access, clock } = rest.parts;

  /** The ticket, and how its records are shown to this person. */
  const open = async (call: Pick<Call<unknown, unknown>, 'req' | 'user'>) => {
    const ticketId = await rest.visibleTicket(call);
    const withAddresses = await access.mayAudit(ticketId, call.user);
    // Again, since the app may have thought long about the addresses.
    await rest.visibleTicket(call);
    const view = (entry: AuditEntry): AuditView => {
      const { from, ...shown } = auditView(entry);
      return withAddresses && from !== undefined ? { ...shown, from } : shown;
    };
    return { ticketId, view };
  };

  rest.serve(listAudit, async (call) => {
    const { ticketId, view } = await open(call);
    const filter = { ticketId, requestId: call.query.request_id };
    const { items, ...more } = await pageOf({ list: listAudit.id, ...call }, (...page) =>
      store.audit(filter, ...page),
    );
    return { body: { items: items.map(view), ...more } };
  });

  rest.serveLines(exportAudit, async (call) => {
    const { ticketId, view } = await open(call);
    const entries = auditTrail(store, { ticketId, requestId: call.query.request_id });
    return each(entries, view, {
      ask: () => rest.visibleTicket(call),
      isDue: dueEvery(accessEveryMs, clock),
    });
  });
}

/** What is made of each item, for as long as the reader may see it. @throws what `ask` throws, which is called whenever it is due */
async function* each<T, U>(
  items: AsyncIterable<T>,
  make: (item: T) => U,
  { ask, isDue }: { ask(): Promise<unknown>; isDue(): boolean },
): AsyncGenerator<U> {
  for await (const item of items) {
    if (isDue()) await ask();
    yield make(item);
  }
}

/** Whether `ms` have passed since it last was true. */
function dueEvery(ms: number, clock: Clock): () => boolean {
  let last = clock.now();
  return () => {
    const now = clock.now();
    const isDue = now - last >= ms;
    if (isDue) last = now;
    return isDue;
  };
}
