/** Records, writes and commits with sensible defaults: what the contract gives a store to persist. */
import type { AuditRecord } from '../../protocol/audit';
import { sessionMessageAdded } from '../../protocol/envelopes';
import type {
  GrantRecord,
  MessageRecord,
  Millis,
  RequestRecord,
  SessionRecord,
  TurnRecord,
  TurnRun,
} from '../../protocol/records';
import type { Commit, RequestWrite } from '../store';

/** The time of every record that does not say another. */
export const noon: Millis = Date.UTC(2025, 5, 15, 12);

let made = 0;

/** An id that no other call in this process gives. */
function newId(kind: string): string {
  made += 1;
  return `${kind}-${made}`;
}

export function sessionRecord(fields: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: newId('session'),
    ticketId: 'ticket',
    source: 'web',
    userId: 'ann',
    tabId: 'tab',
    createdAt: noon,
    lastActiveAt: noon,
    ...fields,
  };
}

/** A running turn. */
export function turnRecord(fields: Partial<TurnRecord> = {}): TurnRecord {
  return {
    id: newId('turn'),
    ticketId: 'ticket',
    sessionId: 'session',
    userId: 'ann',
    status: 'running',
    queuedAt: noon,
    startedAt: noon,
    ...fields,
  };
}

/** A running turn of a durable agent, taken once. */
export function durableTurn(fields: Partial<TurnRecord> = {}, run: Partial<TurnRun> = {}): TurnRecord {
  return turnRecord({ ...fields, run: { generation: 1, leg: 0, tries: 1, triedAt: 0, ...run } });
}

/** Something Ann wrote. */
export function messageRecord(fields: Partial<MessageRecord> = {}): MessageRecord {
  return {
    id: newId('message'),
    ticketId: 'ticket',
    sessionId: 'session',
    type: 'user',
    author: { userId: 'ann', displayName: 'Ann' },
    content: 'Please look at this host',
    createdAt: noon,
    revisions: [],
    ...fields,
  };
}

/** A pending tool approval without key, turn or deadline. */
export function requestRecord(fields: Partial<RequestRecord> = {}): RequestRecord {
  return {
    id: newId('request'),
    ticketId: 'ticket',
    sessionId: 'session',
    type: 'tool_approval',
    payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
    digest: `sha256:${'0'.repeat(64)}`,
    revision: 1,
    status: 'pending',
    userId: 'ann',
    createdAt: noon,
    policy: {},
    stage: 0,
    verdicts: [],
    ...fields,
  };
}

/** A grant for the request's tool in its ticket, for an hour. */
export function grantRecord(fields: Partial<GrantRecord> = {}): GrantRecord {
  return {
    id: newId('grant'),
    toolName: 'block_ip',
    scope: 'ticket',
    ticketId: 'ticket',
    args: 'exact',
    toolArgs: { ip: '203.0.113.7' },
    requestId: 'request',
    givenBy: [{ userId: 'bob', displayName: 'Bob' }],
    policy: {},
    covers: `sha256:${'1'.repeat(64)}`,
    createdAt: noon,
    expiresAt: noon + 3_600_000,
    used: 0,
    ...fields,
  };
}

/** A first write of the record, unless `version` says otherwise. */
export function requestWrite(
  record: RequestRecord,
  fields: Partial<Omit<RequestWrite, 'record'>> = {},
): RequestWrite {
  return { record, snapshot: { version: 1, snapshot: { value: record.status } }, version: 0, ...fields };
}

/** A record of the audit of a request that was asked. */
export function auditRecord(fields: Partial<AuditRecord> = {}): AuditRecord {
  return {
    ticketId: 'ticket',
    requestId: 'request',
    at: noon,
    event: 'requested',
    toState: 'pending.open',
    status: 'pending',
    by: { userId: 'ann', displayName: 'Ann' },
    via: 'rest',
    from: '192.0.2.1',
    revision: 1,
    digest: `sha256:${'0'.repeat(64)}`,
    ...fields,
  };
}

/** A commit to the ticket that changes nothing but what is given. */
export function commitTo(ticketId: string, fields: Partial<Omit<Commit, 'ticketId'>> = {}): Commit {
  return { ticketId, at: noon, envelopes: [], ...fields };
}

/** A commit of one chat message and its envelope. */
export function chatCommit(
  ticketId: string,
  content: string,
  fields: Partial<Omit<Commit, 'ticketId'>> = {},
): Commit {
  const message = messageRecord({ ticketId, content });
  return commitTo(ticketId, {
    messages: [message],
    envelopes: [sessionMessageAdded(message, noon)],
    ...fields,
  });
}

/** A commit that writes these requests, each for the first time, to the ticket of the first. */
export function requestsCommit(...requests: readonly RequestRecord[]): Commit {
  return commitTo(requests[0]?.ticketId ?? 'ticket', {
    requests: requests.map((record) => requestWrite(record)),
  });
}
