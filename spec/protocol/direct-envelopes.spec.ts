import { errorCodes, HubError } from '../../lib/errors';
import { type DirectEnvelope, directSchema, errorSchema } from '../../lib/protocol/direct-envelopes';
import { messageView } from '../../lib/protocol/message-view';
import { requestView } from '../../lib/protocol/request-view';
import { sessionView } from '../../lib/protocol/session-view';
import { turnView } from '../../lib/protocol/turn-view';
import { bareRequest, iso, message, now, place, session, turn } from './records';

const ana = { id: 'ana', name: 'Ana' };
const cases: DirectEnvelope[] = [
  { event: 'welcome', ...place, client_id: 'client_1', user: ana, resumed: true, heartbeat_ms: 54_000 },
  {
    event: 'snapshot',
    ...place,
    sessions: [sessionView(session, now)],
    messages: [messageView(message, now)],
    turns: [turnView(turn, now)],
    requests: [requestView(bareRequest, now)],
    presence: [{ user: ana, clients: 1 }],
  },
  { event: 'session_resumed', timestamp: iso(0), ticket_id: 'INC-7', session_id: 's-1' },
  { event: 'ack', re: 'f-1', message_id: 'm-1', turn_id: 't-1', session_id: 's-1' },
  { event: 'ack', re: 'f-2', hitl: requestView(bareRequest, now) },
  { event: 'error', re: 'f-3', code: 'not_allowed', message: 'No', details: { rule: 'four_eyes' } },
  { event: 'error', code: 'invalid_frame', message: 'No' },
  { event: 'pong', seq: 0 },
  { event: 'going_away', reason: 'service restart', retry_after_ms: 0 },
];

describe('A direct envelope', () => {
  test.each(cases)('$event comes back unchanged', (envelope) => {
    expect(directSchema.parse(JSON.parse(JSON.stringify(envelope)))).toEqual(envelope);
  });

  test.each(cases)('$event needs each of its fields but those that may be absent', (envelope) => {
    const optional = ['details', 'message_id', 'turn_id', 'session_id', 'hitl'];
    const mayGo = envelope.event === 'session_resumed' ? [] : optional;
    for (const [field] of Object.entries(envelope)) {
      if (mayGo.includes(field) || (envelope.event === 'error' && field === 're')) continue;
      const rest = Object.fromEntries(Object.entries(envelope).filter(([name]) => name !== field));
      expect([field, directSchema.safeParse(rest).success]).toEqual([field, false]);
    }
  });

  test('welcome and snapshot may stand before the first envelope, never before that', () => {
    for (const envelope of cases.filter(({ event }) => event === 'welcome' || event === 'snapshot')) {
      expect(directSchema.safeParse({ ...envelope, seq: 0 }).success).toBe(true);
      expect(directSchema.safeParse({ ...envelope, seq: -1 }).success).toBe(false);
      expect(directSchema.safeParse({ ...envelope, seq: 1.5 }).success).toBe(false);
    }
  });
});

test('An error carries any of our codes, as a HubError gives it, and no other', () => {
  for (const code of Object.keys(errorCodes) as (keyof typeof errorCodes)[]) {
    const body = new HubError(code).toBody();
    expect(errorSchema.parse({ event: 'error', ...body })).toEqual({ event: 'error', ...body });
  }
  expect(errorSchema.safeParse({ event: 'error', code: 'ENOENT', message: '' }).success).toBe(false);
});
