/** A ticket as a page shows it, made from its envelopes one by one; pure, for pages and bots to hold on to. */
import { isMoved } from '../protocol/activity';
import type {
  Envelope,
  LoggedEnvelope,
  Member,
  MessageDelta,
  PresenceUpdated,
  Snapshot,
} from '../protocol/envelopes';
import type { MessageView } from '../protocol/message-view';
import type { AbortReason } from '../protocol/records';
import type { RequestView } from '../protocol/request-view';
import type { SessionView } from '../protocol/session-view';
import type { TurnView } from '../protocol/turn-view';
import type { LogPosition } from './follower';
import { withUnchanged } from './whole-request';

/** A turn, and of an aborted one why. */
export type ViewedTurn = TurnView & { reason?: AbortReason };

/** A line. Of one that grows (`is_streaming`) `content` is what has come; so many characters of it are committed. */
export type ViewedMessage = MessageView & { committed?: number };

/** Lines of a view at most; of a longer timeline the newest. What is cut is cut a tenth at a time, so here it may be a tenth more. */
export const maxLines = 10_000;
/** Settled requests, ended turns and sessions of a view at most, each; of more the newest, and a tenth more as above. */
export const maxPast = 1_000;

/**
 * What is known of a ticket. Never changed in place: what an envelope does not touch stays the same object.
 *
 * A view that began with a snapshot knows less than one that heard the whole log, and nothing else: the newest 200
 * messages, the 50 sessions last active, no turn that had ended and no request that was settled before. What both know
 * is the same. So: `pending` and the unfinished turns are equal, `timeline` is the end of the longer one, and of
 * `sessions`, `settled` and the ended turns what is there is equal. A view that is held for weeks stays within
 * `maxLines` and `maxPast`; whatever is still open is never let go.
 */
export interface View {
  /** Up to which envelope this is the state; none before the first. */
  readonly position: LogPosition | undefined;
  /** In the order in which they were sent; an update changes the line in its place, and so does what is added to one that grows. */
  readonly timeline: readonly ViewedMessage[];
  /** Oldest first. */
  readonly pending: readonly RequestView[];
  /** Oldest first, by when they were asked. */
  readonly settled: readonly RequestView[];
  /** In the order in which they came; those that have not ended, and the ended. */
  readonly turns: readonly ViewedTurn[];
  /** Newest activity first. */
  readonly sessions: readonly SessionView[];
  /** Who is connected. Not in the log: as the last snapshot, `presence_changed` and `presence_updated` said. */
  readonly presence: readonly Member[];
}

const nothing: View = {
  position: undefined,
  timeline: [],
  pending: [],
  settled: [],
  turns: [],
  sessions: [],
  presence: [],
};

/** The view before anything was heard. */
export function emptyView(): View {
  return nothing;
}

/**
 * The view after one more envelope; the same object if it says nothing new (heard before, an answer to a frame, `typing`,
 * a kind this version does not know). A snapshot replaces everything, an envelope of another epoch begins an empty view.
 */
export function reduce(view: View, envelope: Envelope): View {
  if (envelope.event === 'snapshot') return fromSnapshot(envelope);
  if (envelope.event === 'snapshot_requests')
    return { ...view, pending: withPage(view.pending, envelope.requests) };
  if (envelope.event === 'presence_changed') return { ...view, presence: envelope.presence };
  if (envelope.event === 'presence_updated') return afterPresence(view, envelope);
  if (envelope.event === 'message_delta') return afterDelta(view, envelope);
  if (!isLogged(envelope)) return view;
  const { epoch, seq } = envelope;
  const isSameLog = view.position?.epoch === epoch;
  if (isSameLog && view.position && seq <= view.position.seq) return view;
  const base = isSameLog || !view.position ? view : { ...nothing, presence: view.presence };
  const after = afterLogged(base, envelope);
  return { ...after, ...bounded(after), position: { epoch, seq } };
}

/** Also of a kind that this version does not know: it has its place in the log. */
function isLogged(envelope: Envelope): envelope is LoggedEnvelope {
  return 'session_id' in envelope && 'epoch' in envelope;
}

function afterLogged(view: View, envelope: LoggedEnvelope): View {
  switch (envelope.event) {
    case 'session_created':
      return { ...view, sessions: put(view.sessions, envelope.session, byActivity) };
    case 'turn_started':
    case 'turn_updated':
      return { ...view, turns: put(view.turns, envelope.turn) };
    case 'turn_ended':
      return {
        ...view,
        turns: put(view.turns, ended(view, envelope)),
        timeline: withoutRest(view.timeline, envelope.turn_id),
      };
    case 'session_message_added':
      return afterMessage(view, envelope.message);
    case 'session_message_updated': {
      const { message } = envelope;
      // A line older than the snapshot this view began with has no place here.
      const isKnown = view.timeline.some(({ id }) => id === message.id);
      return isKnown ? { ...view, timeline: put(view.timeline, message) } : view;
    }
    case 'hitl_request_pending':
    case 'hitl_request_updated':
    case 'hitl_request_resolved':
      return afterRequest(view, envelope);
    default:
      return view;
  }
}

/** What goes on where the line ends; after a gap the next commit has all. */
function afterDelta(view: View, { message_id, offset, text }: MessageDelta): View {
  const line = view.timeline.findLast(({ id }) => id === message_id);
  if (!line?.is_streaming || offset > line.content.length) return view;
  const { content, committed = content.length } = line;
  const more = text.slice(content.length - offset);
  return more
    ? { ...view, timeline: put(view.timeline, { ...line, content: content + more, committed }) }
    : view;
}

/** Lines of a turn that has ended grow no more; what was not committed is lost. */
function withoutRest(timeline: View['timeline'], turnId: string): View['timeline'] {
  const grows = (line: ViewedMessage) => line.is_streaming && line.turn_id === turnId;
  if (!timeline.some(grows)) return timeline;
  return timeline.map((line) => {
    const { is_streaming, committed, ...whole } = line;
    return grows(line) ? { ...whole, content: line.content.slice(0, committed) } : line;
  });
}

/** What the list has already is for the client to pass over. */
function afterPresence(view: View, { presence }: PresenceUpdated): View {
  let members = view.presence;
  for (const member of presence) {
    const at = members.findIndex(({ user }) => user.id === member.user.id);
    if (member.clients === 0) members = members.filter(({ user }) => user.id !== member.user.id);
    else members = at < 0 ? [...members, member] : members.with(at, member);
  }
  return { ...view, presence: members };
}

/** The lists that would grow for ever, within their bounds. */
function bounded({ timeline, settled, turns, sessions }: View) {
  return {
    timeline: newest(timeline, maxLines),
    settled: newest(settled, maxPast),
    turns: newest(turns, maxPast, ({ ended_at }) => ended_at !== undefined),
    // These have the newest first.
    sessions: isTooLong(sessions, maxPast) ? sessions.slice(0, maxPast) : sessions,
  };
}

const isTooLong = ({ length }: readonly unknown[], most: number) => length >= most * 1.1;

/** The list without the first of those that may go, once it is a tenth too long: a list that is cut is a new list. */
function newest<T>(list: readonly T[], most: number, mayGo: (item: T) => boolean = () => true): readonly T[] {
  if (!isTooLong(list, most)) return list;
  let surplus = list.filter(mayGo).length - most;
  if (surplus <= 0) return list;
  return list.filter((item) => {
    const goes = surplus > 0 && mayGo(item);
    if (goes) surplus -= 1;
    return !goes;
  });
}

function fromSnapshot(snapshot: Snapshot): View {
  const { epoch, seq, messages, requests, turns, sessions, presence } = snapshot;
  return {
    position: { epoch, seq },
    timeline: messages,
    pending: requests.toSorted(byAge),
    settled: [],
    turns,
    sessions: sessions.toSorted(byActivity),
    presence,
  };
}

function afterMessage(view: View, message: MessageView): View {
  const { session_id, turn_id, type, created_at } = message;
  const timeline = put(view.timeline, message);
  // What a turn says keeps no session in use.
  if (type !== 'user' && turn_id !== undefined) return { ...view, timeline };
  // No other envelope says that a session is in use again, and that a turn waits in its queue.
  const session = view.sessions.find(({ id }) => id === session_id);
  const sessions =
    session && isMoved(Date.parse(session.last_active_at), Date.parse(created_at))
      ? put(view.sessions, { ...session, last_active_at: created_at }, byActivity)
      : view.sessions;
  if (turn_id === undefined || view.turns.some(({ id }) => id === turn_id))
    return { ...view, timeline, sessions };
  const queued: ViewedTurn = { id: turn_id, session_id, status: 'queued', started_at: created_at };
  return { ...view, timeline, sessions, turns: put(view.turns, queued) };
}

function afterRequest(view: View, envelope: Extract<LoggedEnvelope, { hitl: RequestView }>): View {
  const whole = withUnchanged(envelope, (of) => view.pending.find(({ id }) => id === of));
  const { hitl: request } = whole;
  // A request that is not shown must not be answerable.
  if (request.status === 'pending' && 'unchanged' in whole) return view;
  const isOther = ({ id }: RequestView) => id !== request.id;
  if (request.status === 'pending') return { ...view, pending: put(view.pending, request, byAge) };
  const pending = view.pending.every(isOther) ? view.pending : view.pending.filter(isOther);
  return { ...view, pending, settled: put(view.settled, request, byAge) };
}

function ended(view: View, envelope: Extract<Envelope, { event: 'turn_ended' }>): ViewedTurn {
  const { turn_id: id, session_id, status, intent, reason, timestamp } = envelope;
  const known = view.turns.find((turn) => turn.id === id);
  // What it waited for, and why it was stuck, is over with it.
  const { waits_for: _wait, problem: _problem, ...turn } = known ?? { id, session_id, started_at: timestamp };
  return {
    ...turn,
    status,
    ...(intent !== undefined && { intent }),
    ...(reason !== undefined && { reason }),
    ended_at: timestamp,
  };
}

/** Those that are pending with a page of those that did not fit into the snapshot. */
function withPage(pending: readonly RequestView[], page: readonly RequestView[]): readonly RequestView[] {
  const isNew = new Map(page.map((request) => [request.id, request]));
  return [...pending.filter(({ id }) => !isNew.has(id)), ...isNew.values()].toSorted(byAge);
}

/** The list with the item in the place of the one with its id, or at the end; sorted if an order is given. */
export function put<T extends { id: string }>(
  list: readonly T[],
  item: T,
  order?: (a: T, b: T) => number,
): readonly T[] {
  const at = list.findLastIndex(({ id }) => id === item.id);
  const changed = at < 0 ? [...list, item] : list.with(at, item);
  return order ? changed.toSorted(order) : changed;
}

/** What a request is sorted by. */
export type Placed = Pick<RequestView, 'id' | 'created_at' | 'expires_at'>;

/** Times on the wire are all UTC with milliseconds, so that their text is in their order. Total, to be the same everywhere. */
export function byAge(a: Placed, b: Placed): number {
  return byText(a.created_at, b.created_at) || byText(a.id, b.id);
}

function byActivity(a: SessionView, b: SessionView): number {
  return (
    byText(b.last_active_at, a.last_active_at) || byText(b.created_at, a.created_at) || byText(b.id, a.id)
  );
}

export function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
