/** Something that is said in a session, before it is accepted: by a client, or by the app from elsewhere; turns take it. */
import type { MessageRecord, MessageType, Millis, SessionRecord, User } from '../../protocol/records';
import { newId } from '../commit/new-id';
import type { Occasion } from '../commit/occasion';

/** The session that something is said in, and whether it has yet to be stored. */
export interface Spoken {
  session: SessionRecord;
  isNew: boolean;
}

/** What a turn is about: the message it answers, and its author. */
export interface About {
  message: MessageRecord;
  user: Required<User>;
}

/** Something to be said in a session. */
export interface Said {
  type: MessageType;
  user: Required<User>;
  content: string;
  /** Whether a turn of the agent answers it. */
  isAnswered: boolean;
  frame: Occasion['frame'];
  /** It is committed, and not yet delivered. The session is as it is stored now. */
  onStored?(session: SessionRecord): void;
}

/** The same, by an author without a connected client. */
export interface SaidElsewhere extends Said {
  sessionId: string;
  session(): Promise<Spoken>;
}

/** The message that it becomes. @param turnId of the turn that answers it */
export function messageOf(
  session: SessionRecord,
  { type, user, content }: Said,
  turnId: string | undefined,
  now: Millis,
): MessageRecord {
  return {
    id: newId(now),
    ticketId: session.ticketId,
    sessionId: session.id,
    ...(turnId !== undefined && { turnId }),
    type,
    author: { userId: user.id, displayName: user.name },
    content,
    createdAt: now,
    revisions: [],
  };
}
