/** Which session a client's messages belong to: resumed by id, found again by tab, or begun with the first message. */
import type { Millis, SessionRecord } from '../protocol/records';
import type { Store } from '../store/store';
import type { Client } from './client';
import { newId } from './new-id';

/** Why a session was not resumed. */
export type ResumeFailure = 'not_found' | 'other_ticket' | 'other_user' | 'other_source';

/**
 * Attaches the client to an earlier session of its own on this ticket (reference B16).
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

/** The client's session, or a new one that the caller has to keep (reference B16b: none is made before it is needed). */
export async function sessionFor(
  store: Store,
  client: Pick<Client, 'ticketId' | 'user' | 'tabId' | 'sessionId'>,
  now: Millis,
): Promise<{ session: SessionRecord; isNew: boolean }> {
  const attached = client.sessionId();
  const known = attached
    ? await store.session(attached)
    : await store.sessionByTab(client.ticketId, client.user.id, client.tabId);
  if (known && (attached || !isElsewhere(known)))
    return { session: { ...known, lastActiveAt: now }, isNew: false };
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

/** What is said in a session of Slack has to be said there (reference B16). */
function isElsewhere({ source }: SessionRecord): boolean {
  return source === 'slack';
}
