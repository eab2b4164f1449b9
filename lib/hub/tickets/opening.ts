/** What a client is sent first when it joins: what it missed, or a snapshot of everything; the hub builds it from the store. */
import type {
  LoggedEnvelope,
  Member,
  PresenceChanged,
  Snapshot,
  SnapshotRequests,
} from '../../protocol/envelopes';
import { asRead, messageView } from '../../protocol/message-view';
import type { Millis } from '../../protocol/records';
import { requestView } from '../../protocol/request-view';
import { sessionView } from '../../protocol/session-view';
import { turnView } from '../../protocol/turn-view';
import { toWireTime } from '../../protocol/wire-time';
import type { LogPosition, Store } from '../../store/store';

/**
 * `position` is where the log stood; what is committed later is live. A snapshot says who is there by itself; `more` is where
 * its requests end, if more are pending.
 */
export type Opening = { position: LogPosition } & (
  | { missed: readonly LoggedEnvelope[]; presence: PresenceChanged }
  | { snapshot: Snapshot; more: string | undefined }
);

/** Envelopes a returning client is sent one by one; further behind, a snapshot is the shorter way. */
export const maxReplay = 1_000;
/** Messages in a snapshot. */
export const snapshotMessages = 200;
/** Bytes of envelopes replayed one by one when a client resumes; beyond that it gets a snapshot. */
export const maxReplayBytes = 16_777_216;
/** Requests on one of the pages that follow a snapshot. */
const pageSize = 200;
/** Their bytes as JSON: less than on other pages, since the client did not ask for them one by one. */
export const maxPageBytes = 1_048_576;

/**
 * @param after where the client was; a position that cannot be continued from (another epoch, trimmed, ahead of the log,
 *   too far behind) gives a snapshot
 * @throws HubError `storage_failed`
 */
export async function openingFor(
  store: Store,
  ticketId: string,
  after: { epoch: string; seq: number } | undefined,
  presence: readonly Member[],
  now: Millis,
): Promise<Opening> {
  // The log is read only from a position that can be resumed: an invented position must not cost the read of a megabyte.
  if (after && isReplayable(after, await store.position(ticketId))) {
    const { items, ...position } = await store.log(ticketId, after.seq, maxReplay, maxReplayBytes);
    const isWhole = after.seq + items.length === position.seq;
    if (isReplayable(after, position) && isWhole) {
      const there = { timestamp: toWireTime(now, now), ticket_id: ticketId, presence: [...presence] };
      return { position, missed: items, presence: { event: 'presence_changed', ...there } };
    }
  }
  const state = await store.state(ticketId, snapshotMessages);
  const open = new Set(state.turns.map(({ id }) => id));
  const read = state.messages.map((message) => asRead(message, (id) => open.has(id)));
  const snapshot: Snapshot = {
    event: 'snapshot',
    ticket_id: ticketId,
    epoch: state.epoch,
    seq: state.seq,
    sessions: state.sessions.map((session) => sessionView(session, now)),
    messages: read.map((message) => messageView(message, now)),
    turns: state.turns.map((turn) => turnView(turn, now)),
    requests: state.requests.map((request) => requestView(request, now)),
    ...(state.nextCursor !== undefined && { more_requests: true as const }),
    presence: [...presence],
  };
  return { position: state, snapshot, more: state.nextCursor };
}

function isReplayable(after: { epoch: string; seq: number }, { epoch, first, seq }: LogPosition): boolean {
  return epoch === after.epoch && after.seq >= first - 1 && after.seq <= seq && seq - after.seq <= maxReplay;
}

/** The pending requests behind those of a snapshot, and where they end if there are more. @throws HubError `storage_failed` */
export async function openingPage(
  store: Store,
  ticketId: string,
  cursor: string,
  now: Millis,
): Promise<{ page: SnapshotRequests; more: string | undefined }> {
  const { items, nextCursor } = await store.requests(
    { ticketId, status: 'pending' },
    pageSize,
    cursor,
    maxPageBytes,
  );
  const page: SnapshotRequests = {
    event: 'snapshot_requests',
    ticket_id: ticketId,
    requests: items.map((request) => requestView(request, now)),
    more_requests: nextCursor !== undefined,
  };
  return { page, more: nextCursor };
}
