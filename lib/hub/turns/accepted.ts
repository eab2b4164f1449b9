/** What a message has become, and the ack that says it: stored with the message, sent, and read when its id comes again. */

/** What a message has become. */
export interface Accepted {
  sessionId: string;
  messageId: string;
  /** None if the hub has no agent. */
  turnId?: string;
}

/** The ack of a message. */
export function messageAck({ messageId, sessionId, turnId }: Accepted) {
  return { message_id: messageId, session_id: sessionId, ...(turnId && { turn_id: turnId }) };
}

/** What the ack of a message says. */
export function toAccepted(ack: Record<string, unknown>): Accepted {
  const { message_id, session_id, turn_id } = ack as Record<string, string>;
  return {
    messageId: `${message_id}`,
    sessionId: `${session_id}`,
    ...(turn_id !== undefined && { turnId: turn_id }),
  };
}

/** The ack of a frame that ended a turn. */
export function cancelAck(turnId: string) {
  return { turn_id: turnId };
}
