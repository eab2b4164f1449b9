/** REST: what happened in a ticket, and its sessions. */
import { z } from 'zod';
import { HubError } from '../../errors';
import { idSchema } from '../../protocol/client-frames';
import { loggedSchema } from '../../protocol/envelopes';
import { asRead, storedMessageSchema, storedMessageView } from '../../protocol/message-view';
import type { MessageRecord } from '../../protocol/records';
import { sessionView, sessionViewSchema } from '../../protocol/session-view';
import { maxTimelineBytes } from '../../store/shared/limits';
import type { Store } from '../../store/store';
import { operation } from './operation';
import { limit } from './paging';
import type { Rest } from './rest';

export const getTimeline = operation({
  id: 'getTimeline',
  method: 'get',
  path: '/tickets/:ticketId/timeline',
  isPage: true,
  summary: 'The logged envelopes of a ticket with a seq above `after`, oldest first.',
  query: z.object({ after: z.coerce.number().int().min(0).default(0), limit: limit(100, 500) }),
  answers: {
    200: z.object({ items: z.array(loggedSchema), epoch: z.string(), seq: z.number().int().nonnegative() }),
  },
  refusals: ['invalid_id', 'forbidden', 'not_found'],
});

export const listSessions = operation({
  id: 'listSessions',
  method: 'get',
  path: '/tickets/:ticketId/sessions',
  isPage: true,
  summary: 'The sessions of a ticket, newest activity first.',
  query: z.object({ limit: limit(50, 200) }),
  answers: { 200: z.object({ items: z.array(sessionViewSchema) }) },
  refusals: ['invalid_id', 'forbidden', 'not_found'],
});

export const listMessages = operation({
  id: 'listMessages',
  method: 'get',
  path: '/tickets/:ticketId/sessions/:sessionId/messages',
  isPage: true,
  summary: 'The last messages of a session, or the last before the one with the id `before`, oldest first.',
  query: z.object({ before: idSchema.optional(), limit: limit(50, 200) }),
  answers: {
    200: z.object({ items: z.array(storedMessageSchema), next_before: z.string().optional() }),
  },
  refusals: ['invalid_id', 'forbidden', 'not_found'],
});

export const ticketOperations = [getTimeline, listSessions, listMessages];

/** Characters of messages and their revisions on a page; of whatever is longer, a page has one message, and its last revisions. */
export const maxPageChars = 1_048_576;
/** Messages read at a time, since each may be long. */
const atOnce = 10;

export function serveTickets(rest: Rest): void {
  const { store, clock } = rest.parts;

  rest.serve(getTimeline, async (call) => {
    const { after, limit: most } = call.query;
    const { items, epoch, seq } = await store.log(
      await rest.visibleTicket(call),
      after,
      most,
      maxTimelineBytes,
    );
    return { body: { items, epoch, seq } };
  });

  rest.serve(listSessions, async (call) => {
    const sessions = await store.sessions(await rest.visibleTicket(call), call.query.limit);
    return { body: { items: sessions.map((session) => sessionView(session, clock.now())) } };
  });

  rest.serve(listMessages, async (call) => {
    const ticketId = await rest.visibleTicket(call);
    const sessionId = String(call.req.params.sessionId);
    const session = await store.session(sessionId);
    if (session?.ticketId !== ticketId)
      throw new HubError('not_found', { message: 'There is no such session' });
    const { before, limit: most } = call.query;
    const { messages, isWhole } = await pageOfMessages(store, sessionId, most, before);
    const [oldest] = messages;
    const open = await openTurns(store, messages);
    const items = messages.map((message) =>
      storedMessageView(
        asRead(withLastRevisions(message), (id) => open.has(id)),
        clock.now(),
      ),
    );
    return { body: { items, ...(oldest && !isWhole && { next_before: oldest.id }) } };
  });
}

/** The last messages that fit on a page, oldest first, and whether there are none before them. */
async function pageOfMessages(
  store: Store,
  sessionId: string,
  most: number,
  before: string | undefined,
): Promise<{ messages: MessageRecord[]; isWhole: boolean }> {
  const newestFirst: MessageRecord[] = [];
  let chars = 0;
  for (let from = before; ; from = newestFirst.at(-1)?.id) {
    const some = await store.messages(sessionId, atOnce, from);
    for (const message of [...some].reverse()) {
      chars += charsOf(message);
      if (newestFirst.length === most || (newestFirst.length > 0 && chars > maxPageChars))
        return { messages: newestFirst.reverse(), isWhole: false };
      newestFirst.push(message);
    }
    if (some.length < atOnce) return { messages: newestFirst.reverse(), isWhole: true };
  }
}

/** Of the turns whose messages grow, as they were stored, those that have not ended. */
async function openTurns(store: Store, messages: readonly MessageRecord[]): Promise<ReadonlySet<string>> {
  const named = new Set(messages.flatMap(({ isStreaming, turnId }) => (isStreaming && turnId) || []));
  const turns = await Promise.all([...named].map((id) => store.turn(id)));
  return new Set(turns.flatMap((turn) => (turn && turn.endedAt === undefined ? turn.id : [])));
}

function charsOf({ content, revisions }: MessageRecord): number {
  return revisions.reduce((sum, revision) => sum + revision.content.length, content.length);
}

/** The message with as many of its last revisions as a page has room for. */
function withLastRevisions(message: MessageRecord): MessageRecord {
  const { revisions } = message;
  let chars = message.content.length;
  const first = revisions.findLastIndex(({ content }) => {
    chars += content.length;
    return chars > maxPageChars;
  });
  return first < 0 ? message : { ...message, revisions: revisions.slice(first + 1) };
}
