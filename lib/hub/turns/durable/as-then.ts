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

/** Which content of a message was read: how many it had had before, and since when it says it. */
export type Reading = readonly [id: string, revisions: number, at: Millis];

export function readingOf({ id, revisions, updatedAt, createdAt }: MessageRecord): Reading {
  return [id, revisions.length, updatedAt ?? createdAt];
}

/** A message as it was read; where that content is not stored any more, as it is. @param most revisions that are stored */
export function asReadThen(message: MessageRecord, [, revisions, at]: Reading, most: number): MessageRecord {
  const all = message.revisions;
  // Of more than are stored the first are gone, and the place says nothing.
  const index = all.length < most ? revisions : all.findIndex(({ updatedAt }) => updatedAt === at);
  const then = all[index];
  if (!then) return message;
  const { updatedAt: _updatedAt, ...first } = message;
  return {
    ...first,
    content: then.content,
    ...(index > 0 && { updatedAt: then.updatedAt }),
    revisions: all.slice(0, index),
  };
}
