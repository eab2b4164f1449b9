/** The resolvers of the reference's ticket page, on top of a hub and its store; every one asks for access to the ticket first. */
import { type Hub, HubError, type Message, type RequestStatus, type Store, type User } from 'express-hitl';
import { messageView, requestView, sessionView } from './views';

export interface Ticket {
  id: string;
  title: string;
  status: string;
  createdAt: string;
}

export interface Parts {
  hub: Hub;
  store: Store;
  tickets: ReadonlyMap<string, Ticket>;
  mayUse(ticketId: string, user: User): boolean;
}

export interface Context {
  user: User;
}

/** Messages that one query gives at most, as the reference's page asks for them. */
const mostMessages = 500;
/** Read at a time. */
const pageSize = 100;

/** The root of the schema: GraphQL calls each with its arguments and the person who asks. */
export function resolversOf({ hub, store, tickets, mayUse }: Parts) {
  /** @throws HubError `not_found`, also where the user may not look */
  const assertMayUse = (ticketId: string, user: User) => {
    if (!tickets.has(ticketId) || !mayUse(ticketId, user)) throw new HubError('not_found');
  };

  /** The session, if it is there and this person may see it. */
  const visibleSession = async (id: string, user: User) => {
    const session = await store.session(id);
    if (!session) throw new HubError('not_found');
    assertMayUse(session.ticketId, user);
    return session;
  };

  const visibleRequest = async (id: string, user: User) => {
    const request = await hub.requests.get(id);
    assertMayUse(request.ticketId, user);
    return request;
  };

  const runningSessions = async (ticketId: string) => {
    const { turns } = await store.state(ticketId, 0);
    return new Set(turns.map(({ sessionId }) => sessionId));
  };

  return {
    ticket({ id }: { id: string }, { user }: Context) {
      assertMayUse(id, user);
      return tickets.get(id);
    },

    async ticketSessions({ ticketId }: { ticketId: string }, { user }: Context) {
      assertMayUse(ticketId, user);
      const running = await runningSessions(ticketId);
      const sessions = await store.sessions(ticketId, 200);
      return sessions
        .filter(({ source }) => source !== 'system') // the reference's page does not know it
        .map((session) => sessionView(session, running.has(session.id)));
    },

    async session({ id }: { id: string }, { user }: Context) {
      const session = await visibleSession(id, user);
      return sessionView(session, (await runningSessions(session.ticketId)).has(id));
    },

    async sessionMessages({ sessionId }: { sessionId: string }, { user }: Context) {
      await visibleSession(sessionId, user);
      return (await store.messages(sessionId, mostMessages)).map(messageView);
    },

    async ticketSessionMessages(args: TicketMessages, { user }: Context) {
      const { ticketId, source, type, offset, limit } = args;
      assertMayUse(ticketId, user);
      const sessions = await store.sessions(ticketId, 200);
      const wanted = sessions.filter((session) => !source || session.source === source);
      const all = await Promise.all(wanted.map(({ id }) => allMessages(store, id)));
      const from = Math.max(0, offset ?? 0);
      return all
        .flat()
        .filter((message) => !type || message.type === type)
        .sort((a, b) => a.createdAt - b.createdAt)
        .slice(from, from + Math.max(0, Math.min(limit ?? mostMessages, mostMessages)))
        .map(messageView);
    },

    async ticketHITLRequests(args: { ticketId: string; status?: RequestStatus | null }, { user }: Context) {
      const { ticketId, status } = args;
      assertMayUse(ticketId, user);
      const { items } = await hub.requests.list({ ticketId, ...(status && { status }), limit: 200 });
      return items.map(requestView);
    },

    async hitlRequest({ id }: { id: string }, { user }: Context) {
      return requestView(await visibleRequest(id, user));
    },

    async resolveHITLRequest({ id, approved, answer, comment }: Resolution, { user }: Context) {
      const { kind } = await visibleRequest(id, user);
      const given = { requestId: id, by: user, ...(comment && { comment }) };
      const settled = await hub.requests.answer(
        !approved
          ? { ...given, status: 'denied' }
          : // The reference's panel sends an answer along with tool approvals too.
            kind === 'question'
            ? { ...given, status: 'answered', answer: answer ?? '' }
            : { ...given, status: 'approved' },
      );
      return requestView(settled);
    },
  };
}

interface TicketMessages {
  ticketId: string;
  source?: string | null;
  type?: string | null;
  offset?: number | null;
  limit?: number | null;
}

interface Resolution {
  id: string;
  approved: boolean;
  answer?: string | null;
  comment?: string | null;
}

/** Everything said in a session, read back page by page. */
async function allMessages(store: Store, sessionId: string): Promise<Message[]> {
  const all: Message[] = [];
  for (;;) {
    const page = await store.messages(sessionId, pageSize, all[0]?.id);
    all.unshift(...page);
    if (page.length < pageSize) return all;
  }
}
