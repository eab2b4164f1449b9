/** A request as rows of SQLite: what is asked apart from what became of it, each without what a column has or everybody knows; commits write it, reads put it together. */
import type { Author, CountedVerdict, RequestRecord } from '../../protocol/records';
import { toolNameOf } from '../shared/inbox-lists';
import type { RequestWrite, StoredRequest } from '../store';
import { listingText, relist } from './listing';
import type { People } from './people';
import { parseJson, parseObject } from './rows';
import type { KnownRequest, RequestRow } from './statements';
import type { Tables } from './tables';

/** The schema of an answer that carries a comment alone, which is that of most: stored as 1. */
const commentSchema =
  '{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"comment":{"type":"string","maxLength":4000}},"additionalProperties":false}';

/** What became of a request: what its record has beside columns and what is asked. */
type State = Pick<
  Partial<RequestRecord>,
  | 'policy'
  | 'stage'
  | 'verdicts'
  | 'claim'
  | 'asker'
  | 'respondedBy'
  | 'respondedAt'
  | 'response'
  | 'reason'
  | 'approvedDigest'
  | 'execution'
  | 'grant'
  | 'usedGrant'
>;

/** The same with people by number. */
type NamedState = Partial<
  Undefinable<Omit<State, 'respondedBy' | 'claim' | 'verdicts' | 'grant' | 'usedGrant' | 'approvedDigest'>>
> & {
  respondedBy?: number | undefined;
  claim?: (Omit<NonNullable<RequestRecord['claim']>, 'by'> & { by: number }) | undefined;
  verdicts?: (Omit<CountedVerdict, 'by'> & { by: number })[] | undefined;
  grant?:
    | (Omit<NonNullable<RequestRecord['grant']>, 'revokedBy'> & { revokedBy?: number | undefined })
    | undefined;
  usedGrant?: { id: string; givenBy: number[] } | undefined;
  /** True where it is the digest of what was asked. */
  approvedDigest?: string | true | undefined;
};

type NamedBase = Partial<
  Undefinable<
    Pick<
      RequestRecord,
      | 'payload'
      | 'display'
      | 'digest'
      | 'messageId'
      | 'revision'
      | 'detached'
      | 'policyDigest'
      | 'termsDigest'
    >
  >
> & {
  userId?: number | undefined;
  responseSchema?: Record<string, unknown> | 1 | undefined;
};

type Undefinable<T> = { [Field in keyof T]: T[Field] | undefined };

/** The two texts of a request. */
export interface RequestTexts {
  base: string;
  state: string;
}

/** The texts of a record: what is asked stays as it is until the request is amended. Inside a transaction that writes. */
export function requestTexts(people: People, record: RequestRecord): RequestTexts {
  const {
    // These are columns.
    id: _id,
    ticketId: _ticketId,
    sessionId: _sessionId,
    turnId: _turnId,
    type: _type,
    key: _key,
    status: _status,
    createdAt: _createdAt,
    expiresAt: _expiresAt,
    // What is asked.
    payload,
    display,
    digest,
    responseSchema,
    userId,
    messageId,
    revision,
    detached,
    policyDigest,
    termsDigest,
    ...state
  } = record;
  const base: NamedBase = {
    payload,
    display,
    digest,
    responseSchema: responseSchema && isCommentSchema(responseSchema) ? 1 : responseSchema,
    // Records of early versions have none.
    userId: userId === undefined ? undefined : people.numberOfId(userId),
    messageId,
    revision: revision === 1 ? undefined : revision,
    detached,
    policyDigest,
    termsDigest,
  };
  return { base: JSON.stringify(base), state: JSON.stringify(namedState(people, digest, state)) };
}

function namedState(
  people: People,
  digest: string,
  { policy, stage, verdicts, respondedBy, claim, grant, usedGrant, approvedDigest, ...same }: State,
): NamedState {
  const number = (author: Author) => people.number(author);
  return {
    ...same,
    policy: isEmpty(policy) ? undefined : policy,
    stage: stage === 0 ? undefined : stage,
    verdicts: isEmpty(verdicts) ? undefined : verdicts?.map((each) => ({ ...each, by: number(each.by) })),
    respondedBy: respondedBy && number(respondedBy),
    claim: claim && { ...claim, by: number(claim.by) },
    grant: grant && { ...grant, revokedBy: grant.revokedBy && number(grant.revokedBy) },
    usedGrant: usedGrant && { ...usedGrant, givenBy: usedGrant.givenBy.map(number) },
    approvedDigest: approvedDigest === digest ? true : approvedDigest,
  };
}

function isEmpty(value: object | undefined): boolean {
  for (const _field in value) return false;
  return true;
}

const knownSchemas = new WeakMap<object, boolean>();

/** The schema of a kind is one object for all of its requests, so that it is looked at once. */
function isCommentSchema(schema: object): boolean {
  const known = knownSchemas.get(schema) ?? JSON.stringify(schema) === commentSchema;
  knownSchemas.set(schema, known);
  return known;
}

/**
 * The record of a row.
 * @param base what it asked once, if that is wanted
 * @throws HubError `storage_failed`, its details naming the request, if a text cannot be read
 */
export function requestRecordOf(people: People, row: RequestRow, base = row.base): RequestRecord {
  const { id } = row;
  const { userId, responseSchema, ...asked } = parseObject<NamedBase>('requests', id, base);
  const state = parseObject<NamedState>('requests', id, row.state);
  const { respondedBy, claim, verdicts = [], grant, usedGrant, approvedDigest, ...same } = state;
  const author = (n: number) => people.author(n);
  const record = {
    id,
    ticketId: row.ticketId,
    sessionId: row.sessionId,
    ...(row.turnId !== null && { turnId: row.turnId }),
    type: row.type,
    revision: 1,
    ...(userId !== undefined && { userId: people.id(userId) }),
    ...(responseSchema && {
      responseSchema: responseSchema === 1 ? JSON.parse(commentSchema) : responseSchema,
    }),
    ...(row.key !== null && { key: row.key }),
    status: row.status,
    createdAt: row.createdAt,
    ...(row.expiresAt !== null && { expiresAt: row.expiresAt }),
    ...asked,
    policy: {},
    stage: 0,
    ...same,
    verdicts: verdicts.map((each) => ({ ...each, by: author(each.by) })),
    ...(respondedBy !== undefined && { respondedBy: author(respondedBy) }),
    ...(claim && { claim: { ...claim, by: author(claim.by) } }),
    ...(grant && {
      grant: { ...grant, ...(grant.revokedBy !== undefined && { revokedBy: author(grant.revokedBy) }) },
    }),
    ...(usedGrant && { usedGrant: { ...usedGrant, givenBy: usedGrant.givenBy.map(author) } }),
    ...(approvedDigest !== undefined && {
      approvedDigest: approvedDigest === true ? asked.digest : approvedDigest,
    }),
  };
  return record as RequestRecord;
}

/** As `Store.request`. */
export function storedRequestOf(people: People, row: RequestRow): StoredRequest {
  const { id, snapshot, version, dueAt } = row;
  return {
    record: requestRecordOf(people, row),
    ...(snapshot !== null && { snapshot: parseJson('requests', { id, text: snapshot }) }),
    version,
    ...(dueAt !== null && { dueAt }),
  };
}

/** Numbers of the first and the last record of the audit that a commit has about a request. */
export type AuditSpan = readonly [first: number, last: number];

/**
 * Writes a request; returns the number of its row, and that of what it asks.
 * @param lastSeq the end of its ticket's log before this commit
 * @param span of its audit in this commit
 */
export function writeRequest(
  { s, people }: Tables,
  write: RequestWrite,
  ticket: number,
  lastSeq: number,
  span?: AuditSpan,
): { n: number; base: number } {
  const { record, version, snapshot, answerers, dueAt = null } = write;
  const { id, sessionId, turnId = null, key = null, type, status, createdAt, expiresAt = null } = record;
  const { base, state } = requestTexts(people, record);
  const known = version > 0 ? s.knownRequest.get(id) : undefined;
  const lists = listingText(write);
  const isOpen = status === 'pending' && answerers && !answerers.users && !answerers.groups;
  const columnsOf = (baseNumber: number) =>
    [
      ...([key, type, toolNameOf(record) ?? null, status, Number(isOpen === true), version + 1] as const),
      ...([expiresAt, dueAt, record.claim?.by.userId ?? null, span?.[0] ?? null, span?.[1] ?? null] as const),
      ...([lists, baseNumber, base, state] as const),
      snapshot === undefined ? null : JSON.stringify(snapshot),
    ] as const;
  if (known) {
    const isSame = known.base === base && known.type === type && known.expiresAt === expiresAt;
    const baseNumber = known.baseNumber + Number(!isSame);
    if (!isSame) s.addBase.run(ticket, lastSeq, known.n, known.baseNumber, wholeBase(known));
    s.setRequest.run(...columnsOf(baseNumber), known.n);
    if (!isSame || lists !== known.lists) relist(s, write, known.n, ticket, known.lists, lists);
    return { n: known.n, base: baseNumber };
  }
  const added = s.addRequest.get(
    ...([id, ticket, sessionId, turnId, record.usedGrant?.id ?? null, createdAt] as const),
    ...columnsOf(1),
  );
  const n = Number(added?.n);
  relist(s, write, n, ticket, null, lists);
  return { n, base: 1 };
}

/** What was asked, with what columns have of it. */
function wholeBase({ base, type, expiresAt }: KnownRequest): string {
  try {
    return JSON.stringify({ ...JSON.parse(base), type, expiresAt: expiresAt ?? undefined });
  } catch {
    // It is damaged, and stays so; the request may be written again.
    return base;
  }
}
