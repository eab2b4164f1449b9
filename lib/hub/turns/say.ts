/** Messages that the app adds to a ticket outside of any turn: remarks of its own, and what people write in Slack or a terminal; `Hub.say` is this. */
import { HubError } from '../../errors';
import type { User } from '../../protocol/records';
import type { Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import { lineFields } from '../options/asked-options';
import { assertOptions } from '../options/options';
import { assertName } from '../tickets/client';
import type { Accepted } from './accepted';
import { sessionIdOf, sessionOfThread, type Thread } from './sessions';
import type { Turns } from './turns';

/** A line of a ticket. */
export interface Line {
  /** At most 262,144 bytes, and not only white space. */
  content: string;
  /** Where a person wrote it, which makes it a message of that person. Default: it is a remark of the app. */
  source?: 'slack' | 'cli';
  /** Who wrote it; required with `source`. Default of a remark: `{ id: 'system', name: 'System' }`. */
  user?: User;
  /** Of a remark: how it is shown. Default `trace`, small. */
  type?: 'trace' | 'warning' | 'response';
  /**
   * Which conversation of the source it belongs to, at most 128 characters; one session each. Default: one for each ticket, and
   * with `cli` for each person in it.
   */
  thread?: string;
  /** In place of `thread`: a session of the ticket, for a message one of the same source. */
  sessionId?: string;
  /** Of a message: whether the agent answers it, in a turn like any other. Default false. */
  turn?: boolean;
  /** Idempotency key: a line with a key that the ticket has already is not stored again; nothing else of it is compared. At most 128 characters. */
  key?: string;
}

/** Who says what the app says by itself. */
const system: Required<User> = { id: 'system', name: 'System', groups: [] };

/**
 * @throws HubError `invalid_request` (a field that is not known or does not fit the others), `invalid_id`, `empty_message`,
 *   `too_large`, `not_found` for the session, `busy`, `closing`, `storage_failed`
 */
export async function say(
  { store, turns, clock }: { store: Store; turns: Turns; clock: Clock },
  ticketId: string,
  line: Line,
): Promise<Accepted> {
  assertName(ticketId);
  assertOptions('The line', line, lineFields);
  const wrong = whyNot(line, turns.hasAgent);
  if (wrong) throw new HubError('invalid_request', { message: `The line: ${wrong}` });
  const { content, source, type = 'trace', sessionId, key, turn = false } = line;
  const { id, name, groups } = line.user ?? system;
  const user = { id, name: name ?? id, groups: groups ?? [] };
  const thread = threadOf(ticketId, line, id);
  // Apart from the frames of people, whose ids begin with no line break.
  const frame = key === undefined ? undefined : { userId: `\n${ticketId}`, frameId: key };
  return turns.say({
    sessionId: sessionId ?? sessionIdOf(thread),
    session: () =>
      sessionId === undefined
        ? sessionOfThread(store, thread, clock.now())
        : existing(store, ticketId, sessionId, source),
    type: source === undefined ? type : 'user',
    user,
    content,
    isAnswered: turn,
    frame,
  });
}

/** In which session it belongs, unless one is named. */
function threadOf(ticketId: string, line: Line, userId: string): Thread {
  const source: Thread['source'] = line.source ?? 'system';
  const { thread = '' } = line;
  return { ticketId, source, userId, thread: source === 'cli' ? `${userId}\n${thread}` : thread };
}

function whyNot({ content, source, user, type, thread, sessionId, turn }: Line, hasAgent: boolean) {
  if (typeof content !== 'string') return 'content is missing; it is the text that is said';
  if (source !== undefined && user === undefined)
    return 'user is missing; a message from elsewhere says who wrote it';
  if (source !== undefined && type !== undefined)
    return 'type is of a remark; leave it out for what a person wrote';
  if (source === undefined && turn)
    return 'a remark is not answered; say with source where a person wrote it';
  if (source === undefined && thread !== undefined)
    return 'a thread is of a source; name the session of a remark with sessionId';
  if (thread !== undefined && sessionId !== undefined) return 'either thread or sessionId, not both';
  if (turn && !hasAgent)
    return 'turn: the hub has no agent to answer; register one with hitl.agent, or leave turn out';
  return undefined;
}

/** @throws HubError `not_found`, `invalid_request` */
async function existing(store: Store, ticketId: string, sessionId: string, source: Line['source']) {
  const session = await store.session(sessionId);
  if (session?.ticketId !== ticketId)
    throw new HubError('not_found', { message: 'There is no such session on this ticket' });
  if (source !== undefined && source !== session.source)
    throw new HubError('invalid_request', {
      message: `The line: the session is of source ${session.source}`,
    });
  return { session, isNew: false };
}
