/** What the execution machine takes, receives and holds, and what its events mean; the hub uses it in these terms. */
import type { Execution, Millis } from '../protocol/records';
import type { Refusal } from './refused';

/** Of an approved request. */
export interface ExecutionInput {
  /** The request's. */
  id: string;
  ticketId: string;
  /** Digest of what was approved. */
  digest: string;
}

export interface ExecutionContext extends ExecutionInput {
  /** The present run, or the last one; none before the first and after a retry. */
  run?: Execution | undefined;
}

export type ExecutionEvent =
  /**
   * Someone is about to carry out what was approved, `digest` being what they are about to do; `isRevoked` if the grant
   * that approved it is gone.
   */
  | { type: 'execute'; at: Millis; runId: string; until: Millis; digest: string; isRevoked?: boolean }
  | { type: 'executed'; at: Millis; runId: string }
  | { type: 'execution_failed'; at: Millis; runId: string; error: string }
  | { type: 'execution_lost'; at: Millis; runId: string; error: string }
  /** The call that it was approved for is over without having begun it. */
  | { type: 'not_run'; at: Millis; runId: string; error: string }
  | { type: 'execution_lease_end'; at: Millis }
  /** A person has looked and says: do it again. */
  | { type: 'retry'; at: Millis };

/** What an execution emits: its request has changed, or the event was refused. */
export type ExecutionEmitted = { type: 'hitl_request_updated' } | ({ type: 'refused' } & Refusal);

/** What each of its events means, in words for the charts. */
export const executionEventMeanings: Record<
  Exclude<ExecutionEvent['type'], 'execution_lease_end'>,
  string
> = {
  execute: 'A program is about to do what was approved, or is still doing it.',
  executed: 'The program that did it says that it is done.',
  execution_failed: 'The program that tried says that it failed.',
  execution_lost: 'The program that did it was cut off and cannot say.',
  not_run: 'The program that was about to do it says that it was not begun.',
  retry: 'A person has looked and says: do it again.',
};

/** What its deadline means, in words for the charts. */
export const executionDeadlineMeanings = {
  execution_lease_end: 'The program that does it has been silent for longer than a run may be.',
};

/** Whether an event is about the effect of a request and not about its answer. */
export function isExecutionEvent(event: { type: string }): event is ExecutionEvent {
  return event.type in executionEventMeanings || event.type in executionDeadlineMeanings;
}

/** When the run is given up for lost unless it is heard of; nothing while none is going. */
export function leaseEnd({ run }: ExecutionContext): Millis | undefined {
  return run?.state === 'executing' ? run.until : undefined;
}
