/** Records of the hub as the reference's GraphQL types; the resolvers answer with these. */
import type { HitlRequest, Message, Session } from 'express-hitl';

const time = (ms: number) => new Date(ms).toISOString();

export function sessionView(session: Session, isRunning: boolean) {
  const { id, ticketId: ticketID, source, userId: userID, createdAt, lastActiveAt } = session;
  return {
    id,
    ticketID,
    status: isRunning ? 'running' : 'completed',
    source,
    userID,
    user: { id: userID, name: userID }, // here your app looks the person up
    createdAt: time(createdAt),
    updatedAt: time(lastActiveAt),
  };
}

export function messageView(message: Message) {
  const { id, sessionId: sessionID, turnId: turnID, ticketId: ticketID, type, content, author } = message;
  return {
    id,
    sessionID,
    turnID,
    ticketID,
    type,
    content,
    author: author && { userID: author.userId, displayName: author.displayName },
    createdAt: time(message.createdAt),
    updatedAt: time(message.updatedAt ?? message.createdAt),
    revisions: message.revisions.map((each) => ({ content: each.content, updatedAt: time(each.updatedAt) })),
  };
}

export function requestView(request: HitlRequest) {
  const { id, sessionId: sessionID, kind: type, payload, response, requestedBy: userID } = request;
  return {
    id,
    sessionID,
    type,
    // The reference approves questions too.
    status: request.status === 'answered' ? 'approved' : request.status,
    payload: JSON.stringify(payload),
    response: response && JSON.stringify(response),
    userID,
    createdAt: time(request.createdAt),
    respondedAt: request.respondedAt && time(request.respondedAt),
  };
}
