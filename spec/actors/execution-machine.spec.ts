import type { ExecutionEvent } from '../../lib/actors/execution';
import { executionMachine } from '../../lib/actors/execution-machine';
import { LiveActor } from '../../lib/hub/commit/live-actor';
import { Coverage } from './coverage';
import { everyEventEverywhere } from './paths';

const born = { id: 'r1', ticketId: 'T', digest: 'shown' };

const runs = ['run1', 'run2'];
const events: ExecutionEvent[] = [
  ...runs.flatMap((runId): ExecutionEvent[] => [
    { type: 'execute', at: 2, runId, until: 20, digest: 'shown' },
    { type: 'executed', at: 3, runId },
    { type: 'execution_failed', at: 4, runId, error: 'no route' },
    { type: 'execution_lost', at: 5, runId, error: 'cut off' },
    { type: 'not_run', at: 6, runId, error: 'the turn had ended' },
  ]),
  { type: 'execute', at: 2, runId: 'run1', until: 30, digest: 'shown' },
  { type: 'execute', at: 2, runId: 'run1', until: 20, digest: 'something else' },
  { type: 'execute', at: 2, runId: 'run1', until: 20, digest: 'shown', isRevoked: true },
  { type: 'execution_lease_end', at: 19 },
  { type: 'execution_lease_end', at: 20 },
  { type: 'execution_lease_end', at: 30 },
  { type: 'retry', at: 7 },
];

interface Effect {
  state: 'unexecuted' | 'executing' | 'executed' | 'failed' | 'unknown';
  run?: { id: string; state: string; until: number; error: string | undefined };
}

/** The rules in plain words of code, apart from the machine: what comes of the event, or the rule that refuses it. */
function judge(effect: Effect, event: ExecutionEvent): Effect | string {
  const { state, run } = effect;
  if (event.type === 'retry')
    return state === 'failed' || state === 'unknown' ? { state: 'unexecuted' } : 'not_approved';
  if (event.type === 'execution_lease_end')
    return state === 'executing' && run && event.at >= run.until
      ? { state: 'unknown', run: { ...run, state: 'unknown' } }
      : effect;
  const { runId: id } = event;
  if (event.type === 'execute') {
    const { until } = event;
    if (state === 'executing') return run?.id === id ? { state, run: { ...run, until } } : 'under_way';
    if (state !== 'unexecuted') return state === 'executed' ? 'done' : 'needs_retry';
    if (event.digest !== born.digest) return 'digest';
    if (event.isRevoked) return 'grant_revoked';
    return { state: 'executing', run: { id, state: 'executing', until, error: undefined } };
  }
  const isGoing = state === 'executing';
  if (event.type === 'not_run') {
    if (isGoing && run?.id !== id) return 'other_run';
    if (!isGoing && state !== 'unexecuted') return effect;
    return { state: 'unexecuted', run: { id, state: 'not_run', until: event.at, error: event.error } };
  }
  if (!isGoing || run?.id !== id) return 'other_run';
  const ends = { executed: 'executed', execution_failed: 'failed', execution_lost: 'unknown' } as const;
  const end = ends[event.type];
  return { state: end, run: { ...run, state: end, error: 'error' in event ? event.error : undefined } };
}

const paths = everyEventEverywhere(executionMachine, born, events, ({ value, context: { run } }) => [
  value,
  run?.runId,
  run?.until,
]);
const coverage = new Coverage(executionMachine);

function read({ value, context: { run } }: { value: unknown; context: { run?: unknown } }): unknown {
  const { runId: id, state, until, error } = (run ?? {}) as Record<string, unknown>;
  return { state: value, ...(run !== undefined && { run: { id, state, until, error } }) };
}

describe('An execution', () => {
  it.each(paths.map((path) => [path.map(({ type }) => type).join(' '), path] as const))(
    'is what the rules say, also when it is stored and read again after every step of: %s',
    (_name, path) => {
      let expected: Effect = { state: 'unexecuted' };
      const { actor, send } = coverage.watch(born);
      let [live] = LiveActor.begin(executionMachine, born);
      for (const event of path) {
        live = LiveActor.restore(executionMachine, JSON.parse(JSON.stringify(live.persisted())));
        const next = judge(expected, event);
        const emitted = send(event);
        expect(live.send(event)).toEqual(emitted);
        if (typeof next === 'string') {
          expect(emitted).toEqual([{ type: 'refused', code: 'not_executable', rule: next }]);
        } else {
          const isRenewed = event.type === 'execute' && expected.state === 'executing';
          const isTold = next !== expected && !isRenewed;
          expect(emitted).toEqual(isTold ? [{ type: 'hitl_request_updated' }] : []);
          expected = next;
        }
        expect(read(actor.getSnapshot())).toEqual(expected);
        expect(read(live.snapshot)).toEqual(expected);
      }
    },
  );

  it('was seen in every state, took every transition, and had every guard say yes and no', () => {
    expect(coverage.missing()).toEqual([]);
  });
});
