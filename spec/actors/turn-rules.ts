/** What each event makes of a turn, in plain words of code, apart from the machine; the spec of the machine compares both. */
import type { TurnEvent } from '../../lib/actors/turn-machine';
import type { TurnRecord, TurnRun } from '../../lib/protocol/records';

/** The turn after the event; an event that means nothing gives the same turn. */
export function judge(turn: TurnRecord, event: TurnEvent): TurnRecord {
  const { status, run } = turn;
  if (status === 'completed' || status === 'aborted') return turn;
  switch (event.type) {
    case 'cancel':
      return ended(turn, 'aborted', event.at, 'cancelled');
    case 'expire':
      return ended(turn, 'aborted', event.at, 'expired');
    case 'shutdown':
    case 'crash':
      return run ? turn : ended(turn, 'aborted', event.at, event.type);
  }
  if (status === 'queued' && event.type === 'start')
    return { ...began(turn, event.at, event.take), startedAt: event.at };
  if (status === 'running') {
    if (event.type === 'name_intent') return { ...turn, intent: event.intent };
    if (event.type === 'complete') return ended(turn, 'completed', event.at);
    if (event.type === 'fail') return ended(turn, 'aborted', event.at, 'error');
  }
  return run ? judgeDurable(turn, run, event) : turn;
}

/** What is emitted where `judge` makes `after` of `before`. */
export function emittedBy(before: TurnRecord, after: TurnRecord, { type }: TurnEvent): { type: string }[] {
  if (before.status === after.status)
    return type === 'take' && before.status === 'running' && before.run ? [{ type: 'turn_updated' }] : [];
  if (after.endedAt !== undefined) return [{ type: 'turn_ended' }];
  const begins = before.startedAt === undefined && after.startedAt !== undefined;
  return [{ type: begins ? 'turn_started' : 'turn_updated' }];
}

function judgeDurable(turn: TurnRecord, run: TurnRun, event: TurnEvent): TurnRecord {
  const { waitsFor: _wait, problem: _problem, ...plain } = turn;
  switch (`${turn.status} ${event.type}`) {
    case 'queued get_stuck':
    case 'running get_stuck':
    case 'waiting get_stuck':
      if (event.type !== 'get_stuck') return turn;
      return { ...plain, status: 'stuck', run: dueAt(unowned(later(run))), problem: event.problem };
    case 'running rest':
      if (event.type !== 'rest') return turn;
      return resting(turn, run, event);
    case 'running release':
      return { ...turn, run: { ...unowned(run), tries: 0 } };
    case 'running again': {
      if (event.type !== 'again') return turn;
      const { when: _when, notBefore: _notBefore, ...rest } = run;
      const { owner, when, waitsFor, dueAt: notBefore } = event;
      const leg = {
        ...later(rest),
        leg: run.leg + 1,
        legBegunAt: event.at,
        tries: 1,
        triedAt: 0,
        ...(when && { when }),
        ...(notBefore !== undefined && { notBefore }),
      };
      if (waitsFor) return resting(turn, leg, { ...event, waitsFor });
      return { ...turn, run: { ...dueAt(leg, event.dueAt), ...(owner && { owner }) } };
    }
    case 'running take': {
      if (event.type !== 'take') return turn;
      const isFurther = event.entries !== run.triedAt;
      if (!isFurther && run.tries >= event.maxTries) {
        const message = `${run.tries} processes ended under it, one after another, without it getting any further`;
        const problem = { reason: 'crashing' as const, at: event.at, message };
        return { ...turn, status: 'stuck', run: unowned(run), problem };
      }
      const next = began(turn, event.at, event);
      const tries = isFurther ? 1 : run.tries + 1;
      return { ...next, continuedAt: event.at, ...(next.run && { run: { ...next.run, tries } }) };
    }
    case 'waiting wake':
    case 'stuck retry':
      if (event.type !== 'wake' && event.type !== 'retry') return turn;
      return began(plain, event.at, event);
    case 'stuck start_over': {
      if (event.type !== 'start_over') return turn;
      const { when: _when, notBefore: _notBefore, ...rest } = run;
      const fromTop = { ...plain, run: { ...rest, leg: run.leg + 1, legBegunAt: event.at } };
      return began(fromTop, event.at, { owner: event.owner, entries: 0 });
    }
    default:
      return turn;
  }
}

/** A process has it. */
function began(
  turn: TurnRecord,
  at: number,
  take: { owner: string; entries: number } | undefined,
): TurnRecord {
  const begun: TurnRecord = { ...turn, status: 'running', startedAt: turn.startedAt ?? at };
  const { run } = turn;
  if (!run || !take) return begun;
  const { owner, entries } = take;
  const generation = run.generation + 1;
  return { ...begun, run: { ...dueAt(run), owner, generation, tries: 1, triedAt: entries } };
}

function resting(
  turn: TurnRecord,
  run: TurnRun,
  { waitsFor, dueAt: at }: { waitsFor: NonNullable<TurnRecord['waitsFor']>; dueAt?: number },
): TurnRecord {
  return { ...turn, status: 'waiting', waitsFor, run: { ...dueAt(unowned(run), at), tries: 0 } };
}

function ended(
  turn: TurnRecord,
  status: 'completed' | 'aborted',
  endedAt: number,
  reason?: NonNullable<TurnRecord['reason']>,
): TurnRecord {
  const { waitsFor: _wait, problem: _problem, run, ...plain } = turn;
  return { ...plain, status, endedAt, ...(run && { run: unowned(run) }), ...(reason && { reason }) };
}

function unowned({ owner: _owner, ...run }: TurnRun): TurnRun {
  return run;
}

/** Whichever comes first: that time, or its greatest age. */
function dueAt({ dueAt: _before, ...run }: TurnRun, at?: number): TurnRun {
  const times = [at, run.expiresAt].filter((time) => time !== undefined);
  return times.length === 0 ? run : { ...run, dueAt: Math.min(...times) };
}

/** Nobody writes under what was known before. */
function later<Run extends { generation: number }>(run: Run): Run {
  return { ...run, generation: run.generation + 1 };
}
