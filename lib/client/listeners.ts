/** Typed listeners by event name; the client notifies them. */

export class Listeners<Events> {
  private readonly byEvent = new Map<keyof Events, Set<(value: never) => void>>();

  /** Returns what removes the listener. The same function given twice is called twice. */
  on<E extends keyof Events>(event: E, listener: (value: Events[E]) => void): () => void {
    const listeners = this.byEvent.get(event) ?? new Set();
    this.byEvent.set(event, listeners);
    const own = (value: Events[E]) => listener(value);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  /** A listener that throws does not stop the others from being called; what it threw is reported as uncaught. */
  notify<E extends keyof Events>(event: E, value: Events[E]): void {
    // Those of `event` take its value: `on` has put them there.
    const listeners = this.byEvent.get(event) as Set<(value: Events[E]) => void> | undefined;
    for (const listener of [...(listeners ?? [])]) {
      try {
        listener(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
