/** A running XState actor whose emissions are collected per event; rooms, turns and requests hold theirs through it. */
import {
  type Actor,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  type EmittedFrom,
  type EventFromLogic,
  type InputFrom,
  type Snapshot,
  type SnapshotFrom,
} from 'xstate';
import { HubError } from '../../errors';
import { statesOf, takenIn } from '../../insides/xstate';
import type { Step, Steps } from './steps';

/** One root actor: `send` returns what the event made it emit, and throws if the machine broke. */
export class LiveActor<M extends AnyStateMachine> {
  private readonly actor: Actor<M>;
  private emitted: EmittedFrom<M>[] = [];
  /** Steps that are not published yet, since they may not be committed yet. */
  private steps: Step[] = [];

  private constructor(
    machine: M,
    origin: { input: InputFrom<M> } | { snapshot: Snapshot<unknown> },
    private readonly watchers: Steps | undefined,
  ) {
    this.actor = createActor(machine, origin as never);
    this.actor.on('*', (event) => this.emitted.push(event as EmittedFrom<M>));
    // Without an error handler XState would rethrow globally and could end the host's process.
    this.actor.subscribe({ error: () => {} });
    this.actor.start();
  }

  /** A new actor and what its birth emitted. @param watchers who may look at what it does */
  static begin<M extends AnyStateMachine>(
    machine: M,
    input: InputFrom<M>,
    watchers?: Steps,
  ): [LiveActor<M>, EmittedFrom<M>[]] {
    const live = new LiveActor(machine, { input }, watchers);
    if (watchers?.isWatched) live.note('xstate.init', [], []);
    return [live, live.collect()];
  }

  /** The actor that `persisted()` was taken from; `snapshot` is not touched. */
  static restore<M extends AnyStateMachine>(machine: M, snapshot: unknown, watchers?: Steps): LiveActor<M> {
    const live = new LiveActor(
      machine,
      { snapshot: structuredClone(snapshot) as Snapshot<unknown> },
      watchers,
    );
    live.collect();
    return live;
  }

  /** Everything the event made the actor emit, in order. @throws HubError `internal` if the machine threw */
  send(event: EventFromLogic<M>): EmittedFrom<M>[] {
    // An actor that has reached its final state takes no event, and would only warn.
    if ((this.actor.getSnapshot() as Snapshot<unknown>).status === 'done') return [];
    if (this.watchers?.isWatched) this.sendSeen(event);
    else this.actor.send(event);
    return this.collect();
  }

  /** Publishes the steps of this actor to the watchers; called once they are committed. */
  publishSteps(): void {
    if (this.steps.length === 0) return;
    for (const step of this.steps) this.watchers?.publish(step);
    this.steps = [];
  }

  get snapshot(): SnapshotFrom<M> {
    return this.actor.getSnapshot();
  }

  /** The snapshot as JSON-safe data, for the store. */
  persisted(): unknown {
    return this.actor.getPersistedSnapshot();
  }

  private sendSeen(event: EventFromLogic<M>): void {
    const from = statesOf(this.actor.getSnapshot());
    const taken: string[] = [];
    const looking = this.actor.system.inspect((seen) => {
      taken.push(...takenIn(seen));
    });
    try {
      this.actor.send(event);
    } finally {
      looking.unsubscribe();
    }
    this.note(event.type, from, taken, nameIn(event));
  }

  private note(event: string, from: readonly string[], taken: readonly string[], by?: string): void {
    const { machine, context } = this.actor.getSnapshot() as AnyMachineSnapshot;
    const { id = context.ticketId, ticketId } = context;
    const to = statesOf(this.actor.getSnapshot());
    const at = this.watchers?.now() ?? 0;
    this.steps.push({ machine: machine.id, id, ticketId, at, event, from, to, taken, ...(by && { by }) });
  }

  private collect(): EmittedFrom<M>[] {
    const emitted = this.emitted;
    this.emitted = [];
    const { status, error } = this.actor.getSnapshot();
    if (status === 'error')
      throw new HubError('internal', { message: 'A state machine failed', cause: error });
    return emitted;
  }
}

/** Who is said to be behind an event: who answers a request, or comes into a ticket. */
function nameIn(event: { by?: { displayName?: string }; name?: string }): string | undefined {
  return event.by?.displayName ?? event.name;
}
