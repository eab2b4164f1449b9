/** The messages that grow on this node: begins them, and says what of them a client needs that has just joined; the hub owns one. */
import { HubError } from '../../errors';
import type { MessageDelta } from '../../protocol/envelopes';
import type { Commit, Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Funnel } from '../commit/funnel';
import type { Rooms } from '../tickets/rooms';
import type { Speaker } from './outputs';
import { Stream, type StreamInput } from './stream';

/** Messages of one turn that grow at a time. */
export const maxStreams = 16;
/** Characters of what is not committed that a client is sent as it joins; the commits that follow have the rest. */
export const maxCaughtUp = 1_048_576;

export interface BeginOptions extends StreamInput {
  /** Commits in the turn's own way, with more in the commit. @param isWhole whether the message is whole with it */
  commit?: (commit: Commit, isWhole: boolean) => Promise<unknown>;
}

export class Streams {
  private readonly byTicket = new Map<string, Set<Stream>>();
  /** Signals of turns that are listened to: once each, however many messages such a turn has. */
  private readonly watched = new WeakSet<AbortSignal>();

  constructor(
    private readonly parts: { store: Store; funnel: Funnel; clock: Clock; rooms: Pick<Rooms, 'deliver'> },
  ) {}

  /**
   * Begins a message of a turn, which is shown and stored with its first text. Once the turn's signal aborts, what has come
   * is committed, and nothing more is taken.
   * @throws HubError `turn_ended`, `busy`
   */
  begin(turn: Speaker, { commit, ...input }: BeginOptions): Stream {
    turn.signal.throwIfAborted();
    const { store, funnel, clock, rooms } = this.parts;
    const { ticketId } = turn;
    const streams = this.byTicket.get(ticketId) ?? new Set();
    if ([...streams].filter((each) => each.turn.id === turn.id).length >= maxStreams)
      throw new HubError('busy', { message: `At most ${maxStreams} messages of a turn grow at a time` });
    const stream = new Stream(turn, input, {
      ...{ store, clock },
      deliver: (delta) => rooms.deliver(ticketId, [delta]),
      commit: commit ?? ((each) => funnel.commit(each)),
      onOver: () => {
        streams.delete(stream);
        if (streams.size === 0) this.byTicket.delete(ticketId);
      },
    });
    this.watch(turn);
    streams.add(stream);
    this.byTicket.set(ticketId, streams);
    return stream;
  }

  private watch({ signal, ticketId }: Speaker): void {
    if (this.watched.has(signal)) return;
    this.watched.add(signal);
    signal.addEventListener('abort', () => {
      for (const stream of this.byTicket.get(ticketId) ?? [])
        if (stream.turn.signal === signal) void stream.stop(signal.reason);
    });
  }

  /** Whether this message grows. */
  has(ticketId: string, messageId: string): boolean {
    for (const stream of this.byTicket.get(ticketId) ?? []) if (stream.messageId === messageId) return true;
    return false;
  }

  /** What clients of the ticket were sent and is not committed, one of each message. */
  deltas(ticketId: string): MessageDelta[] {
    const deltas: MessageDelta[] = [];
    let left = maxCaughtUp;
    for (const { delta } of this.byTicket.get(ticketId) ?? []) {
      if (!delta || delta.text.length > left) continue;
      left -= delta.text.length;
      deltas.push(delta);
    }
    return deltas;
  }
}

/** Why a message that still grows cannot be replaced. */
export function stillGrows(): HubError {
  return new HubError('invalid_request', {
    message: 'turn.update: the message still grows; wait for the end of its stream',
  });
}

/** Why a message takes no more after it was aborted. */
export function wasAborted(reason: string): HubError {
  return new HubError('invalid_request', { message: `The stream was aborted: ${reason}` });
}
