/** Which session a client's messages belong to: resumed by id, found again by tab, or begun with the first message. */
import { createHash } from 'node:crypto';
import type { Millis, SessionRecord } from '../../protocol/records';
import type { Store } from '../../store/store';
import { newId } from '../commit/new-id';
import type { Client } from '../tickets/client';

/** Why a session was not resumed. */
export type ResumeFailure = 'not_found' | 'other_ticket' | 'other_user' | 'other_source';

/**
 * Attaches the client to an earlier session of its own on this ticket.
 * @returns why not, or nothing if it is attached
 */
export async function resumeSession(
  store: Store,
  client: Client,
  sessionId: string,
): Promise<ResumeFailure | undefined> {
  const session = await store.session(sessionId);
  if (!session) return 'not_found';
  if (session.ticketId !== client.ticketId) return 'other_ticket';
  if (session.userId !== client.user.id) return 'other_user';
  if (isElsewhere(session)) return 'other_source';
  client.attachSession(session.id);
  return undefined;
}

/** Attaches the client to the session that its next message would go to, if there is one already. */
export async function recallSession(store: Store, client: Client): Promise<void> {
  if (client.sessionId() !== undefined) return;
  const session = await store.sessionByTab(client.ticketId, client.user.id, client.tabId);
  if (session && !isElsewhere(session)) client.attachSession(session.id);
}

/** The client's session, or a new one that the caller has to store; none is created before it is needed. */
export async function sessionFor(
  store: Store,
  client: Pick<Client, 'ticketId' | 'user' | 'tabId' | 'sessionId'>,
  now: Millis,
): Promise<{ session: SessionRecord; isNew: boolean }> {
  const attached = client.sessionId();
  const known = attached
    ? await store.session(attached)
    : await store.sessionByTab(client.ticketId, client.user.id, client.tabId);
  if (known && (attached || !isElsewhere(known))) return { session: known, isNew: false };
  const session: SessionRecord = {
    id: newId(now),
    ticketId: client.ticketId,
    source: 'web',
    userId: client.user.id,
    tabId: client.tabId,
    createdAt: now,
    lastActiveAt: now,
  };
  return { session, isNew: true };
}

/** Where something is said that no client of the hub says. */
export interface Thread {
  ticketId: string;
  source: 'cli' | 'slack' | 'system';
  /** One conversation there; all its people share a session. */
  thread: string;
  /** Whose session it is, if it is begun with this. */
  userId: string;
}

/** The id of a thread's session, the same every time. */
export function sessionIdOf({ ticketId, source, thread }: Thread): string {
  const digest = createHash('sha256').update(`${ticketId}\n${thread}`).digest('hex');
  return `${source}_${digest.slice(0, 32)}`;
}

/** The session of a thread, or a new one that the caller has to store. */
export async function sessionOfThread(
  store: Store,
  thread: Thread,
  now: Millis,
): Promise<{ session: SessionRecord; isNew: boolean }> {
  const { ticketId, source, userId } = thread;
  const id = sessionIdOf(thread);
  const known = await store.session(id);
  if (known) return { session: known, isNew: false };
  const session = { id, ticketId, source, userId, tabId: source, createdAt: now, lastActiveAt: now };
  return { session, isNew: true };
}

/** A session of Slack takes messages only from there, and a session of the system takes none from a client. */
function isElsewhere({ source }: SessionRecord): boolean {
  return source === 'slack' || source === 'system';
}
