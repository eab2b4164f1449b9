/** A leg of a durable turn: what it begins with, and what ends it for the next one; `Legs` goes from leg to leg by it. */
import type { RequestRecord, TurnRecord, TurnWaitsFor } from '../../../protocol/records';
import type { Commit, Store } from '../../../store/store';
import type { Clock } from '../../commit/clock';
import type { Hitl } from '../../requests/hitl';
import { toOutcome } from '../../requests/outcome';
import type { About } from '../said';
import type { NextLeg } from './again';
import type { AgentCode } from './agent-code';
import { asSettled } from './as-then';
import { DurableTurn } from './durable-turn';
import type { Move } from './moves';
import type { RunPort } from './run-port';

export interface LegParts {
  store: Pick<Store, 'turnState'>;
  clock: Clock;
  hitl: Hitl;
}

/** What a leg waits for before its code is called. */
export type LegWaitsFor = Pick<TurnWaitsFor, 'requestIds' | 'until'>;

/** What a leg begins with: the turn that its code is given, what it has to wait for first, or why it cannot begin. */
export type LegStart = { turn: DurableTurn } | { wait: LegWaitsFor } | { why: string };

/** @throws HubError what the store throws */
export async function startLeg(
  { store, hitl, clock }: LegParts,
  { id, ticketId, sessionId, run }: TurnRecord,
  { user, message }: About,
  { code, port, signal }: { code: AgentCode; port: RunPort; signal: AbortSignal },
): Promise<LegStart> {
  const awaited = await Promise.all((run?.when ?? []).map((each) => hitl.get(each)));
  const requestIds = pendingOf(awaited);
  if (requestIds.length > 0) return { wait: { requestIds } };
  // An answer to what an earlier leg had asked may have woken it.
  const { notBefore: until } = run ?? {};
  if (until !== undefined && clock.now() < until) return { wait: { requestIds, until } };
  const state = code.readState(await store.turnState(id));
  if (!state.ok) return { why: state.why };
  const outcomes = awaited.map((record) => toOutcome(asSettled(record)));
  const about = { id, ticketId, sessionId, user, message, signal };
  const isSince = (version: string) => code.isSince(run?.version, version);
  return { turn: new DurableTurn(about, port, { state: state.state, outcomes, isSince }) };
}

/** What ends a leg: the event, what is committed with it, and whether the next leg has to wait. @throws HubError what the store throws */
export async function endLeg(
  { hitl, clock }: LegParts,
  turnId: string,
  { state, when, delayMs }: NextLeg,
): Promise<{ move: Move; more: Pick<Commit, 'waits' | 'state'>; hasToWait: boolean }> {
  const since = clock.now();
  const until = delayMs === undefined ? undefined : since + delayMs;
  const requestIds = pendingOf(await Promise.all(when.map((each) => hitl.get(each))));
  const hasToWait = requestIds.length > 0 || until !== undefined;
  const waitsFor = { since, requestIds, ...(until !== undefined && { until }) };
  const move: Move = {
    ...{ type: 'again', when },
    ...(hasToWait && { waitsFor }),
    ...(until !== undefined && { dueAt: until }),
  };
  const waits = when.map((requestId) => ({ turnId, requestId }));
  return { move, more: { waits, state: { turnId, state } }, hasToWait };
}

function pendingOf(requests: readonly RequestRecord[]): string[] {
  return requests.filter(({ status }) => status === 'pending').map(({ id }) => id);
}
