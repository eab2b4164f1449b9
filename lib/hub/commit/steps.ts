/** What actors do, told to whoever looks while it happens; actors write here, the live charts look. Costs nothing while nobody does. */
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
  /** The name of whoever sent it, where the event says so. */
  by?: string;
  /** The states it was in and is in now, outermost first. */
  from: readonly string[];
  to: readonly string[];
  /** The transitions that were taken; none if the event was not heard. */
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

  /** From now on `listener` is told every step, until what is returned is called, or the hub closes and calls `onClose`. */
  watch(listener: StepListener, onClose = () => {}): () => void {
    this.listeners.set(listener, onClose);
    return () => void this.listeners.delete(listener);
  }

  tell(step: Step): void {
    for (const listener of this.listeners.keys()) listener(step);
  }

  /** Nobody looks any more. */
  close(): void {
    for (const onClose of this.listeners.values()) onClose();
    this.listeners.clear();
  }
}
