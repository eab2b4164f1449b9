/** The server's time as this page knows it: whatever the page's own clock says, deadlines and ages are counted by this one; `Connections` has one for all its components. */
import type { Clock, Envelope, InboxEnvelope } from '../client';

/** Sent to this client alone at the moment of joining: a clock that was set back in the meantime is believed again. */
const joins: ReadonlySet<string> = new Set(['welcome', 'inbox_snapshot']);

/**
 * Between two timestamps it goes on with the page's clock, of which only differences count. Each timestamp that arrives
 * is a time that the server has reached already, so the one that puts it furthest ahead is the best estimate; a repeated
 * envelope, whose timestamp is old, changes nothing.
 */
export class ServerClock implements Clock {
  private aheadMs = 0;
  /** What the estimate is made of; a socket knows it to the millisecond, a `Date` header to the second. */
  private source: 'page' | 'rest' | 'socket' = 'page';

  /** @param clock of the page, which goes on evenly */
  constructor(private readonly clock: Clock) {}

  /** Milliseconds since 1970 on the server; the page's own time until anything has said it. */
  now(): number {
    return this.clock.now() + this.aheadMs;
  }

  later(ms: number, call: () => void): () => void {
    return this.clock.later(ms, call);
  }

  /** An envelope has arrived. */
  hear(envelope: Envelope | InboxEnvelope): void {
    if ('timestamp' in envelope && typeof envelope.timestamp === 'string')
      this.reach(envelope.timestamp, 'socket', joins.has(envelope.event));
  }

  /** An answer over REST has arrived. @param date its `Date` header */
  hearDate(date: string | null | undefined): void {
    if (this.source !== 'socket') this.reach(date, 'rest', false);
  }

  private reach(time: string | null | undefined, source: 'rest' | 'socket', isNow: boolean): void {
    const aheadMs = Date.parse(time ?? '') - this.clock.now();
    if (Number.isNaN(aheadMs)) return;
    if (isNow || this.source !== source || aheadMs > this.aheadMs) this.aheadMs = aheadMs;
    this.source = source;
  }
}
