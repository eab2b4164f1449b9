import fc from 'fast-check';
import '../seed';
import { messageView, messageViewSchema } from '../../lib/protocol/message-view';
import { requestView, requestViewSchema } from '../../lib/protocol/request-view';
import { sessionView, sessionViewSchema } from '../../lib/protocol/session-view';
import { turnView, turnViewSchema } from '../../lib/protocol/turn-view';
import { toWireTime } from '../../lib/protocol/wire-time';
import {
  at,
  bareMessage,
  bareRequest,
  endedTurn,
  iso,
  message,
  now,
  request,
  session,
  stuckTurn,
  turn,
  updatedMessage,
  waitingTurn,
} from './records';

describe('A view has exactly its fields, in order:', () => {
  test('session', () => {
    expect(Object.entries(sessionView(session, now))).toEqual([
      ['id', 's-1'],
      ['ticket_id', 'INC-7'],
      ['source', 'web'],
      ['user_id', 'ana'],
      ['created_at', iso(1)],
      ['last_active_at', iso(2)],
    ]);
  });

  test('turn', () => {
    expect(Object.entries(turnView(endedTurn, now))).toEqual([
      ['id', 't-1'],
      ['session_id', 's-1'],
      ['status', 'aborted'],
      ['intent', 'block an address'],
      ['started_at', iso(4)],
      ['ended_at', iso(5)],
    ]);
  });

  test('turn that waits', () => {
    expect(Object.entries(turnView(waitingTurn, now))).toEqual([
      ['id', 't-1'],
      ['session_id', 's-1'],
      ['status', 'waiting'],
      ['intent', 'block an address'],
      ['started_at', iso(4)],
      ['version', 'may'],
      ['waits_for', { since: iso(5), request_ids: ['r-1', 'r-2'], until: iso(9) }],
      ['continued_at', iso(4.5)],
    ]);
    const waitsFor = { since: at(5), requestIds: [] };
    expect(turnView({ ...waitingTurn, waitsFor }, now).waits_for).toEqual({ since: iso(5), request_ids: [] });
  });

  test('turn that is stuck', () => {
    const { problem } = stuckTurn;
    expect(Object.entries(turnView(stuckTurn, now))).toEqual([
      ['id', 't-1'],
      ['session_id', 's-1'],
      ['status', 'stuck'],
      ['intent', 'block an address'],
      ['started_at', iso(4)],
      ['problem', { ...problem, at: iso(8) }],
    ]);
    const crashing = { reason: 'crashing', at: at(8), message: 'Three times' } as const;
    expect(turnView({ ...stuckTurn, problem: crashing }, now).problem).toEqual({ ...crashing, at: iso(8) });
  });

  test('of a durable turn neither its user nor how it passes from process to process is shown', () => {
    expect(JSON.stringify(turnView(waitingTurn, now))).not.toMatch(/user|Ana|soc|generation|tries|owner|leg/);
  });

  test('turn without intent and end', () => {
    const { intent: _intent, ...plain } = turn;
    expect(Object.keys(turnView(plain, now))).toEqual(['id', 'session_id', 'status', 'started_at']);
  });

  test('turn that still waits: its start is the time it was queued', () => {
    const { startedAt: _startedAt, ...queued } = turn;
    expect(turnView({ ...queued, status: 'queued' }, now)).toMatchObject({
      status: 'queued',
      started_at: iso(3),
    });
  });

  test('message', () => {
    expect(Object.entries(messageView({ ...updatedMessage, type: 'user' }, now))).toEqual([
      ['id', 'm-1'],
      ['session_id', 's-1'],
      ['turn_id', 't-1'],
      ['type', 'user'],
      ['author', { user_id: 'ana', display_name: 'Ana' }],
      ['content', 'Looked it up'],
      ['created_at', iso(6)],
      ['updated_at', iso(7)],
    ]);
  });

  test('message without turn, author and update: content stays, even empty', () => {
    expect(Object.keys(messageView(bareMessage, now))).toEqual([
      'id',
      'session_id',
      'type',
      'content',
      'created_at',
    ]);
  });

  test('hitl', () => {
    expect(Object.entries(requestView(request, now))).toEqual([
      ['id', 'r-1'],
      ['session_id', 's-1'],
      ['ticket_id', 'INC-7'],
      ['turn_id', 't-1'],
      ['type', 'tool_approval'],
      ['status', 'approved'],
      ['user_id', 'ana'],
      ['payload', { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } }],
      ['response', { comment: 'Known scanner' }],
      ['message_id', 'm-1'],
      ['revision', 2],
      ['digest', request.digest],
      ['created_at', iso(8)],
      ['expires_at', iso(9)],
      ['claimed_by', { user_id: 'ben', display_name: 'Ben', until: iso(11) }],
      ['responded_by', { user_id: 'ben', display_name: 'Ben' }],
      ['responded_at', iso(12)],
      ['reason', 'said so'],
      [
        'policy',
        {
          stages: [
            { name: 'analyst', groups: ['soc'], approvals: 1 },
            { name: 'lead', users: ['ben', 'cem'], approvals: 2, of: 3 },
          ],
          exclude_requester: true,
          denial: 'majority',
          claim: 'exclusive',
        },
      ],
      ['stage', 1],
      [
        'verdicts',
        [
          {
            by: { user_id: 'dan', display_name: 'Dan' },
            status: 'approved',
            at: iso(13),
            stage: 0,
            comment: 'Fine',
          },
          { by: { user_id: 'cem', display_name: 'Cem' }, status: 'denied', at: iso(14), stage: 1 },
        ],
      ],
      ['approved_digest', request.approvedDigest],
      ['execution', { state: 'failed', started_at: iso(15), ended_at: iso(17), error: 'no route' }],
    ]);
  });

  test('hitl with a policy of one round: its rules, and the first stage', () => {
    const policy = { users: ['ben'], groups: ['soc'], name: 'lead', approvals: 2, excludeRequester: false };
    expect(requestView({ ...bareRequest, policy }, now)).toMatchObject({
      policy: { users: ['ben'], groups: ['soc'], name: 'lead', approvals: 2 },
      stage: 0,
    });
    expect(requestView({ ...bareRequest, policy }, now).policy).not.toHaveProperty('exclude_requester');
  });

  test('hitl whose run is still going: its beginning, not who runs it and until when', () => {
    const execution = { state: 'executing', runId: 'run-1', startedAt: at(15), until: at(16) } as const;
    expect(requestView({ ...bareRequest, execution }, now).execution).toEqual({
      state: 'executing',
      started_at: iso(15),
    });
  });

  test('hitl with nothing to say: no empty payload, response or requester', () => {
    expect(Object.keys(requestView(bareRequest, now))).toEqual([
      'id',
      'session_id',
      'ticket_id',
      'type',
      'status',
      'revision',
      'digest',
      'created_at',
    ]);
  });
});

test('Every view passes its own schema unchanged', () => {
  expect(sessionViewSchema.parse(sessionView(session, now))).toEqual(sessionView(session, now));
  for (const each of [turn, endedTurn])
    expect(turnViewSchema.parse(turnView(each, now))).toEqual(turnView(each, now));
  for (const each of [message, updatedMessage, bareMessage]) {
    expect(messageViewSchema.parse(messageView(each, now))).toEqual(messageView(each, now));
  }
  for (const each of [request, bareRequest]) {
    expect(requestViewSchema.parse(requestView(each, now))).toEqual(requestView(each, now));
  }
});

describe('A time that is missing or zero never travels:', () => {
  test('created_at is now instead', () => {
    expect(sessionView({ ...session, createdAt: 0 }, now).created_at).toBe(iso(0));
    expect(messageView({ ...message, createdAt: 0 }, now).created_at).toBe(iso(0));
    expect(requestView({ ...request, createdAt: 0 }, now).created_at).toBe(iso(0));
  });

  test('last_active_at is created_at instead, or now', () => {
    expect(sessionView({ ...session, lastActiveAt: 0 }, now).last_active_at).toBe(iso(1));
    expect(sessionView({ ...session, lastActiveAt: 0, createdAt: 0 }, now).last_active_at).toBe(iso(0));
  });

  test('started_at is now instead', () => {
    const { startedAt: _startedAt, ...queued } = turn;
    expect(turnView({ ...queued, queuedAt: 0 }, now).started_at).toBe(iso(0));
  });

  test('ended_at, updated_at, expires_at and responded_at are left out', () => {
    expect(turnView({ ...endedTurn, endedAt: 0 }, now)).not.toHaveProperty('ended_at');
    expect(messageView({ ...updatedMessage, updatedAt: 0 }, now)).not.toHaveProperty('updated_at');
    const view = requestView({ ...request, expiresAt: 0, respondedAt: 0 }, now);
    expect(view).not.toHaveProperty('expires_at');
    expect(view).not.toHaveProperty('responded_at');
  });

  test('whatever stands in for a time, the year is one in which we live', () => {
    const odd = fc.oneof(
      fc.constantFrom(undefined, 0, -1, -62_135_596_800_000, Number.NaN),
      fc.date().map(Number),
    );
    fc.assert(
      fc.property(odd, (given) => {
        const told = toWireTime(given, now);
        const isKnown = given !== undefined && given > 0;
        expect(told).toBe(new Date(isKnown ? given : now).toISOString());
        expect(Date.parse(told)).toBeGreaterThan(0);
      }),
    );
  });
});

test('A time in another form than RFC 3339 is not accepted', () => {
  for (const wrong of [
    String(at(1)),
    at(1),
    '2026-02-03',
    '2026-02-03 10:00:00Z',
    '2026-02-03T10:00:00',
    '',
  ]) {
    expect(turnViewSchema.safeParse({ ...turnView(turn, now), started_at: wrong }).success).toBe(false);
  }
});
