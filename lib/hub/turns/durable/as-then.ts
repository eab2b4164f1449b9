/** What a replay shows of things that have changed since: requests as they were when they were asked and when they were settled, messages as they were read; `Run` uses it. */
import type { MessageRecord, Millis, RequestRecord } from '../../../protocol/records';

/** A request as it was when the turn asked it, so far as that can have mattered. @param status it had then */
export function asBorn(record: RequestRecord, status: RequestRecord['status']): RequestRecord {
  if (status !== 'pending') return asSettled(record);
  const {
    claim: _claim,
    respondedBy: _by,
    respondedAt: _at,
    response: _response,
    reason: _reason,
    ...asked
  } = record;
  const {
    approvedDigest: _digest,
    execution: _execution,
    grant: _grant,
    usedGrant: _used,
    asker: _asker,
    ...born
  } = asked;
  return { ...born, revision: 1, status, stage: 0, verdicts: [] };
}

/** A request as it was settled: what became of it since, its execution and the end of its grant, is left out. */
export function asSettled(record: RequestRecord): RequestRecord {
  const { execution: _execution, asker: _asker, grant, ...settled } = record;
  if (!grant) return settled;
  const { revokedAt: _at, revokedBy: _by, ...given } = grant;
  return { ...settled, grant: given };
}

/** When a message began to say what it says. */
export function saidAt({ updatedAt, createdAt }: MessageRecord): Millis {
  return updatedAt ?? createdAt;
}

/** A message as it was when it began, at that time, to say what it said; where that is not known any more, as it is. */
export function asSaidAt(message: MessageRecord, at: Millis): MessageRecord {
  const index = message.revisions.findIndex(({ updatedAt }) => updatedAt === at);
  const earlier = message.revisions[index];
  if (saidAt(message) === at || !earlier) return message;
  const { updatedAt: _updatedAt, ...first } = message;
  return {
    ...first,
    content: earlier.content,
    ...(at !== message.createdAt && { updatedAt: at }),
    revisions: message.revisions.slice(0, index),
  };
}
