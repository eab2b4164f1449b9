/** A request in memory: the actor of the question and, once it is approved, that of its execution, as one; request actors hold one per request. */
import type { SnapshotFrom } from 'xstate';
import { isExecutionEvent } from '../../actors/execution';
import { executionMachine } from '../../actors/execution-machine';
import {
  executionInput,
  type RequestEmitted,
  type RequestEvent,
  type RequestInput,
  requestRecord,
} from '../../actors/hitl-request';
import { hitlRequestMachine } from '../../actors/hitl-request-machine';
import { readStored, type StoredActors, toStored } from '../../actors/stored-request';
import type { RequestRecord } from '../../protocol/records';
import type { StoredRequest } from '../../store/store';
import { LiveActor } from '../commit/live-actor';
import type { Steps } from '../commit/steps';

const ours = { hitlRequestMachine, executionMachine };
/** Both machines of a request. */
export type RequestMachines = typeof ours;

/** A request as it stands. */
export interface LiveSnapshot {
  question: SnapshotFrom<typeof hitlRequestMachine>;
  execution?: SnapshotFrom<typeof executionMachine>;
}

export class LiveRequest {
  private constructor(
    private readonly machines: RequestMachines,
    private readonly question: LiveActor<typeof hitlRequestMachine>,
    private execution: LiveActor<typeof executionMachine> | undefined,
    private readonly watchers: Steps | undefined,
  ) {}

  /** A new request and what its birth emitted. @param watchers who may look at what it does */
  static begin(
    input: RequestInput,
    watchers?: Steps,
    machines: RequestMachines = ours,
  ): [LiveRequest, RequestEmitted[]] {
    const [question, emitted] = LiveActor.begin(machines.hitlRequestMachine, input, watchers);
    return [new LiveRequest(machines, question, undefined, watchers), emitted];
  }

  /**
   * The request of this record that `stored()` was taken from, also by an earlier version.
   * @throws Error for a version that is not known, and where the two contradict each other
   */
  static restore(
    { record, snapshot }: Pick<StoredRequest, 'record' | 'snapshot'>,
    watchers?: Steps,
    machines: RequestMachines = ours,
  ): LiveRequest {
    const { question, execution } = readStored(record, snapshot);
    return new LiveRequest(
      machines,
      LiveActor.restore(machines.hitlRequestMachine, question, watchers),
      execution === undefined ? undefined : LiveActor.restore(machines.executionMachine, execution, watchers),
      watchers,
    );
  }

  /** Everything the event made the request emit. An approval begins the execution, which from then on takes its own events. */
  send(event: RequestEvent): RequestEmitted[] {
    if (this.execution && isExecutionEvent(event)) return this.execution.send(event);
    const emitted = this.question.send(event);
    const input = this.execution ? undefined : executionInput(this.question.snapshot);
    if (input) [this.execution] = LiveActor.begin(this.machines.executionMachine, input, this.watchers);
    return emitted;
  }

  get snapshot(): LiveSnapshot {
    const question = this.question.snapshot;
    return this.execution ? { question, execution: this.execution.snapshot } : { question };
  }

  /** What the store has to hold of its actors beside the record, as JSON-safe data. @param record its projection, where that was made already */
  stored(record: RequestRecord = requestRecord(this.snapshot)): StoredActors | undefined {
    return toStored(this.snapshot, record);
  }

  /** Publishes the steps of its actors to the watchers; called once they are committed. */
  publishSteps(): void {
    this.question.publishSteps();
    this.execution?.publishSteps();
  }
}

/** Whether something of a request was changed between two snapshots of it. */
export function isChanged(before: LiveSnapshot, after: LiveSnapshot): boolean {
  return (
    before.question.context !== after.question.context ||
    before.execution?.context !== after.execution?.context
  );
}
