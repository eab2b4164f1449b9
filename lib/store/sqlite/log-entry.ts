/** An envelope as a row of the log in SQLite: what a request or a message has is not stored once more, and people are named by number; commits write these, reads put them together again. */
import type { LoggableEnvelope } from '../../protocol/envelopes';
import { messageView } from '../../protocol/message-view';
import type { Author, MessageRecord, Millis, RequestRecord } from '../../protocol/records';
import { type RequestView, requestView, requestViewSchema } from '../../protocol/request-view';
import { toWireTime } from '../../protocol/wire-time';
import type { People } from './people';

type RequestEnvelope = Extract<LoggableEnvelope, { hitl: unknown }>;
type MessageEnvelope = Extract<LoggableEnvelope, { message: unknown }>;

/** Fields of a view that a request has as long as it is not amended. */
const fixed = [
  'id',
  'session_id',
  'ticket_id',
  'turn_id',
  'type',
  'user_id',
  'payload',
  'display',
  'message_id',
  'revision',
  'digest',
  'created_at',
  'expires_at',
  'response_schema',
] as const satisfies readonly (keyof RequestView)[];
type Fixed = (typeof fixed)[number];

/** Every field of a view, in the order in which it has them. */
const inOrder = Object.keys(requestViewSchema.shape) as (keyof RequestView)[];
const isFixed = new Set<string>(fixed);
/** Those that an entry has itself. */
const changing = inOrder.filter((field) => !isFixed.has(field));

/** An envelope about a request, as JSON; the row says which request. */
export interface RequestEntry {
  event: RequestEnvelope['event'];
  /** Which of the things that it asked. */
  base: number;
  hitl: NamedView;
  cause?: unknown;
  timestamp?: string;
}

/** A view with numbers in the place of authors. */
type NamedView = Omit<
  RequestView,
  Fixed | 'claimed_by' | 'responded_by' | 'verdicts' | 'grant' | 'used_grant'
> & {
  claimed_by?: { by: number; until: string };
  responded_by?: number;
  verdicts?: (Omit<NonNullable<RequestView['verdicts']>[number], 'by'> & { by: number })[];
  grant?: Omit<NonNullable<RequestView['grant']>, 'revoked_by'> & { revoked_by?: number | undefined };
  used_grant?: { id: string; given_by: number[] };
};

/** An envelope about a message, as JSON; the row says which message. */
export interface MessageEntry {
  event: MessageEnvelope['event'];
  timestamp?: string;
  streamed?: true;
}

/**
 * The entry of an envelope about a request that asks what the record asks; nothing for any other.
 * @param base the number of what it asks
 */
export function requestEntry(
  people: People,
  envelope: LoggableEnvelope,
  record: RequestRecord,
  base: number,
  at: Millis,
): RequestEntry | undefined {
  if (!('hitl' in envelope)) return undefined;
  const { event, timestamp, session_id, hitl, cause } = envelope;
  const whole = requestView({ ...record, status: hitl.status }, 0);
  const isWhole =
    session_id === record.sessionId && fixed.every((field) => isSame(hitl[field], whole[field]));
  if (!isWhole || !isInOrder(envelope)) return undefined;
  return {
    event,
    base,
    hitl: namedView(people, hitl),
    ...(cause && { cause: { ...cause, ...(cause.by && { by: people.number(authorOf(cause.by)) }) } }),
    ...(timestamp !== toWireTime(at, at) && { timestamp }),
  };
}

/** Whether fields stand as they will when they are put together again: what is read is to the byte what was committed. */
function isInOrder(envelope: RequestEnvelope): boolean {
  const { hitl, cause } = envelope;
  const fields = inOrder.filter((field) => hitl[field] !== undefined);
  const { claimed_by, responded_by, verdicts = [], grant, used_grant } = hitl;
  const authors = [cause?.by, responded_by, grant?.revoked_by, ...(used_grant?.given_by ?? [])];
  return (
    hasFields(
      envelope,
      cause ? 'event,timestamp,session_id,hitl,cause' : 'event,timestamp,session_id,hitl',
    ) &&
    hasFields(hitl, fields.join()) &&
    hasFields(claimed_by, 'user_id,display_name,until') &&
    [...authors, ...verdicts.map(({ by }) => by)].every((author) => hasFields(author, 'user_id,display_name'))
  );
}

function hasFields(value: object | undefined, fields: string): boolean {
  return value === undefined || Object.keys(value).join() === fields;
}

/** Most are the same object or the same text, which is found out at once. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other));
}

function namedView(people: People, view: RequestView): NamedView {
  const own = Object.fromEntries(
    changing.flatMap((field) => (view[field] === undefined ? [] : [[field, view[field]]])),
  );
  const { claimed_by, responded_by, verdicts, grant, used_grant, ...same } = own as Omit<RequestView, Fixed>;
  const number = (author: AuthorView) => people.number(authorOf(author));
  return {
    ...same,
    ...(claimed_by && { claimed_by: { by: number(claimed_by), until: claimed_by.until } }),
    ...(responded_by && { responded_by: number(responded_by) }),
    ...(verdicts && { verdicts: verdicts.map((each) => ({ ...each, by: number(each.by) })) }),
    ...(grant && { grant: { ...grant, revoked_by: grant.revoked_by && number(grant.revoked_by) } }),
    ...(used_grant && { used_grant: { ...used_grant, given_by: used_grant.given_by.map(number) } }),
  };
}

/** The envelope of an entry. @param record of the request as it was asked then */
export function requestEnvelope(
  people: People,
  { event, hitl, cause, timestamp }: RequestEntry,
  record: RequestRecord,
  at: Millis,
): LoggableEnvelope {
  const whole = requestView({ ...record, status: hitl.status }, 0);
  const { claimed_by, responded_by, verdicts, grant, used_grant, ...same } = hitl;
  const author = (n: number) => viewOf(people.author(n));
  const by = cause as { by?: number } | undefined;
  return {
    event,
    timestamp: timestamp ?? toWireTime(at, at),
    session_id: record.sessionId,
    hitl: viewInOrder(whole, {
      ...same,
      ...(claimed_by && { claimed_by: { ...author(claimed_by.by), until: claimed_by.until } }),
      ...(responded_by !== undefined && { responded_by: author(responded_by) }),
      ...(verdicts && { verdicts: verdicts.map((each) => ({ ...each, by: author(each.by) })) }),
      ...(grant && {
        grant: { ...grant, ...(grant.revoked_by !== undefined && { revoked_by: author(grant.revoked_by) }) },
      }),
      ...(used_grant && { used_grant: { ...used_grant, given_by: used_grant.given_by.map(author) } }),
    }),
    ...(by && { cause: { ...by, ...(by.by !== undefined && { by: author(by.by) }) } }),
  } as LoggableEnvelope;
}

/** As it was committed: what is asked from the one, what became of it from the other. */
function viewInOrder(whole: RequestView, fields: Record<string, unknown>): Partial<RequestView> {
  const entries = inOrder.map((field) => [field, isFixed.has(field) ? whole[field] : fields[field]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The entry of an envelope that says what a message says after this commit; nothing for one that says anything else. */
export function messageEntry(envelope: LoggableEnvelope, message: MessageRecord): MessageEntry | undefined {
  if (!('message' in envelope)) return undefined;
  const { event, timestamp, session_id, turn_id } = envelope;
  const streamed = 'streamed' in envelope && envelope.streamed;
  const turn = message.turnId ? ',turn_id' : '';
  const fields = `event,timestamp,session_id${turn},message${streamed ? ',streamed' : ''}`;
  const isOfIt = session_id === message.sessionId && (turn === '' || turn_id === message.turnId);
  const view = messageView(message, 0);
  if (!isOfIt || !hasFields(envelope, fields) || !isSameView(envelope.message, view)) return undefined;
  return { event, ...(streamed && { streamed }), ...(timestamp !== timeOf(view) && { timestamp }) };
}

/** Field by field, which costs a tenth of their texts. */
function isSameView(one: MessageEnvelope['message'], other: MessageEnvelope['message']): boolean {
  const fields = Object.keys(other) as (keyof MessageEnvelope['message'])[];
  return (
    hasFields(one, fields.join()) &&
    fields.every((field) =>
      field === 'author' ? isSame(one[field], other[field]) : one[field] === other[field],
    )
  );
}

/** The envelope of an entry. @param message as it was then */
export function messageEnvelope(
  { event, timestamp, streamed }: MessageEntry,
  message: MessageRecord,
): LoggableEnvelope {
  const view = messageView(message, 0);
  const whole = {
    event,
    timestamp: timestamp ?? timeOf(view),
    session_id: message.sessionId,
    ...(message.turnId && { turn_id: message.turnId }),
    message: view,
    ...(streamed && { streamed }),
  };
  return whole as LoggableEnvelope;
}

function timeOf({ created_at, updated_at }: MessageEnvelope['message']): string {
  return updated_at ?? created_at;
}

type AuthorView = { user_id: string; display_name: string };

function authorOf({ user_id: userId, display_name: displayName }: AuthorView): Author {
  return { userId, displayName };
}

function viewOf({ userId, displayName }: Author): AuthorView {
  return { user_id: userId, display_name: displayName };
}
