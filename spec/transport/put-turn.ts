/** Turns as a durable agent leaves them in a store, waiting or stuck; the specs of what people see of them put them there. */
import { turnUpdated } from '../../lib/protocol/envelopes';
import type { TurnRecord } from '../../lib/protocol/records';
import type { Store } from '../../lib/store/store';

let count = 0;

/** A waiting turn of alice's in T-1, unless `more` says otherwise; stored a millisecond after the one before. */
export async function putTurn(store: Store, more: Partial<TurnRecord> = {}): Promise<TurnRecord> {
  count += 1;
  const at = Date.UTC(2026, 0, 1) + count;
  const { ticketId = 'T-1', userId = 'alice', sessionId = `s-${ticketId}` } = more;
  const turn: TurnRecord = {
    id: `turn-${count}`,
    ticketId,
    sessionId,
    userId,
    status: 'waiting',
    queuedAt: at,
    startedAt: at,
    run: { generation: 1, leg: 0, tries: 0, triedAt: 0 },
    ...(more.status === undefined && { waitsFor: { since: at, requestIds: [] } }),
    ...more,
  };
  const session = { id: sessionId, ticketId, userId, source: 'web', tabId: 'default' } as const;
  const [result] = await store.commit([
    {
      ticketId,
      at,
      sessions: [{ ...session, createdAt: at, lastActiveAt: at }],
      turns: [turn],
      envelopes: [turnUpdated(turn, at)],
    },
  ]);
  if (!result?.ok) throw new Error(`Not stored: ${result?.code}`);
  return turn;
}

/** One whose code has changed since. */
export const stuck: Partial<TurnRecord> = {
  status: 'stuck',
  problem: {
    reason: 'changed',
    at: Date.UTC(2026, 0, 1, 12),
    message: 'Recorded call 2 (step:lookup#1) is not made; instead: say:trace#2',
    recorded: 'step:lookup#1',
    instead: ['say:trace#2'],
  },
};
