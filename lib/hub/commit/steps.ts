/** Publishes the steps of actors as they happen: actors write here, the live charts subscribe. Without subscribers it costs nothing. */
import type { Millis } from '../../protocol/records';
import type { Clock } from './clock';

/** One event that an actor took, and where it led. Ids are those of the charts. */
export interface Step {
  /** `ticket`, `turn` or `hitlRequest`. */
  machine: string;
  /** Of the ticket, turn or request. */
  id: string;
  ticketId: string;
  at: Millis;
  /** As the machine names it; `xstate.init` for its birth. */
  event: string;
  /** The name of the person who sent the event, where it has one. */
  by?: string;
  /** The states before and after the event, outermost first. */
  from: readonly string[];
  to: readonly string[];
  /** The transitions that were taken; none if the event was ignored. */
  taken: readonly string[];
}

/** Must not throw. */
export type StepListener = (step: Step) => void;

export class Steps {
  /** Each with what is called when the hub closes. */
  private readonly listeners = new Map<StepListener, () => void>();

  constructor(private readonly clock: Clock) {}

  get isWatched(): boolean {
    return this.listeners.size > 0;
  }

  now(): Millis {
    return this.clock.now();
  }

  /** Calls `listener` with every step from now on, until the returned function is called, or the hub closes and calls `onClose`. */
  watch(listener: StepListener, onClose = () => {}): () => void {
    this.listeners.set(listener, onClose);
    return () => void this.listeners.delete(listener);
  }

  publish(step: Step): void {
    for (const listener of this.listeners.keys()) listener(step);
  }

  /** Ends every subscription. */
  close(): void {
    for (const onClose of this.listeners.values()) onClose();
    this.listeners.clear();
  }
}
