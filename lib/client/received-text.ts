/** What a text from the server is: an envelope, a logged one, or something of the app's own; the link asks. */
import type { Envelope } from '../protocol/envelopes';
import type { InboxEnvelope } from '../protocol/inbox-envelopes';
import type { LogPosition } from './follower';

export function isLogged(envelope: object): envelope is LogPosition {
  const { epoch, seq } = envelope as Partial<LogPosition>;
  return typeof epoch === 'string' && typeof seq === 'number';
}

/** Nothing for text that is no envelope: apps may send their own. */
export function parseEnvelope(text: string): Envelope | InboxEnvelope | undefined {
  try {
    const value: { event?: unknown } | null = JSON.parse(text);
    // The server's promise: what has an `event` that this version knows has its fields too.
    return typeof value?.event === 'string' ? (value as Envelope | InboxEnvelope) : undefined;
  } catch {
    return undefined;
  }
}
