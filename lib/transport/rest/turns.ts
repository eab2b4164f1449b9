/** REST: turns as people see and steer them; lists and reads them, and tries again, starts over or cancels one. */
import { z } from 'zod';
import { HubError } from '../../errors';
import type { Occasion } from '../../hub/commit/occasion';
import { assertName } from '../../hub/tickets/client';
import { turnEndedSchema } from '../../protocol/envelopes';
import type { TurnRecord } from '../../protocol/records';
import { turnView, turnViewSchema } from '../../protocol/turn-view';
import { isHidden } from '../core/access';
import { type Operation, operation } from './operation';
import { cursor, limit, pageOf } from './paging';
import type { Call, Rest } from './rest';

/** A turn outside of its ticket, and after its end. */
const turnSchema = turnViewSchema.extend({
  ticket_id: z.string(),
  /** Of an aborted turn. */
  reason: turnEndedSchema.shape.reason,
});

export const listTurns = operation({
  id: 'listTurns',
  method: 'get',
  path: '/hitl/turns',
  isPage: true,
  summary: 'Turns of the tickets one may see, oldest first.',
  query: z.object({
    ticket_id: z.string().optional(),
    status: turnViewSchema.shape.status.optional(),
    version: z.string().optional(),
    limit: limit(50, 200),
    cursor,
  }),
  answers: { 200: z.object({ items: z.array(turnSchema), next_cursor: z.string().optional() }) },
  refusals: ['invalid_id', 'forbidden', 'not_found'],
});

export const getTurn = operation({
  id: 'getTurn',
  method: 'get',
  path: '/hitl/turns/:id',
  summary: 'One turn.',
  answers: { 200: z.object({ turn: turnSchema }) },
  refusals: ['not_found'],
});

const change = {
  method: 'post',
  body: z.object({}),
  answers: { 200: z.object({ turn: turnSchema }) },
} as const;

export const retryTurn = operation({
  ...change,
  id: 'retryTurn',
  path: '/hitl/turns/:id/retry',
  summary: 'Tries a stuck turn again, with the code of the agent as it is now.',
  refusals: ['not_found', 'not_allowed', 'turn_ended', 'turn_stuck', 'busy', 'conflict'],
});

export const startTurnOver = operation({
  ...change,
  id: 'startTurnOver',
  path: '/hitl/turns/:id/start_over',
  summary: 'Begins a stuck turn again at its top; answers to the very same questions are used again.',
  refusals: ['not_found', 'not_allowed', 'turn_ended', 'turn_stuck', 'busy', 'conflict'],
});

export const cancelTurn = operation({
  ...change,
  id: 'cancelTurn',
  path: '/hitl/turns/:id/cancel',
  summary: 'Ends a turn that has not ended, whatever it is at.',
  refusals: ['not_found', 'not_allowed', 'turn_ended'],
});

export const turnOperations = [listTurns, getTurn, retryTurn, startTurnOver, cancelTurn];

export function serveTurns(rest: Rest): void {
  const { hub, store, access, clock } = rest.parts;
  const view = (turn: TurnRecord): z.infer<typeof turnSchema> => ({
    ...turnView(turn, clock.now()),
    ticket_id: turn.ticketId,
    ...(turn.reason && { reason: turn.reason }),
  });

  const turnOf = async ({ req }: Pick<Call<unknown, unknown>, 'req'>): Promise<TurnRecord> => {
    const turn = await store.turn(String(req.params.id));
    if (!turn) throw hidden();
    return turn;
  };
  /** The turn of the address; on a ticket one may not see it is, for that person, not there. */
  const visibleTurn = async (call: Pick<Call<unknown, unknown>, 'req' | 'user'>): Promise<TurnRecord> => {
    const turn = await turnOf(call);
    await access.authorize(turn.ticketId, call.user).catch((error: unknown) => {
      throw isHidden(error) ? hidden() : error;
    });
    return turn;
  };
  const serveChange = (
    declared: Operation<Record<string, never>, object>,
    make: (turn: TurnRecord, occasion: Occasion) => Promise<void>,
  ): void =>
    rest.serve(declared, async (call) => {
      const turn = await visibleTurn(call);
      const assertAccess = async () => void (await visibleTurn(call));
      await make(turn, { ...rest.occasion(call), assertAccess });
      return { body: { turn: view(await turnOf(call)) } };
    });

  rest.serve(listTurns, async ({ user, query }) => {
    const { ticket_id: ticketId, status, version } = query;
    if (ticketId !== undefined) await access.authorize(assertName(ticketId), user);
    const filter = {
      ...(ticketId !== undefined && { ticketId }),
      ...(status && { status }),
      ...(version !== undefined && { version }),
    };
    const { items, ...more } = await pageOf(
      { list: listTurns.id, user, query },
      (...page) => store.turns(filter, ...page),
      (turns) => access.visible(turns, user),
    );
    return { body: { items: items.map(view), ...more } };
  });

  rest.serve(getTurn, async (call) => ({ body: { turn: view(await visibleTurn(call)) } }));

  serveChange(retryTurn, ({ id }, occasion) => hub.turns.retry(id, 'retry', occasion));
  serveChange(startTurnOver, ({ id }, occasion) => hub.turns.retry(id, 'start_over', occasion));
  serveChange(cancelTurn, ({ id, ticketId }, occasion) => hub.turns.cancel(ticketId, id, occasion));
}

function hidden(): HubError {
  return new HubError('not_found', { message: 'There is no such turn' });
}
