/** Finds one request that a component names and stays where it is told of: in its ticket, else by asking the server once. */
import type { Clock, RequestView } from '../client';
import type { Desk } from './desks';
import { failure } from './outcome';
import type { Held } from './pool';
import { isFinal } from './read-request';
import type { TicketRoom } from './ticket-room';

/** Milliseconds before the server is asked again after it gave no answer; doubled each time, up to the second. */
const firstWaitMs = 1_000;
const longestWaitMs = 30_000;

export interface SearchParts {
  join(ticketId: string): Held<TicketRoom>;
  /** Rejects with a `TicketError`. */
  read(signal: AbortSignal): Promise<RequestView>;
  /** Puts down what was found out of the request. */
  tell(changed: Pick<Partial<Desk>, 'told' | 'error'>): void;
  clock: Clock;
}

export class RequestSearch {
  private ticket: Held<TicketRoom> | undefined;
  private endTicket: (() => void) | undefined;
  private reading: AbortController | undefined;
  private cancelWait: (() => void) | undefined;
  private waitMs = firstWaitMs;
  private isSettled = false;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly id: string,
    ticketId: string | undefined,
    private readonly parts: SearchParts,
  ) {
    if (ticketId === undefined) this.read();
    else this.join(ticketId);
  }

  /** Calls when the ticket of the request says anything. Returns what ends that. */
  on(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  close(): void {
    this.reading?.abort();
    this.cancelWait?.();
    this.endTicket?.();
    this.ticket?.release();
  }

  private join(ticketId: string): void {
    const ticket = this.parts.join(ticketId);
    this.ticket = ticket;
    this.endTicket = ticket.value.changes.on(() => {
      this.look(ticket.value);
      for (const listener of [...this.listeners]) listener();
    });
    this.look(ticket.value);
  }

  /** A ticket tells of what is pending, and of what is settled while one is in; of older ones the server has to be asked. */
  private look(room: TicketRoom): void {
    const { state } = room.state;
    if ((state === 'live' || state === 'closed') && !room.request(this.id)) this.read();
  }

  private read(): void {
    if (this.reading || this.isSettled) return;
    const reading = new AbortController();
    this.reading = reading;
    this.parts.read(reading.signal).then(
      (told) => {
        if (reading.signal.aborted) return;
        // It may be settled before the ticket is joined, and then the ticket does not tell of it.
        this.reading = undefined;
        this.isSettled = told.status !== 'pending';
        this.parts.tell({ told, error: undefined });
        if (told.status === 'pending' && !this.ticket) this.join(told.ticket_id);
      },
      (cause: unknown) => {
        if (reading.signal.aborted) return;
        const { error } = failure(cause);
        this.parts.tell({ error });
        if (!isFinal(error)) this.readLater();
      },
    );
  }

  private readLater(): void {
    this.cancelWait = this.parts.clock.later(this.waitMs, () => {
      this.reading = undefined;
      this.read();
    });
    this.waitMs = Math.min(longestWaitMs, this.waitMs * 2);
  }
}
