/** One tick's envelopes of one ticket on their way to its clients, encoded once per dialect; rooms make them, connections send them. */
import type { EphemeralEnvelope, LoggedEnvelope } from '../protocol/envelopes';

/** Text that is sent as it is, in every dialect. */
export interface RawFrame {
  raw: string;
}

export type Outbound = LoggedEnvelope | EphemeralEnvelope | RawFrame;

/** Logged envelopes must reach the client or the client must go; the others may be dropped for a slow one. */
export function isLogged(outbound: Outbound): outbound is LoggedEnvelope {
  return 'seq' in outbound;
}

export class Broadcast {
  private readonly encodings = new Map<string, unknown>();

  constructor(readonly outbounds: readonly Outbound[]) {}

  /** What `encode` makes of this broadcast, made once per `dialect` however many clients ask. */
  encoded<T>(dialect: string, encode: (outbounds: readonly Outbound[]) => T): T {
    if (!this.encodings.has(dialect)) this.encodings.set(dialect, encode(this.outbounds));
    return this.encodings.get(dialect) as T;
  }
}
