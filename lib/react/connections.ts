/** Everything that the components below one provider share; nothing is opened before a component is mounted. */
import type { Clock, Fetch, PageEvents, RequestView, SocketConstructor, TicketError } from '../client';
import { Changes } from './changes';
import { Desks } from './desks';
import { type InboxFilter, InboxRoom } from './inbox-room';
import { type Held, Pool } from './pool';
import { readRequest } from './read-request';
import type { RequestLine } from './request-line';
import { RequestSearch } from './request-search';
import { type Rest, restOf } from './rest';
import { ServerClock } from './server-clock';
import { Ticker } from './ticker';
import { TicketRoom } from './ticket-room';

export interface ConnectionOptions {
  /** Where the app mounted the hub's router: `https://app.example.com/soc`; in a page `/soc` will do. */
  url: string;
  /** How long a connection that no component uses any more stays open, in milliseconds. Default 3,000. */
  lingerMs?: number;
  /** Default: the global one. */
  WebSocket?: SocketConstructor;
  /** Reads requests that no connection has received, and why a handshake failed. Default: the page's. */
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

/** Monotonic: it does not jump when the machine's time is set. */
const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  later(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

export class Connections {
  readonly desks = new Desks();
  /** The time for everything below the provider. */
  readonly serverClock: ServerClock;
  readonly tickets: Pool<TicketRoom>;
  /** Called when any inbox changes. */
  readonly inboxChanges: Changes;
  private readonly inboxes: Pool<InboxRoom>;
  private readonly ticker: Ticker;
  private readonly searches: Pool<RequestSearch>;
  private readonly clock: Clock;
  /** Asks the hub over REST, and reads the time off its answers. */
  readonly rest: Rest;

  constructor(readonly options: ConnectionOptions) {
    const { lingerMs = 3_000, clock = systemClock } = options;
    this.clock = clock;
    this.rest = restOf(options, (date) => this.serverClock.hearDate(date));
    this.serverClock = new ServerClock(clock);
    this.ticker = new Ticker(this.serverClock);
    this.tickets = new Pool(lingerMs, clock);
    this.inboxes = new Pool(lingerMs, clock);
    this.inboxChanges = new Changes(clock);
    // What it holds lingers by itself.
    this.searches = new Pool(0, clock);
  }

  /** @throws TypeError as `connectTicket` does */
  holdTicket(ticketId: string): Held<TicketRoom> {
    const { lingerMs: _linger, ...options } = this.options;
    return this.tickets.hold(
      ticketId,
      () => new TicketRoom({ ...options, ticketId }, this.clock, this.serverClock),
    );
  }

  /** @throws TypeError as `connectInbox` does */
  holdInbox(filter: InboxFilter): Held<InboxRoom> {
    const { lingerMs: _linger, ...options } = this.options;
    return this.inboxes.hold(
      keyOf(filter),
      () => new InboxRoom({ ...options, ...filter }, this.inboxChanges, this.serverClock),
    );
  }

  /** The inbox of this filter, if it is open. */
  inbox(filter: InboxFilter): InboxRoom | undefined {
    return this.inboxes.get(keyOf(filter));
  }

  /** The request as it stands, from the newest source. Opens nothing. */
  request(place: RequestPlace): RequestView | undefined {
    const { id } = place;
    const inTicket = this.ticketOf(place)?.request(id);
    return [this.inboxOf(id)?.request(id), this.search(place)?.received, this.desks.get(id).received].reduce(
      newest,
      inTicket,
    );
  }

  /** Why it is not known. */
  searchError(place: RequestPlace): TicketError | undefined {
    return this.search(place)?.error;
  }

  /** How long it is until the request expires, while it is pending. */
  remainingMs({ status, expires_at: until }: RequestView): number | undefined {
    return status === 'pending' ? this.ticker.remainingMs(until) : undefined;
  }

  /** Where an answer to the request is sent. */
  lineOf(place: RequestPlace): RequestLine | undefined {
    return this.ticketOf(place) ?? this.inboxOf(place.id);
  }

  private inboxOf(id: string): InboxRoom | undefined {
    return this.inboxes.values().find((inbox) => inbox.request(id));
  }

  private ticketOf(place: RequestPlace): TicketRoom | undefined {
    const received = this.search(place)?.received ?? this.desks.get(place.id).received;
    const ticketId = place.ticketId ?? received?.ticket_id;
    return ticketId === undefined ? undefined : this.tickets.get(ticketId);
  }

  /** Follows a request, its desk, and the time while that runs out; returns what ends that. */
  followRequest(place: RequestPlace, listener: () => void): () => void {
    let endTicker: (() => void) | undefined;
    const count = () => {
      const request = this.request(place);
      const counts = request !== undefined && this.remainingMs(request) !== undefined;
      if (counts) endTicker ??= this.ticker.on(listener);
      else {
        endTicker?.();
        endTicker = undefined;
      }
    };
    const hear = () => {
      count();
      listener();
    };
    const { value, release } = this.holdSearch(place);
    const ends = [value.on(hear), this.desks.on(hear), release];
    count();
    return () => {
      endTicker?.();
      for (const end of ends) end();
    };
  }

  private search({ id, ticketId }: RequestPlace): RequestSearch | undefined {
    return this.searches.get(`${ticketId ?? ''}/${id}`);
  }

  private holdSearch({ id, ticketId }: RequestPlace): Held<RequestSearch> {
    const parts = {
      join: (ticket: string) => this.holdTicket(ticket),
      inInbox: () => this.inboxOf(id)?.request(id),
      onInbox: (listener: () => void) => this.inboxChanges.on(listener),
      read: (signal: AbortSignal) => readRequest(this.rest, id, signal),
      clock: this.clock,
    };
    return this.searches.hold(`${ticketId ?? ''}/${id}`, () => new RequestSearch(id, ticketId, parts));
  }
}

/** No field has a line break in it, or it would match nothing. */
function keyOf({ type, toolName, ticketId, order }: InboxFilter): string {
  return [type, toolName, ticketId, order].join('\n');
}

/** What is settled stays so, and an amendment is not taken back; else who is named first knows more. */
function newest(heard: RequestView | undefined, received: RequestView | undefined): RequestView | undefined {
  if (!heard || !received) return heard ?? received;
  if (heard.status !== 'pending') return heard;
  return received.status !== 'pending' || received.revision > heard.revision ? received : heard;
}
