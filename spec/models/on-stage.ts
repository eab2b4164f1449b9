/** Requests of one kind on a stage of their own, restarted after every step, for as long as a test runs. */
import type { SystemSource, TestHubOptions } from '../../lib/testing';
import type { RequestSystem } from './request-model';
import { RequestOverSockets } from './request-over-sockets';
import type { Rules } from './request-rules';
import { hubOptions, RequestStage } from './request-stage';

export async function restartedOnStage<T>(
  rules: Rules,
  options: TestHubOptions,
  test: (source: SystemSource<RequestSystem>) => Promise<T>,
): Promise<T> {
  const stage = await RequestStage.open({ ...hubOptions(rules), ...options });
  try {
    return await test({
      start: () => RequestOverSockets.ask(stage, rules),
      stop: (request) => request.stop(),
      restart: (request) => request.restart?.(),
    });
  } finally {
    await stage.close();
  }
}
