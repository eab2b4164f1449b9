/** What a replay shows of things that have changed since: requests as they were when they were asked and when they were settled, messages as they were read; `Run` uses it. */
import type { MessageRecord, RequestRecord } from '../../../protocol/records';

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

/** A message as it was after so many revisions. */
export function asRevised(message: MessageRecord, revisions: number): MessageRecord {
  const later = message.revisions[revisions];
  if (!later) return message;
  const { updatedAt: _updatedAt, ...first } = message;
  const earlier = message.revisions.slice(0, revisions);
  return {
    ...first,
    content: later.content,
    ...(revisions > 0 && { updatedAt: later.updatedAt }),
    revisions: earlier,
  };
}
