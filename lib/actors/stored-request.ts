/** How the actors of a request are stored beside its record, and how they are made again from both, also from what an earlier version stored; the hub writes and reads requests through here. */
import type { RequestRecord } from '../protocol/records';
import type { ExecutionContext } from './execution';
import { noDeadlines, type RequestContext, type RequestSnapshot, toExecutionInput } from './hitl-request';

/** What of an actor does not follow from the record of its request. */
interface Lacking<Context> {
  value?: unknown;
  context?: Partial<Context>;
}

/** What the record of a request lacks; where that is nothing, nothing is stored. */
export interface StoredActors extends Lacking<RequestContext> {
  version: 3;
  execution?: Lacking<ExecutionContext>;
}

/** What restores an actor, as XState persists it. */
export interface Persisted {
  value: unknown;
  context: object;
}

/** What restores the actors of a request. */
export interface PersistedActors {
  question: Persisted;
  /** Once it is approved. */
  execution?: Persisted;
}

/** Version 2: both snapshots, whole. */
interface StoredWhole extends PersistedActors {
  version: 2;
}

/** Version 1: one machine, whose state `approved` had the states of the execution in it. */
interface StoredOnce {
  version: 1;
  snapshot: {
    value: { resolved?: string | { approved: string } };
    context: RequestContext & { execution?: ExecutionContext['run'] };
  };
}

/** What is stored of the actors beside the record; undefined where the record says it all. */
export function toStored(
  { question, execution }: RequestSnapshot,
  record: RequestRecord,
): StoredActors | undefined {
  const following = actorsOf(record);
  const lacking = lackingOf(question, following.question);
  const ofExecution = execution && lackingOf(execution, following.execution);
  if (!lacking && !ofExecution) return undefined;
  return { version: 3, ...lacking, ...(ofExecution && { execution: ofExecution }) };
}

/**
 * What restores the actors of a request.
 * @param stored what was stored beside the record, by this version or an earlier one; it is left as it is
 * @throws Error for a version that is not known here, and where the two contradict each other
 */
export function readStored(record: RequestRecord, stored: unknown): PersistedActors {
  const actors = stored === undefined ? actorsOf(record) : read(record, stored as { version: number });
  const isApproved = record.status === 'approved';
  if (statusIn(actors.question.value) !== record.status || (actors.execution !== undefined) !== isApproved)
    throw new Error(`Its actors do not stand where its record does, which says ${record.status}`);
  return actors;
}

function read(record: RequestRecord, stored: { version: number }): PersistedActors {
  const { version } = stored;
  if (version === 3) return completed(record, stored as StoredActors);
  if (version === 2) return stored as StoredWhole;
  if (version === 1) return divided(stored as StoredOnce);
  throw new Error(`It was stored by another version of its machines: ${version}`);
}

function completed(record: RequestRecord, stored: StoredActors): PersistedActors {
  const { question, execution } = actorsOf(record);
  return {
    question: completedOf(question, stored),
    ...(execution && { execution: completedOf(execution, stored.execution) }),
  };
}

function completedOf(following: Persisted, { value, context }: Lacking<object> = {}): Persisted {
  return {
    ...following,
    ...(value !== undefined && { value }),
    context: { ...following.context, ...context },
  };
}

function divided({ snapshot }: StoredOnce): PersistedActors {
  const { value } = snapshot;
  const { execution: run, ...context } = snapshot.context;
  const question = { ...snapshot, context };
  if (typeof value !== 'object' || typeof value.resolved !== 'object') return { question };
  return {
    question: { ...question, value: { resolved: 'approved' } },
    execution: persisted(value.resolved.approved, { ...toExecutionInput(context), ...(run && { run }) }),
  };
}

/** The actors as they follow from the record alone. */
function actorsOf({ status, execution: run, ...fields }: RequestRecord): PersistedActors {
  const context = { ...noDeadlines, ...fields };
  const isPending = status === 'pending';
  const value = isPending ? { pending: fields.claim ? 'claimed' : 'open' } : { resolved: status };
  const question = persisted(value, context);
  if (status !== 'approved') return { question };
  const state = run && run.state !== 'not_run' ? run.state : 'unexecuted';
  return { question, execution: persisted(state, { ...toExecutionInput(context), ...(run && { run }) }) };
}

function persisted(value: unknown, context: object): Persisted {
  return { status: 'active', value, context, historyValue: {}, children: {} } as Persisted;
}

/** What of an actor is otherwise than it follows from the record; nothing is stored as undefined. */
function lackingOf<Context extends object>(
  actor: { value: unknown; context: Context },
  following: Persisted | undefined,
): Lacking<Context> | undefined {
  const known = following?.context as Partial<Context> | undefined;
  const fields = Object.entries(actor.context) as [keyof Context, unknown][];
  const lacking = fields.filter(([name, value]) => value !== undefined && !isSame(value, known?.[name]));
  const isElsewhere = !isSame(actor.value, following?.value);
  if (!isElsewhere && lacking.length === 0) return undefined;
  const context = Object.fromEntries(lacking) as Partial<Context>;
  return { ...(isElsewhere && { value: actor.value }), ...(lacking.length > 0 && { context }) };
}

/** The record of an actor has what is in its context itself, so that little is ever looked into. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  const [fields, others] = [Object.entries(one), other as Record<string, unknown>];
  return (
    fields.length === Object.keys(other).length &&
    fields.every(([name, value]) => isSame(value, others[name]))
  );
}

/** The status of a question in this state. */
function statusIn(value: unknown): unknown {
  const { pending, resolved } = value as { pending?: unknown; resolved?: unknown };
  return pending === undefined ? resolved : 'pending';
}
