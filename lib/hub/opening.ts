/** What a client is told first when it comes in: what it missed, or a snapshot of everything; the hub makes it from the store. */
import type { LoggedEnvelope, Member, PresenceChanged, Snapshot } from '../protocol/envelopes';
import type { MessageRecord, Millis } from '../protocol/records';
import { messageView, requestView, sessionView, toWireTime, turnView } from '../protocol/views';
import type { LogPosition, Store } from '../store/store';

/** `position` is where the log stood; what is committed later is live. A snapshot says who is there by itself. */
export type Opening = { position: LogPosition } & (
  | { missed: readonly LoggedEnvelope[]; presence: PresenceChanged }
  | { snapshot: Snapshot }
);

/** Envelopes a returning client is sent one by one; further behind, a snapshot is the shorter way. */
export const maxReplay = 1_000;
/** Messages in a snapshot. */
export const snapshotMessages = 200;
/** Characters of messages in a snapshot; what is older is read by session. */
export const maxSnapshotChars = 1_048_576;
/** Characters of messages sent one by one: more than a client may be behind before it is sent away to come back. */
export const maxReplayChars = 16_777_216;

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
  if (after) {
    const { items, ...position } = await store.log(ticketId, after.seq, maxReplay);
    const isKnown = position.epoch === after.epoch && after.seq >= position.first - 1;
    const isWhole = after.seq + items.length === position.seq && charsOf(items) <= maxReplayChars;
    if (isKnown && isWhole) {
      const there = { timestamp: toWireTime(now, now), ticket_id: ticketId, presence: [...presence] };
      return { position, missed: items, presence: { event: 'presence_changed', ...there } };
    }
  }
  const state = await store.state(ticketId, snapshotMessages);
  const snapshot: Snapshot = {
    event: 'snapshot',
    ticket_id: ticketId,
    epoch: state.epoch,
    seq: state.seq,
    sessions: state.sessions.map((session) => sessionView(session, now)),
    messages: newest(state.messages).map((message) => messageView(message, now)),
    turns: state.turns.map((turn) => turnView(turn, now)),
    requests: state.requests.map((request) => requestView(request, now)),
    presence: [...presence],
  };
  return { position: state, snapshot };
}

function charsOf(envelopes: readonly LoggedEnvelope[]): number {
  return envelopes.reduce(
    (sum, envelope) => sum + ('message' in envelope ? envelope.message.content.length : 0),
    0,
  );
}

/** The last messages that fit, oldest first. */
function newest(messages: readonly MessageRecord[]): readonly MessageRecord[] {
  let chars = 0;
  const first = messages.findLastIndex(({ content }) => {
    chars += content.length;
    return chars > maxSnapshotChars;
  });
  return messages.slice(first + 1);
}
