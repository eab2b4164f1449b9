/** Everything that the components below one provider share; nothing is opened before a component is mounted. */
import type { Clock, Fetch, PageEvents, RequestView, SocketConstructor } from '../client';
import { Desks } from './desks';
import { type Held, Pool } from './pool';
import { readRequest } from './read-request';
import { RequestSearch } from './request-search';
import { restOf } from './rest';
import { Ticker } from './ticker';
import { TicketRoom } from './ticket-room';

export interface ConnectionOptions {
  /** Where the app mounted the hub's router: `https://app.example.com/soc`; in a page `/soc` will do. */
  url: string;
  /** How long a connection that no component uses any more is kept, in milliseconds. Default 3,000. */
  lingerMs?: number;
  /** Default: the global one. */
  WebSocket?: SocketConstructor;
  /** Reads requests that no connection tells of, and why a handshake failed. Default: the page's. */
  fetch?: Fetch;
  /** Where `online` and `offline` are heard. Default: the page. */
  events?: PageEvents;
  /** For tests. Default: the system's. */
  clock?: Clock;
  /** From 0 up to, not including, 1; for tests. Default `Math.random`. */
  random?: () => number;
}

/** Which request is meant, and in which ticket if the page knows that. */
export interface RequestPlace {
  readonly id: string;
  readonly ticketId: string | undefined;
}

const systemClock: Clock = {
  now: Date.now,
  later(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

export class Connections {
  readonly desks = new Desks();
  readonly ticker: Ticker;
  readonly tickets: Pool<TicketRoom>;
  private readonly searches: Pool<RequestSearch>;
  private readonly clock: Clock;

  constructor(readonly options: ConnectionOptions) {
    const { lingerMs = 3_000, clock = systemClock } = options;
    this.clock = clock;
    this.ticker = new Ticker(clock);
    this.tickets = new Pool(lingerMs, clock);
    // What it holds lingers by itself.
    this.searches = new Pool(0, clock);
  }

  /** @throws TypeError as `connectTicket` does */
  holdTicket(ticketId: string): Held<TicketRoom> {
    const { lingerMs: _linger, ...options } = this.options;
    return this.tickets.hold(ticketId, () => new TicketRoom({ ...options, ticketId }, this.clock));
  }

  /** The request as it stands, from whoever knows most of it. Opens nothing. */
  request({ id, ticketId }: RequestPlace): RequestView | undefined {
    const { told } = this.desks.get(id);
    return newest(this.ticketOf({ id, ticketId })?.request(id), told);
  }

  /** Where an answer to the request is sent. */
  ticketOf({ id, ticketId }: RequestPlace): TicketRoom | undefined {
    const inTicket = ticketId ?? this.desks.get(id).told?.ticket_id;
    return inTicket === undefined ? undefined : this.tickets.get(inTicket);
  }

  /** Follows a request, its desk and the time; returns what ends that. */
  followRequest({ id, ticketId }: RequestPlace, listener: () => void): () => void {
    const search = this.searches.hold(`${ticketId ?? ''}/${id}`, () => {
      return new RequestSearch(id, ticketId, {
        join: (ticket) => this.holdTicket(ticket),
        read: (signal) => readRequest(restOf(this.options), id, signal),
        tell: (changed) => this.desks.put(id, changed),
        clock: this.clock,
      });
    });
    const ends = [
      search.value.on(listener),
      this.desks.on(listener),
      this.ticker.on(listener),
      search.release,
    ];
    return () => {
      for (const end of ends) end();
    };
  }
}

/** What is settled stays so, and an amendment is not taken back; else a connection knows more than an answer of some time ago. */
function newest(heard: RequestView | undefined, told: RequestView | undefined): RequestView | undefined {
  if (!heard || !told) return heard ?? told;
  if (heard.status !== 'pending') return heard;
  return told.status !== 'pending' || told.revision > heard.revision ? told : heard;
}
