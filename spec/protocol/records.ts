/** One full record of each kind, for the specs beside this file. */
import type { MessageRecord, RequestRecord, SessionRecord, TurnRecord } from '../../lib/protocol/records';

export const now = Date.parse('2026-02-03T10:00:00.000Z');
export const at = (seconds: number) => now + seconds * 1000;
export const iso = (seconds: number) => new Date(at(seconds)).toISOString();

export const session: SessionRecord = {
  id: 's-1',
  ticketId: 'INC-7',
  source: 'web',
  userId: 'ana',
  tabId: 'tab-1',
  createdAt: at(1),
  lastActiveAt: at(2),
};

export const turn: TurnRecord = {
  id: 't-1',
  ticketId: 'INC-7',
  sessionId: 's-1',
  userId: 'ana',
  status: 'running',
  intent: 'block an address',
  queuedAt: at(3),
  startedAt: at(4),
};

export const endedTurn: TurnRecord = { ...turn, status: 'aborted', endedAt: at(5), reason: 'error' };

/** Of a durable agent, which waits for people or a time. */
export const waitingTurn: TurnRecord = {
  ...turn,
  status: 'waiting',
  messageId: 'm-1',
  user: { id: 'ana', name: 'Ana', groups: ['soc'] },
  run: { version: 'may', generation: 3, leg: 1, tries: 0, triedAt: 7, dueAt: at(9), when: ['r-1'] },
  waitsFor: { since: at(5), requestIds: ['r-1', 'r-2'], until: at(9) },
  continuedAt: at(4.5),
};

/** Of a durable agent, which cannot go on by itself. */
export const stuckTurn: TurnRecord = {
  ...turn,
  status: 'stuck',
  run: { generation: 1, leg: 0, tries: 1, triedAt: 2 },
  problem: {
    reason: 'changed',
    at: at(8),
    message: 'Recorded call 2 (step:lookup#1) is not made; instead: say:trace#2',
    recorded: 'step:lookup#1',
    instead: ['say:trace#2'],
  },
};

export const message: MessageRecord = {
  id: 'm-1',
  ticketId: 'INC-7',
  sessionId: 's-1',
  turnId: 't-1',
  type: 'user',
  author: { userId: 'ana', displayName: 'Ana' },
  content: 'Block it',
  createdAt: at(6),
  revisions: [],
};

export const updatedMessage: MessageRecord = {
  ...message,
  type: 'trace',
  content: 'Looked it up',
  updatedAt: at(7),
  revisions: [{ content: 'Looking it up', updatedAt: at(6) }],
};

/** With everything a request can have, whether or not it can have all of it at one time. */
export const request: RequestRecord = {
  id: 'r-1',
  ticketId: 'INC-7',
  sessionId: 's-1',
  turnId: 't-1',
  messageId: 'm-1',
  type: 'tool_approval',
  payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
  digest: `sha256:${'0'.repeat(64)}`,
  revision: 2,
  status: 'approved',
  userId: 'ana',
  key: 'block',
  detached: true,
  createdAt: at(8),
  expiresAt: at(9),
  claim: { by: { userId: 'ben', displayName: 'Ben' }, at: at(10), until: at(11) },
  respondedBy: { userId: 'ben', displayName: 'Ben' },
  respondedAt: at(12),
  response: { comment: 'Known scanner' },
  reason: 'said so',
  policy: {
    stages: [
      { name: 'analyst', groups: ['soc'], approvals: 1 },
      { name: 'lead', users: ['ben', 'cem'], approvals: 2, of: 3 },
    ],
    excludeRequester: true,
    denial: 'majority',
    claim: 'exclusive',
    // As a store may have it: the first round says not out of how many.
  } as never,
  stage: 1,
  verdicts: [
    { by: { userId: 'dan', displayName: 'Dan' }, at: at(13), status: 'approved', stage: 0, comment: 'Fine' },
    { by: { userId: 'cem', displayName: 'Cem' }, at: at(14), status: 'denied', stage: 1 },
  ],
  approvedDigest: `sha256:${'2'.repeat(64)}`,
  execution: {
    state: 'failed',
    runId: 'run-1',
    startedAt: at(15),
    until: at(16),
    endedAt: at(17),
    error: 'no route',
  },
};

/** The optional fields that are `undefined` or gone: what is left of a record when there is nothing to say. */
export const bareRequest: RequestRecord = {
  id: 'r-2',
  ticketId: 'INC-7',
  sessionId: 's-1',
  type: 'question',
  payload: {},
  digest: `sha256:${'1'.repeat(64)}`,
  revision: 1,
  status: 'pending',
  userId: '',
  createdAt: at(8),
  response: {},
  policy: {},
  stage: 0,
  verdicts: [],
};

export const bareMessage: MessageRecord = {
  id: 'm-2',
  ticketId: 'INC-7',
  sessionId: 's-1',
  type: 'response',
  content: '',
  createdAt: at(6),
  revisions: [],
};

/** Where the log of the specs stands. */
export const place = { ticket_id: 'INC-7', epoch: 'k3v9', seq: 5 };
