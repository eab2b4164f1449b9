/** A running XState actor whose emissions are collected per event; rooms, turns and requests hold theirs through it. */
import {
  type Actor,
  type AnyStateMachine,
  createActor,
  type EmittedFrom,
  type EventFromLogic,
  type InputFrom,
  type Snapshot,
  type SnapshotFrom,
} from 'xstate';
import { HubError } from '../errors';

/** One root actor: `send` returns what the event made it emit, and throws if the machine broke. */
export class LiveActor<M extends AnyStateMachine> {
  private readonly actor: Actor<M>;
  private emitted: EmittedFrom<M>[] = [];

  private constructor(machine: M, origin: { input: InputFrom<M> } | { snapshot: Snapshot<unknown> }) {
    this.actor = createActor(machine, origin as never);
    this.actor.on('*', (event) => this.emitted.push(event as EmittedFrom<M>));
    // Without an error handler XState would rethrow globally and could end the host's process.
    this.actor.subscribe({ error: () => {} });
    this.actor.start();
  }

  /** A new actor and what its birth emitted. */
  static begin<M extends AnyStateMachine>(machine: M, input: InputFrom<M>): [LiveActor<M>, EmittedFrom<M>[]] {
    const live = new LiveActor(machine, { input });
    return [live, live.collect()];
  }

  /** The actor that `persisted()` was taken from; `snapshot` is not touched. */
  static restore<M extends AnyStateMachine>(machine: M, snapshot: unknown): LiveActor<M> {
    const live = new LiveActor(machine, { snapshot: structuredClone(snapshot) as Snapshot<unknown> });
    live.collect();
    return live;
  }

  /** Everything the event made the actor emit, in order. @throws HubError `internal` if the machine threw */
  send(event: EventFromLogic<M>): EmittedFrom<M>[] {
    // An actor that has reached its end hears nothing more, and would only warn.
    if ((this.actor.getSnapshot() as Snapshot<unknown>).status === 'done') return [];
    this.actor.send(event);
    return this.collect();
  }

  get snapshot(): SnapshotFrom<M> {
    return this.actor.getSnapshot();
  }

  /** The snapshot as JSON-safe data, for the store. */
  persisted(): unknown {
    return this.actor.getPersistedSnapshot();
  }

  private collect(): EmittedFrom<M>[] {
    const emitted = this.emitted;
    this.emitted = [];
    const { status, error } = this.actor.getSnapshot();
    if (status === 'error')
      throw new HubError('internal', 'A state machine failed', undefined, { cause: error });
    return emitted;
  }
}
