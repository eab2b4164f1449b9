/** How the actors of a request are stored, and how what an earlier version stored is read; the hub writes and reads requests through here. */

/** The snapshots of a request's actors, with the version of the machines they were taken from. */
export interface StoredRequest {
  version: 2;
  question: unknown;
  /** Once it is approved. */
  execution?: unknown;
}

/** Version 1: one machine, whose state `approved` had the states of the execution in it. */
interface StoredOnce {
  version: 1;
  snapshot: {
    value: { resolved?: string | { approved: string } };
    context: { id: string; ticketId: string; digest: string; approvedDigest?: string; execution?: unknown };
  };
}

export const storedVersion = 2;

/**
 * What was stored, brought up to the present version; the argument is left as it is.
 * @throws Error for a version that is not known here
 */
export function readStored(stored: unknown): StoredRequest {
  const { version } = stored as { version: number };
  if (version === 2) return stored as StoredRequest;
  if (version === 1) return divided(stored as StoredOnce);
  throw new Error(`It was stored by another version of its machines: ${version}`);
}

function divided({ snapshot }: StoredOnce): StoredRequest {
  const { value } = snapshot;
  const { execution: run, ...context } = snapshot.context;
  const question = { ...snapshot, context };
  if (typeof value !== 'object' || typeof value.resolved !== 'object') return { version: 2, question };
  const { id, ticketId, digest, approvedDigest = digest } = context;
  return {
    version: 2,
    question: { ...question, value: { resolved: 'approved' } },
    execution: {
      status: 'active',
      value: value.resolved.approved,
      context: { id, ticketId, digest: approvedDigest, ...(run !== undefined && { run }) },
      historyValue: {},
      children: {},
    },
  };
}
