/** The sessions that were spoken in last, as they are stored, whoever speaks in them, so that none is read with every message; turns hold them. */
import type { SessionRecord } from '../../protocol/records';

/** Sessions held in memory; the longest unused one is dropped first, and read from the store when needed. */
export const maxKnownSessions = 10_000;

export class KnownSessions {
  private readonly known = new Map<string, SessionRecord>();

  constructor(private readonly max = maxKnownSessions) {}

  get(id: string): SessionRecord | undefined {
    return this.known.get(id);
  }

  /** Once it is stored like this. */
  remember(session: SessionRecord): void {
    this.known.delete(session.id);
    this.known.set(session.id, session);
    const [oldest] = this.known.keys();
    if (this.known.size > this.max && oldest !== undefined) this.known.delete(oldest);
  }
}
