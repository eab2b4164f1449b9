/** The shape in which a turn travels; envelopes and REST use it. */
import { z } from 'zod';
import type { Millis, TurnProblem, TurnRecord, TurnWaitsFor } from './records';
import { toWireTime, wireTimeSchema } from './wire-time';

export const turnViewSchema = z.object({
  id: z.string(),
  session_id: z.string(),
  status: z.enum(['queued', 'running', 'waiting', 'stuck', 'completed', 'aborted']),
  intent: z.string().optional(),
  started_at: wireTimeSchema,
  ended_at: wireTimeSchema.optional(),
  /** Of the agent's code that a durable turn began with, where that names one. */
  version: z.string().optional(),
  /** Of a waiting turn: the requests, and the time at which it goes on by itself. */
  waits_for: z
    .object({ since: wireTimeSchema, request_ids: z.array(z.string()), until: wireTimeSchema.optional() })
    .optional(),
  /** Of a stuck turn: why it cannot go on by itself. */
  problem: z
    .object({
      reason: z.enum(['changed', 'crashing', 'too_long']),
      at: wireTimeSchema,
      message: z.string(),
      recorded: z.string().optional(),
      instead: z.array(z.string()).optional(),
    })
    .optional(),
  /** When a later process went on with it last. */
  continued_at: wireTimeSchema.optional(),
});

export type TurnView = z.infer<typeof turnViewSchema>;

/** A queued turn has not started; its `started_at` is the time it was queued. */
export function turnView(turn: TurnRecord, now: Millis): TurnView {
  return {
    id: turn.id,
    session_id: turn.sessionId,
    status: turn.status,
    ...(turn.intent && { intent: turn.intent }),
    started_at: toWireTime(turn.startedAt ?? turn.queuedAt, now),
    ...(turn.endedAt && { ended_at: toWireTime(turn.endedAt, now) }),
    // A turn in the queue is known by its message alone, to those who saw it come too.
    ...(turn.status !== 'queued' && turn.run?.version !== undefined && { version: turn.run.version }),
    ...(turn.waitsFor && { waits_for: waitView(turn.waitsFor, now) }),
    ...(turn.problem && { problem: problemView(turn.problem, now) }),
    ...(turn.continuedAt && { continued_at: toWireTime(turn.continuedAt, now) }),
  };
}

function waitView({ since, requestIds, until }: TurnWaitsFor, now: Millis): TurnView['waits_for'] {
  return {
    since: toWireTime(since, now),
    request_ids: [...requestIds],
    ...(until !== undefined && { until: toWireTime(until, now) }),
  };
}

function problemView(problem: TurnProblem, now: Millis): TurnView['problem'] {
  const { reason, at, message, recorded, instead } = problem;
  return {
    reason,
    at: toWireTime(at, now),
    message,
    ...(recorded !== undefined && { recorded }),
    ...(instead && { instead: [...instead] }),
  };
}
