/** What a layout that needs a snapshot of every request is given where a commit has none, and is not taken to have answered. */
import type { Commit, StoredRequest } from '../../lib/store/store';

const none = { none: true };

export function withSnapshots(commit: Commit): Commit {
  const { requests } = commit;
  return requests
    ? { ...commit, requests: requests.map((write) => ({ ...write, snapshot: write.snapshot ?? none })) }
    : commit;
}

/** Of a read of one stored request, or of several; of any other read, the same. */
export function withoutNone(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(withoutNone);
  if (!isStored(answer) || JSON.stringify(answer.snapshot) !== JSON.stringify(none)) return answer;
  const { snapshot: _none, ...bare } = answer;
  return bare;
}

function isStored(answer: unknown): answer is StoredRequest {
  return typeof answer === 'object' && answer !== null && 'record' in answer && 'snapshot' in answer;
}
