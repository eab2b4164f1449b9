/** The lives of requests as the model has them: what each began with and every event that it was sent; specs of what is stored of a request play them again. */
import { executionMachine } from '../../lib/actors/execution-machine';
import type { RequestEvent, RequestInput } from '../../lib/actors/hitl-request';
import * as request from '../../lib/actors/hitl-request';
import { hitlRequestMachine } from '../../lib/actors/hitl-request-machine';
import { RequestAlone } from './request-alone';
import { modelOfRequest } from './request-model';
import type { Rules } from './request-rules';

export interface RequestLife {
  input: RequestInput;
  sent: readonly RequestEvent[];
}

/** One life for each of the ways on which, together, every event comes in every state. */
export async function livesOf(rules: Rules): Promise<readonly RequestLife[]> {
  const lives: RequestAlone[] = [];
  const start = () => {
    const alone = new RequestAlone({ ...request, hitlRequestMachine, executionMachine }, rules);
    lives.push(alone);
    return alone;
  };
  await modelOfRequest(rules).test({ start });
  return lives;
}
