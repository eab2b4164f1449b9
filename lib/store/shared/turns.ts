/** The rules of durable turns, in one place: which are open, when they are due, and which requests a commit may answer them; every store goes by them. */
import type { Millis, TurnRecord, TurnStatus } from '../../protocol/records';
import type { Commit } from '../store';

/** The states in which a turn has not ended. */
export const openStatuses = [
  'queued',
  'running',
  'waiting',
  'stuck',
] as const satisfies readonly TurnStatus[];

/** Whether a turn of this status has not ended. */
export function isOpen(status: TurnStatus): boolean {
  return openStatuses.some((each) => each === status);
}

/** Whether journal, waits and state of this turn are stored. */
export function hasJournal({ run, status }: Pick<TurnRecord, 'run' | 'status'>): boolean {
  return run !== undefined && isOpen(status);
}

/**
 * When the turn of this record is due; undefined for never.
 * @param answeredAt when the first answer came while it waited
 */
export function dueTimeOf(
  { run, status }: Pick<TurnRecord, 'run' | 'status'>,
  answeredAt?: Millis,
): Millis | undefined {
  if (!run || !isOpen(status)) return undefined;
  return answeredAt === undefined ? run.dueAt : Math.min(answeredAt, run.dueAt ?? answeredAt);
}

/** The requests that turns may be answered with by this commit, each once, in the order in which the answers are appended. */
export function answeringRequests({ requests = [], waits = [] }: Commit): ReadonlySet<string> {
  return new Set([...requests.map(({ record }) => record.id), ...waits.map(({ requestId }) => requestId)]);
}

/** The call of the entry by which a journal has the answer to a request. */
export function answerCall(requestId: string): string {
  return `answer:${requestId}`;
}

/** The request whose answer such an entry is; nothing for any other call. */
export function answeredRequest(call: string): string | undefined {
  return call.startsWith(answerCall('')) ? call.slice(answerCall('').length) : undefined;
}

/** The body of an entry as JSON. @throws whatever JSON throws for what it cannot write */
export function bodyText(body: unknown): string {
  return JSON.stringify(body) ?? 'null';
}
