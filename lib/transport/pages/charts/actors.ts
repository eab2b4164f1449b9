/** What the live charts list and open: tickets in use, turns and requests with the states they are in and the steps they took. */
import { z } from 'zod';
import { isExecutionEvent } from '../../../actors/execution';
import { executionMachine } from '../../../actors/execution-machine';
import { hitlRequestMachine } from '../../../actors/hitl-request-machine';
import { ticketMachine } from '../../../actors/ticket-machine';
import { turnMachine } from '../../../actors/turn-machine';
import { chartOf } from '../../../charts/chart-of';
import { HubError } from '../../../errors';
import type { HubPort } from '../../../hub/port';
import { machineEventOf } from '../../../hub/requests/audit';
import type { AuditEntry } from '../../../protocol/audit';
import { describeIssue } from '../../../protocol/codec';
import type { AbortReason, RequestRecord, TurnRecord } from '../../../protocol/records';
import { requestStatusSchema } from '../../../protocol/request-view';
import { toWireTime } from '../../../protocol/wire-time';
import type { Store } from '../../../store/store';
import { pathOf, wayOf } from './way';

/** Requests on one page of the list, and tickets and turns in it. */
const pageSize = 50;
/** Steps of a request that are read from its audit; the newest ones. */
const maxSteps = 1_000;

const querySchema = z.object({
  ticket_id: z.string().optional(),
  status: requestStatusSchema.optional(),
  cursor: z.string().max(512).optional(),
});

/** A step that was recorded: what is known of it without having looked. */
interface RecordedStep {
  machine: string;
  id: string;
  ticket_id: string;
  at: string;
  event: string;
  from: readonly string[];
  to: readonly string[];
  taken: readonly string[];
  by?: string;
  why?: string;
}

/** @throws HubError `invalid_frame` */
export function actorsQuery(query: unknown): z.infer<typeof querySchema> {
  const result = querySchema.safeParse(query);
  if (!result.success)
    throw new HubError('invalid_frame', { message: describeIssue(result.error.issues[0]) });
  return result.data;
}

const charts = {
  request: chartOf(hitlRequestMachine),
  execution: chartOf(executionMachine),
  turn: chartOf(turnMachine),
};

export class Actors {
  constructor(private readonly parts: { hub: HubPort; store: Store }) {}

  /**
   * Requests oldest first, a page of them; tickets in use, turns that are queued or run, and those that wait or are stuck,
   * whichever process had them, up to a page of each.
   */
  async list({ ticket_id: ticketId, status, cursor }: z.infer<typeof querySchema>) {
    const { hub, store } = this.parts;
    const isAsked = (id: string) => ticketId === undefined || ticketId === id;
    const filter = { ...(status && { status }), ...(ticketId && { ticketId }) };
    const { items, nextCursor } = await store.requests(filter, pageSize, cursor);
    const unfinished = (await store.unfinishedTurns()).filter((turn) => isAsked(turn.ticketId));
    const going = await Promise.all(unfinished.slice(-pageSize).map(({ id }) => store.turn(id)));
    const atRest = await Promise.all(
      (['waiting', 'stuck'] as const).map((status) =>
        store.turns({ status, ...(ticketId && { ticketId }) }, pageSize),
      ),
    );
    return {
      tickets: [...hub.rooms.tickets()]
        .filter(isAsked)
        .slice(0, pageSize)
        .map((id) => ({ machine: ticketMachine.id, id, ticket_id: id, states: hub.statesOfTicket(id) })),
      turns: [...going, ...atRest.flatMap(({ items: found }) => found)]
        .filter((turn) => turn !== undefined)
        .map((turn) => ({
          machine: turnMachine.id,
          id: turn.id,
          ticket_id: turn.ticketId,
          states: pathOf(turnMachine.id, turn.status),
          ...(turn.intent && { what: turn.intent }),
        })),
      requests: (await Promise.all(items.map((record) => this.requestEntries(record)))).flat(),
      ...(nextCursor && { next_cursor: nextCursor }),
    };
  }

  /** One of them with its steps, oldest first. @throws HubError `not_found` */
  async get(machine: string, id: string) {
    switch (machine) {
      case ticketMachine.id:
        return this.ticket(id);
      case turnMachine.id:
        return this.turn(id);
      case hitlRequestMachine.id:
      case executionMachine.id:
        return this.request(machine, id);
      default:
        throw new HubError('not_found', { message: 'There is no such machine' });
    }
  }

  private ticket(id: string) {
    const { hub } = this.parts;
    const count = hub.rooms.count(id);
    const note = `Who comes and goes is not recorded: the steps begin now. ${count} clients are in.`;
    return { machine: ticketMachine.id, id, ticket_id: id, states: hub.statesOfTicket(id), steps: [], note };
  }

  private async turn(id: string) {
    const turn = await this.parts.store.turn(id);
    if (!turn) throw new HubError('not_found', { message: 'There is no such turn' });
    const steps = turnSteps(turn);
    return {
      machine: turnMachine.id,
      id,
      ticket_id: turn.ticketId,
      states: pathOf(turnMachine.id, turn.status),
      steps,
      ...(turn.run && { note: durableNote }),
      ...(turn.intent && { what: turn.intent }),
    };
  }

  /** The question, or its execution. @throws HubError `not_found` */
  private async request(machine: string, id: string) {
    const { hub, store } = this.parts;
    const record = await hub.hitl.get(id);
    const entries: AuditEntry[] = [];
    let cursor: string | undefined;
    do {
      const filter = { ticketId: record.ticketId, requestId: id };
      const page = await store.audit(filter, 200, cursor);
      entries.push(...page.items);
      cursor = page.nextCursor;
      if (entries.length > maxSteps) entries.splice(0, entries.length - maxSteps);
    } while (cursor !== undefined);
    const entry = (await this.requestEntries(record)).find((each) => each.machine === machine);
    if (!entry) throw new HubError('not_found', { message: 'It is not approved, so nothing is executed' });
    return { ...entry, steps: entries.map(requestStep).filter((each) => each.machine === machine) };
  }

  /** The question, and its execution once it is approved. */
  private async requestEntries(record: RequestRecord) {
    const { id, ticketId, payload, type } = record;
    const what = String(payload.tool_name ?? payload.question ?? type).slice(0, 120);
    const states = await this.parts.hub.hitl.statesOf(id);
    return [hitlRequestMachine.id, executionMachine.id].flatMap((machine) => {
      const own = states.filter((state) => state.startsWith(`${machine}.`));
      return own.length === 0 ? [] : [{ machine, id, ticket_id: ticketId, states: own, what }];
    });
  }
}

function requestStep(entry: AuditEntry): RecordedStep {
  const { requestId: id, ticketId, at, fromState, toState, by, via, comment, reason, rule } = entry;
  const event = entry.event === 'requested' ? 'xstate.init' : machineEventOf(entry.event);
  const isRun = isExecutionEvent({ type: event }) && fromState?.startsWith(approved) === true;
  const machine = isRun ? executionMachine.id : hitlRequestMachine.id;
  const [from, to] = [fromState, toState].map((state) => pathOf(machine, ownPart(state, isRun)));
  const way = { event, from: from ?? [], to: to ?? [] };
  const why = comment ?? reason ?? rule;
  return {
    machine,
    id,
    ticket_id: ticketId,
    at: toWireTime(at, at),
    ...way,
    taken: wayOf(isRun ? charts.execution : charts.request, way),
    by: by ? `${by.displayName} (${via})` : via,
    ...(why !== undefined && { why }),
  };
}

/** Where the audit names the states of an execution behind that of the request. */
const approved = 'resolved.approved';

/** What of a recorded state is the execution's own, or the question's. */
function ownPart(state: string | undefined, isRun: boolean): string | undefined {
  if (!state?.startsWith(approved)) return state;
  return isRun ? state.slice(approved.length + 1) : approved;
}

/** Said of a durable turn beside its steps. */
const durableNote =
  'How often it has waited and gone on before is not recorded: the steps are those that its record knows.';

const endings: Readonly<Record<AbortReason, string>> = {
  error: 'fail',
  cancelled: 'cancel',
  shutdown: 'shutdown',
  crash: 'crash',
  expired: 'expire',
};

/** What a turn's record knows of its steps: of a plain turn all, of a durable one the last of a kind. */
function turnSteps(turn: TurnRecord): RecordedStep[] {
  const { id, ticketId, queuedAt, startedAt, continuedAt, waitsFor, problem, endedAt, reason } = turn;
  const stuckBy = problem?.reason === 'crashing' ? 'take' : 'get_stuck';
  const events = [
    { event: 'xstate.init', at: queuedAt, to: 'queued' },
    { event: 'start', at: startedAt, to: 'running' },
    { event: 'take', at: continuedAt, to: 'running' },
    { event: 'rest', at: waitsFor?.since, to: 'waiting' },
    { event: stuckBy, at: problem?.at, to: 'stuck', why: problem?.message },
    { event: reason ? endings[reason] : 'complete', at: endedAt, to: turn.status },
  ].filter((each) => each.at !== undefined);
  return events.map(({ event, at = queuedAt, to, why }, index) => {
    const machine = turnMachine.id;
    const way = { event, from: pathOf(machine, events[index - 1]?.to), to: pathOf(machine, to) };
    return {
      machine,
      id,
      ticket_id: ticketId,
      at: toWireTime(at, at),
      ...way,
      taken: wayOf(charts.turn, way),
      ...(why !== undefined && { why }),
    };
  });
}
