/** One tick's envelopes of one ticket on their way to its clients, encoded once per form; rooms make them, connections send them. */
import type { EphemeralEnvelope, LoggedEnvelope } from '../../protocol/envelopes';
import type { RequestView } from '../../protocol/request-view';

/** Text that is sent as it is, in every dialect. */
export interface RawFrame {
  raw: string;
}

/** A pending request that is replayed to clients which show one at a time; the others have it and are sent nothing. */
export interface PromptAgain {
  prompt: RequestView;
  /** The position of the log when it was pending: a client that is further has newer information. */
  asOf: number;
}

/** What reaches all clients of a ticket. */
export type Outbound = LoggedEnvelope | EphemeralEnvelope | RawFrame | PromptAgain;

/** Logged envelopes must reach the client or the client must go; the others may be dropped for a slow one. */
export function isLogged(outbound: Outbound): outbound is LoggedEnvelope {
  return 'seq' in outbound;
}

export function isPrompt(outbound: object): outbound is PromptAgain {
  return 'prompt' in outbound;
}

export class Broadcast {
  /** How many of the envelopes may be dropped. */
  readonly ephemerals: number;
  /** Of the newest logged envelope; none without one. */
  readonly lastSeq: number | undefined;
  private readonly firstSeq: number | undefined;
  private readonly encodings: Record<string, unknown> = {};

  /** @param outbounds the logged ones of one ticket, in the order of its log @internal */
  constructor(readonly outbounds: readonly Outbound[]) {
    let ephemerals = 0;
    for (const each of outbounds) {
      if (isLogged(each)) {
        this.firstSeq ??= each.seq;
        this.lastSeq = each.seq;
      } else if (isPrompt(each)) {
        this.firstSeq ??= each.asOf + 1;
      } else {
        ephemerals += 1;
      }
    }
    this.ephemerals = ephemerals;
  }

  /** Whether all that has a place in the log is newer than `seq`. */
  isAfter(seq: number): boolean {
    return this.firstSeq === undefined || this.firstSeq > seq;
  }

  /** Without what is about messages that grow: for a client that will be sent all of these so far. */
  get withoutDeltas(): Broadcast {
    const others = this.outbounds.filter((each) => !('event' in each) || each.event !== 'message_delta');
    return others.length === this.outbounds.length ? this : new Broadcast(others);
  }

  /** What `encode` makes of this broadcast, made once per `form` however many clients ask. */
  encoded<T>(form: string, encode: (outbounds: readonly Outbound[]) => T): T {
    const known = this.encodings[form];
    if (known !== undefined) return known as T;
    const made = encode(this.outbounds);
    this.encodings[form] = made;
    return made;
  }
}
