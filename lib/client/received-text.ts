/** What a text from the server is: an envelope, a logged one, or something of the app's own; the link asks. */
import type { Envelope } from '../protocol/envelopes';
import type { InboxEnvelope } from '../protocol/inbox-envelopes';
import type { LogPosition } from './follower';

export function isLogged(envelope: object): envelope is LogPosition {
  return (
    'epoch' in envelope &&
    typeof envelope.epoch === 'string' &&
    'seq' in envelope &&
    typeof envelope.seq === 'number'
  );
}

/** Nothing for text that is no envelope: apps may send their own. */
export function parseEnvelope(text: string): Envelope | InboxEnvelope | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // The server's promise: what has an `event` that this version knows has its fields too.
    return typeof value === 'object' && value !== null && 'event' in value && typeof value.event === 'string'
      ? (value as Envelope | InboxEnvelope)
      : undefined;
  } catch {
    return undefined;
  }
}
