/** What becomes of what was approved, said by the app's own code that runs it; `hub.requests.execution` is this. */
import { HubError } from '../../errors';
import type { Execution } from '../../protocol/records';
import { assertOptions } from '../options/options';
import { retryFields, runErrorFields, runFields, runStartFields } from '../options/request-options';
import type { Hitl } from './hitl';
import type { AppOccasion } from './request-input';

/** One run of what was approved. */
export interface Run {
  requestId: string;
  /** Which run; late words of an earlier one do not count. */
  runId: string;
  occasion?: AppOccasion;
}

export class Executions {
  /** @internal */
  constructor(private readonly port: Hitl) {}

  /**
   * Says that what was approved is about to be run. Its lease is a minute: `heartbeat` renews it. Only one run at a time, only
   * what was approved, and after a failed or unknown run only with `allowRetry`.
   * @param run `payload`: what is about to be done, in the names of the wire
   * @throws HubError `not_executable` (`details.rule` says why), `invalid_request` for a payload that is not JSON, `not_found`
   */
  async start(run: Run & { payload: Record<string, unknown> }): Promise<Execution> {
    assertOptions('The run', run, runStartFields);
    const { requestId, runId, payload, occasion } = run;
    return executionOf(await this.port.execute(requestId, { runId, payload }, occasion));
  }

  /** The run is still going: another minute. @throws HubError `not_executable`, `not_found` */
  async heartbeat(run: Run): Promise<Execution> {
    assertOptions('The run', run, runFields);
    const { requestId, runId, occasion } = run;
    return executionOf(await this.port.renew(requestId, runId, occasion));
  }

  /** What was approved is done. @throws HubError `not_executable`, `not_found` */
  async complete(run: Run): Promise<Execution> {
    assertOptions('The run', run, runFields);
    const { requestId, runId, occasion } = run;
    return executionOf(await this.port.executed(requestId, runId, undefined, occasion));
  }

  /** It failed. @param run `error`: why; its first 2,000 characters are stored @throws HubError `not_executable`, `not_found` */
  async fail(run: Run & { error: string }): Promise<Execution> {
    const { requestId, runId, error, occasion } = failed(run);
    return executionOf(await this.port.executed(requestId, runId, error, occasion));
  }

  /** It was interrupted, so that it is unknown whether it was done. @throws HubError `not_executable`, `not_found` */
  async lose(run: Run & { error: string }): Promise<Execution> {
    const { requestId, runId, error, occasion } = failed(run);
    return executionOf(await this.port.lost(requestId, runId, error, occasion));
  }

  /** The operator has examined a failed or unknown run: it may be started again. @throws HubError `not_executable`, `not_found` */
  async allowRetry(run: { requestId: string; occasion?: AppOccasion }): Promise<void> {
    assertOptions('The run', run, retryFields);
    await this.port.retry(run.requestId, run.occasion);
  }
}

function failed(run: Run & { error: string }) {
  assertOptions('The run', run, runErrorFields);
  if (typeof run.error !== 'string')
    throw new HubError('invalid_request', {
      message: 'The run: error is missing; it is a text that says why',
    });
  return run;
}

function executionOf({ execution }: { execution?: Execution | undefined }): Execution {
  if (!execution) throw new HubError('internal', { message: 'A run was noted and is not there' });
  return execution;
}
