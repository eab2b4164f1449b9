/** Asks the request machine beforehand whether it would refuse an event; the hub does so before it asks the app's own rules. */
import { type SnapshotFrom, transition } from 'xstate';
import type { RequestEmitted, RequestEvent } from './hitl-request';
import { hitlRequestMachine } from './hitl-request-machine';
import type { Refusal } from './refused';

/** What a request that stands like this would refuse the event with, if it would; nothing is changed by asking. */
export function refusalOf(
  snapshot: SnapshotFrom<typeof hitlRequestMachine>,
  event: RequestEvent,
): Refusal | undefined {
  const [, actions] = transition(hitlRequestMachine, snapshot, event);
  for (const { params } of actions) {
    // What a machine emits is the parameter of an action of XState's own.
    const emitted = (params as { event?: RequestEmitted } | undefined)?.event;
    if (emitted?.type === 'refused') return emitted;
  }
  return undefined;
}
