/** What is large and repeats in a log: a request's view is in every envelope about it, so its large fields are stored once, by the hash of their text, and envelopes name them; both stores write and read their logs with this. */
import { createHash } from 'node:crypto';
import type { LoggableEnvelope } from '../../protocol/envelopes';

/** Fields of a request's view that stay what they are over many envelopes. */
const shared = ['payload', 'display', 'response_schema', 'policy', 'verdicts', 'response'] as const;
/** Characters of a field from which on it is stored apart. */
export const minPartLength = 256;

type Shared = (typeof shared)[number];

/** An envelope as it is stored. */
export interface StoredEnvelope {
  /** JSON; in the place of a field that is stored apart it has null. */
  body: string;
  /** By name, the JSON of what is stored apart. */
  parts: ReadonlyMap<string, string>;
}

/** The body of an envelope of which fields are stored apart. */
export interface WithParts {
  envelope: LoggableEnvelope;
  /** By field, the name of what is stored apart. */
  parts: Readonly<Record<string, string>>;
}

/** The envelope in the form in which a log stores it. @throws whatever JSON throws for what it cannot write */
export function toStored(envelope: LoggableEnvelope): StoredEnvelope {
  const parts = new Map<string, string>();
  if (!('hitl' in envelope)) return { body: JSON.stringify(envelope), parts };
  const names: Partial<Record<Shared, string>> = {};
  for (const field of shared) {
    const text = envelope.hitl[field] && JSON.stringify(envelope.hitl[field]);
    if (text === undefined || text.length < minPartLength) continue;
    names[field] = createHash('sha256').update(text).digest('base64url');
    parts.set(names[field], text);
  }
  if (parts.size === 0) return { body: JSON.stringify(envelope), parts };
  // A field that is null here has its place in the order of the others.
  const apart = Object.fromEntries(Object.keys(names).map((field) => [field, null]));
  const slim = { ...envelope, hitl: { ...envelope.hitl, ...apart } };
  return { body: JSON.stringify({ envelope: slim, parts: names }), parts };
}

/**
 * The envelope of a body that was parsed.
 * @param part what is stored under a name, parsed
 * @throws whatever `part` throws
 */
export function fromStored(
  body: LoggableEnvelope | WithParts,
  part: (name: string) => unknown,
): LoggableEnvelope {
  if (!('parts' in body)) return body;
  const { envelope, parts } = body;
  const fields = Object.entries(parts).map(([field, name]) => [field, part(name)]);
  return 'hitl' in envelope
    ? { ...envelope, hitl: { ...envelope.hitl, ...Object.fromEntries(fields) } }
    : envelope;
}
