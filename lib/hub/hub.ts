/** The hub as an app uses it: `hitl.hub`; what is behind each member is beside it. */
import { AppTurns } from './app-turns';
import { Clients } from './clients';
import type { EventPattern, HubEvent } from './hub-events';
import { InboxReader } from './inbox/inbox-reader';
import type { HitlTypes, NoTypes } from './kinds/app-types';
import type { Channels } from './outbox/channels';
import type { Links } from './outbox/links';
import { type HubOptions, HubPort } from './port';
import { Reference } from './reference';
import { AppGrants } from './requests/app-grants';
import { Requests } from './requests/requests';
import type { Line } from './turns/say';
import type { Accepted } from './turns/turns';

/** Each hub with what the transport and the test hub use of it. */
const ports = new WeakMap<object, HubPort>();

/** The internal side of a hub. */
export function portOf(hub: object): HubPort {
  const port = ports.get(hub);
  if (!port) throw new TypeError('This hub was not made by expressHitl');
  return port;
}

export class Hub<App extends HitlTypes = NoTypes> {
  /** Asks people, answers, claims, amends, withdraws, waits, lists. */
  readonly requests: Requests<App>;
  /** Brings chat messages in, and ends turns. */
  readonly turns: AppTurns;
  /** What waits for a person, across tickets. */
  readonly inbox: InboxReader<App>;
  /** What people allowed beyond one call. */
  readonly grants: AppGrants<App>;
  /** Links by which one person answers from a mail or a chat; needs the option `links`. */
  readonly links: Pick<Links, 'create'>;
  /** What could not be delivered to people outside; needs the option `channels`. */
  readonly channels: Pick<Channels, 'failed' | 'retry'>;
  /** Who is connected; sends notices, disconnects. */
  readonly clients: Clients<App>;
  /** The API of the hub that this package re-implements, name by name. */
  readonly reference: Reference;

  /** @internal */
  constructor(options: HubOptions) {
    const port = new HubPort(options);
    const { store, clock } = options;
    ports.set(this, port);
    this.requests = new Requests(port.hitl);
    this.turns = new AppTurns(port, store);
    this.inbox = new InboxReader(port.inbox);
    this.grants = new AppGrants(port.grants);
    this.links = port.links;
    this.channels = port.channels;
    this.clients = new Clients(port, clock);
    this.reference = new Reference(port, this.clients, clock);
  }

  /**
   * Calls `listener` for each such event, after what it is about is stored, in the order of the ticket's log, on the node that
   * stored it. It is called once, and not again after a crash: what has to arrive goes through a channel. What it throws or
   * rejects with is logged and changes nothing.
   * @param event a name (`'request.resolved'`), all of a thing (`'request.*'`), or `'*'`
   * @param options `signal`: stops it when it aborts
   * @returns what stops it
   * @throws HubError `invalid_request` for an event that is not known, with the nearest name
   */
  on<Pattern extends EventPattern>(
    event: Pattern,
    listener: (event: HubEvent<App, Pattern>) => unknown,
    options?: { signal?: AbortSignal },
  ): () => void {
    return portOf(this).events.on(event, listener as never, options);
  }

  /**
   * Puts a line on a ticket, outside of any turn, that is there tomorrow: a remark of the app, or what a person wrote in Slack
   * or a terminal, which the agent may be asked to answer. Sent and stored like any message; resolves when it is stored.
   * @throws HubError `invalid_request`, `invalid_id`, `empty_message`, `too_large`, `not_found` for the session, `busy`,
   *   `closing`, `storage_failed`
   */
  say(ticketId: string, line: Line): Promise<Accepted> {
    return portOf(this).say(ticketId, line);
  }
}
