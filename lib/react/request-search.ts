/** Finds one request that components name, and follows it where it is received: in an open inbox, in its ticket, else by asking the server. */
import type { Clock, RequestView, TicketError } from '../client';
import { failure } from './outcome';
import type { Held } from './pool';
import type { TicketRoom } from './ticket-room';

/** Milliseconds before the server is asked again after it gave no answer; doubled each time, up to the second. */
const firstWaitMs = 1_000;
const longestWaitMs = 30_000;

export interface SearchParts {
  join(ticketId: string): Held<TicketRoom>;
  /** The request, if an inbox that is open has it. */
  inInbox(): RequestView | undefined;
  /** Calls when an inbox changes; returns what ends that. */
  onInbox(listener: () => void): () => void;
  /** Asks the server. Rejects with a `TicketError`. */
  read(signal: AbortSignal): Promise<RequestView>;
  clock: Clock;
}

export class RequestSearch {
  /** The request, as an inbox had it last or the server said when it was asked. */
  received: RequestView | undefined;
  /** Why it could not be read. */
  error: TicketError | undefined;
  private ticket: Held<TicketRoom> | undefined;
  private reading: AbortController | undefined;
  private cancelWait: (() => void) | undefined;
  private waitMs = firstWaitMs;
  private readonly ends: (() => void)[];
  private readonly listeners = new Set<() => void>();

  /** @param ticketId where the request is, if the component knows that */
  constructor(
    private readonly id: string,
    private readonly ticketId: string | undefined,
    private readonly parts: SearchParts,
  ) {
    this.ends = [parts.onInbox(() => this.hear())];
    this.look();
  }

  /** Calls when anything about the request changes. Returns what ends that. */
  on(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  close(): void {
    this.reading?.abort();
    this.cancelWait?.();
    for (const end of this.ends) end();
    this.ticket?.release();
  }

  private hear(): void {
    this.look();
    for (const listener of [...this.listeners]) listener();
  }

  private look(): void {
    const inInbox = this.parts.inInbox();
    if (inInbox) this.received = inInbox;
    else if (this.ticket) this.lookInTicket(this.ticket.value);
    else if (this.ticketId === undefined) this.read();
    else this.join(this.ticketId);
  }

  private join(ticketId: string): void {
    this.ticket = this.parts.join(ticketId);
    this.ends.push(this.ticket.value.changes.on(() => this.hear()));
    this.lookInTicket(this.ticket.value);
  }

  /** A ticket has what is pending, and what is settled while one is connected; of older ones the server has to be asked. */
  private lookInTicket(room: TicketRoom): void {
    const { state } = room.state;
    if ((state === 'live' || state === 'closed') && !room.request(this.id)) this.read();
  }

  private read(): void {
    if (this.reading || (this.received && this.received.status !== 'pending')) return;
    const reading = new AbortController();
    this.reading = reading;
    const { signal } = reading;
    this.parts.read(signal).then(
      (received) => {
        if (signal.aborted) return;
        this.error = undefined;
        this.received = received;
        // It may be settled before the ticket is joined, and then the ticket does not have it.
        if (received.status === 'pending') this.lookLater();
        if (received.status === 'pending' && !this.ticket) this.join(received.ticket_id);
        this.hear();
      },
      (cause: unknown) => {
        if (signal.aborted) return;
        this.error = failure(cause).error;
        if (!isFinal(this.error)) this.lookLater();
        this.hear();
      },
    );
  }

  private lookLater(): void {
    this.cancelWait = this.parts.clock.later(this.waitMs, () => {
      this.reading = undefined;
      this.look();
    });
    this.waitMs = Math.min(longestWaitMs, this.waitMs * 2);
  }
}

/** Whether asking again would get the same refusal. */
function isFinal({ code }: TicketError): boolean {
  return ['authentication_required', 'forbidden', 'not_found', 'invalid_id'].includes(code);
}
