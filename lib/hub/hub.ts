/** The hub as an app uses it: `hitl.hub`; what is behind each member is beside it. */

import { AppTurns } from './app-turns';
import { Clients } from './clients';
import type { EventPattern, HubEvent } from './hub-events';
import { InboxReader } from './inbox/inbox-reader';
import type { Channels } from './outbox/channels';
import type { Links } from './outbox/links';
import { type HubOptions, HubPort } from './port';
import { Reference } from './reference';
import type { Grants } from './requests/grants';
import type { Hitl } from './requests/hitl';
import type { Line } from './turns/say';
import type { Accepted } from './turns/turns';

/** Each hub with what the transport and the test hub use of it. */
const ports = new WeakMap<Hub, HubPort>();

/** The internal side of a hub. */
export function portOf(hub: Hub): HubPort {
  const port = ports.get(hub);
  if (!port) throw new TypeError('This hub was not made by expressHitl');
  return port;
}

export class Hub {
  /** Asks people, answers, claims, amends, withdraws, waits, lists. */
  readonly requests: Hitl;
  /** Brings chat messages in, and ends turns. */
  readonly turns: AppTurns;
  /** What waits for a person, across tickets. */
  readonly inbox: InboxReader;
  /** What people allowed beyond one call. */
  readonly grants: Grants;
  /** Links by which one person answers from a mail or a chat; needs the option `links`. */
  readonly links: Pick<Links, 'create'>;
  /** What could not be delivered to people outside; needs the option `channels`. */
  readonly channels: Pick<Channels, 'failed'>;
  /** Who is connected; sends notices, disconnects. */
  readonly clients: Clients;
  /** The API of the hub that this package re-implements, name by name. */
  readonly reference: Reference;

  constructor(options: HubOptions) {
    const port = new HubPort(options);
    const { store, clock } = options;
    ports.set(this, port);
    this.requests = port.hitl;
    this.turns = new AppTurns(port, store);
    this.inbox = new InboxReader(port.inbox);
    this.grants = port.grants;
    this.links = port.links;
    this.channels = port.channels;
    this.clients = new Clients(port, clock);
    this.reference = new Reference(port, this.clients, clock);
  }

  /** As `requests`. */
  get hitl(): Hitl {
    return this.requests;
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
    listener: (event: HubEvent<Pattern>) => unknown,
    options?: { signal?: AbortSignal },
  ): () => void {
    return portOf(this).events.on(event, listener, options);
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
