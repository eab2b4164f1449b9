/** Who is writing in a ticket, and until when that is assumed; a ticket's room owns it. */
import type { Clock, Typing as TypingEnvelope } from '../client';

/** A person who has not written for so long has stopped. */
export const typingMs = 6_000;
/** The user's own writing is sent no more often, however fast they type. */
export const tellTypingMs = 3_000;

export type Person = TypingEnvelope['user'];

export class Typing {
  /** In the order in which they began; another array whenever a person begins or stops. */
  people: readonly Person[] = [];
  private readonly cancels = new Map<string, () => void>();

  constructor(
    private readonly clock: Clock,
    private readonly onChange: () => void,
  ) {}

  hear(person: Person): void {
    this.cancels.get(person.id)?.();
    this.cancels.set(
      person.id,
      this.clock.later(typingMs, () => this.stop(person.id)),
    );
    if (this.people.some(({ id }) => id === person.id)) return;
    this.people = [...this.people, person];
    this.onChange();
  }

  /** This person has sent what was being written, or has gone. */
  stop(userId: string): void {
    this.cancels.get(userId)?.();
    if (!this.cancels.delete(userId)) return;
    this.people = this.people.filter(({ id }) => id !== userId);
    this.onChange();
  }

  /** No one is known to write any more. */
  stopAll(): void {
    for (const id of [...this.cancels.keys()]) this.stop(id);
  }
}
