/** Which disconnects the app has asked for lately: they also hold for clients that were still connecting, or had a frame under way, at that moment; the hub owns one and seats ask it. */
import { HubError } from '../errors';
import { type CloseName, closeCodes } from '../protocol/close-codes';
import type { InboxClient } from './inbox/inbox-client';
import type { Client } from './tickets/client';

/** Whom the app sends away. */
export type Matches = (client: Client | InboxClient) => boolean;

/** Calls of `disconnect` that are remembered; a handshake or frame that is older than all of them is refused. */
export const maxDisconnects = 1_000;

interface Disconnect {
  matches: Matches;
  code: CloseName;
}

export class Disconnects {
  /** Calls so far. */
  private total = 0;
  /** The last of them, oldest first. */
  private readonly last: Disconnect[] = [];
  private readonly arrivals = new WeakMap<object, number>();

  /** How many calls there were: a moment to go by later. */
  get count(): number {
    return this.total;
  }

  /** The moment at which this request came, fixed by the first who asks: before anything was read that says who it is. */
  arrivalOf(req: object): number {
    const known = this.arrivals.get(req) ?? this.total;
    this.arrivals.set(req, known);
    return known;
  }

  note(matches: Matches, code: CloseName): void {
    this.total += 1;
    if (this.last.push({ matches, code }) > maxDisconnects) this.last.shift();
  }

  /**
   * @param since when the client began to join
   * @throws HubError if it was disconnected since: what the close code says, `unavailable` where that code means reconnect
   */
  assertMayEnter(client: Client | InboxClient, since: number): void {
    const code = this.codeFor(client, since);
    if (code) throw refusalOf(code);
  }

  /**
   * @param since when its frame came
   * @throws HubError if it was disconnected for good since; frames of a client that may reconnect are carried out
   */
  assertMayFinish(client: Client | InboxClient, since: number): void {
    const code = this.codeFor(client, since);
    if (code && !closeCodes[code].comeBack) throw refusalOf(code);
  }

  private codeFor(client: Client | InboxClient, since: number): CloseName | undefined {
    const missed = this.total - since;
    if (missed === 0) return undefined;
    if (missed > this.last.length) throw new HubError('unavailable');
    return this.last.slice(-missed).find(({ matches }) => isMatch(matches, client))?.code;
  }
}

/** A test of the app that throws counts as a match: the client is disconnected. */
function isMatch(matches: Matches, client: Client | InboxClient): boolean {
  try {
    return matches(client);
  } catch {
    return true;
  }
}

function refusalOf(code: CloseName): HubError {
  if (code === 'session_ended') return new HubError('authentication_required');
  if (code === 'not_found') return new HubError('not_found');
  return new HubError(closeCodes[code].comeBack ? 'unavailable' : 'forbidden');
}
