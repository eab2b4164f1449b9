/** What became of something a component did: success or failure as a value, so that no handler has to catch. */
import { type RequestView, TicketError } from '../client';

export interface Failure {
  readonly ok: false;
  readonly error: TicketError;
  /** The request as it stands, where the server said so: with `already_resolved` it names who was faster. */
  readonly request?: RequestView;
}

/** Promises of these never reject. */
export type Outcome<T> = ({ readonly ok: true } & Readonly<T>) | Failure;

/** Of an answer, a claim, a release: the request as it stands after it. */
export type RequestOutcome = Outcome<{ request: RequestView }>;

/** @param success what the outcome holds if the promise resolves */
export function outcomeOf<A, T extends object>(
  promise: Promise<A>,
  success: (value: A) => T,
): Promise<Outcome<T>> {
  return promise.then((value) => ({ ok: true as const, ...success(value) }), failure);
}

/** What is no `TicketError` is a fault of the code that made it, and becomes `internal` with it as the cause. */
export function failure(cause: unknown): Failure {
  const error =
    cause instanceof TicketError
      ? cause
      : Object.assign(new TicketError('internal', String(cause)), { cause });
  const { hitl } = error.details;
  // The server's promise: `details.hitl`, where it is there, is a view.
  return { ok: false, error, ...(hitl !== undefined && { request: hitl as RequestView }) };
}

/** The failure of what was done while no component shows what it is done to. */
export function notShown(): Failure {
  return failure(new TicketError('closed', 'This is not connected yet, or no component shows it any more'));
}
