import fc from 'fast-check';
import '../seed';
import {
  hitlRequest,
  type LoggableEnvelope,
  loggableSchema,
  loggedSchema,
  sessionCreated,
  sessionMessageAdded,
  sessionMessageUpdated,
  turnEnded,
  turnStarted,
  turnUpdated,
} from '../../lib/protocol/logged-envelopes';
import { messageView } from '../../lib/protocol/message-view';
import type { MessageRecord } from '../../lib/protocol/records';
import { requestView } from '../../lib/protocol/request-view';
import { sessionView } from '../../lib/protocol/session-view';
import { turnView } from '../../lib/protocol/turn-view';
import {
  bareMessage,
  bareRequest,
  endedTurn,
  iso,
  message,
  now,
  place,
  request,
  session,
  stuckTurn,
  turn,
  updatedMessage,
  waitingTurn,
} from './records';

const cases: [string, LoggableEnvelope, [string, unknown][]][] = [
  [
    'session_created happens now (A45)',
    sessionCreated(session, now),
    [
      ['event', 'session_created'],
      ['timestamp', iso(0)],
      ['session_id', 's-1'],
      ['session', sessionView(session, now)],
    ],
  ],
  [
    'turn_started happens when the turn starts, with no status beside the turn (A46)',
    turnStarted(turn, now),
    [
      ['event', 'turn_started'],
      ['timestamp', iso(4)],
      ['session_id', 's-1'],
      ['turn_id', 't-1'],
      ['turn', turnView(turn, now)],
    ],
  ],
  [
    'turn_updated happens now, and has all of the turn',
    turnUpdated(waitingTurn, now),
    [
      ['event', 'turn_updated'],
      ['timestamp', iso(0)],
      ['session_id', 's-1'],
      ['turn_id', 't-1'],
      ['turn', turnView(waitingTurn, now)],
    ],
  ],
  [
    'turn_updated says why a turn is stuck',
    turnUpdated(stuckTurn, now),
    [
      ['event', 'turn_updated'],
      ['timestamp', iso(0)],
      ['session_id', 's-1'],
      ['turn_id', 't-1'],
      ['turn', turnView(stuckTurn, now)],
    ],
  ],
  [
    'turn_ended happens when the turn ends, with no turn in it (A47)',
    turnEnded(endedTurn, now),
    [
      ['event', 'turn_ended'],
      ['timestamp', iso(5)],
      ['session_id', 's-1'],
      ['turn_id', 't-1'],
      ['status', 'aborted'],
      ['intent', 'block an address'],
      ['reason', 'error'],
    ],
  ],
  [
    'session_message_added happens when the message is written (A48)',
    sessionMessageAdded(message, now),
    [
      ['event', 'session_message_added'],
      ['timestamp', iso(6)],
      ['session_id', 's-1'],
      ['turn_id', 't-1'],
      ['message', messageView(message, now)],
    ],
  ],
  [
    'session_message_added without a turn has no turn_id (A48)',
    sessionMessageAdded(bareMessage, now),
    [
      ['event', 'session_message_added'],
      ['timestamp', iso(6)],
      ['session_id', 's-1'],
      ['message', messageView(bareMessage, now)],
    ],
  ],
  [
    'session_message_updated happens when the message is updated (A49)',
    sessionMessageUpdated(updatedMessage, now),
    [
      ['event', 'session_message_updated'],
      ['timestamp', iso(7)],
      ['session_id', 's-1'],
      ['turn_id', 't-1'],
      ['message', messageView(updatedMessage, now)],
    ],
  ],
  ...(['hitl_request_pending', 'hitl_request_updated', 'hitl_request_resolved'] as const).map(
    (event): [string, LoggableEnvelope, [string, unknown][]] => [
      `${event} happens now (A50)`,
      hitlRequest(event, request, now),
      [
        ['event', event],
        ['timestamp', iso(0)],
        ['session_id', 's-1'],
        ['hitl', requestView(request, now)],
      ],
    ],
  ),
];

describe('An envelope has exactly these fields, in order:', () => {
  test.each(cases)('%s', (_name, envelope, fields) => {
    expect(Object.entries(envelope)).toEqual(fields);
  });

  test('every kind is among them', () => {
    const kinds = loggableSchema.options.map(({ shape }) => shape.event.value);
    expect(new Set(cases.map(([, envelope]) => envelope.event))).toEqual(new Set(kinds));
    expect(loggedSchema.options.map(({ shape }) => shape.event.value)).toEqual(kinds);
  });
});

describe('What is missing does not travel:', () => {
  test('a turn that completed has no reason', () => {
    const { intent: _intent, reason: _reason, ...completed } = endedTurn;
    expect(Object.keys(turnEnded({ ...completed, status: 'completed' }, now))).toEqual([
      'event',
      'timestamp',
      'session_id',
      'turn_id',
      'status',
    ]);
  });

  test('a turn whose end is not known ended when it started, and is aborted', () => {
    expect(turnEnded(turn, now)).toMatchObject({ timestamp: iso(4), status: 'aborted' });
  });

  test('a message without a time was written now', () => {
    expect(sessionMessageAdded({ ...message, createdAt: 0 }, now)).toMatchObject({
      timestamp: iso(0),
      message: { created_at: iso(0) },
    });
    const { updatedAt: _updatedAt, ...lost } = updatedMessage;
    expect(sessionMessageUpdated(lost, now)).toMatchObject({
      timestamp: iso(0),
      message: { created_at: iso(6) },
    });
  });

  test('earlier contents, the key and the detachment stay here', () => {
    const told = JSON.stringify([sessionMessageUpdated(updatedMessage, now), turnStarted(turn, now)]);
    expect(told).not.toContain('Looking it up');
    expect(told).not.toContain('revisions');
    expect(JSON.stringify(hitlRequest('hitl_request_pending', request, now))).not.toMatch(/"key"|detached/);
  });

  test('session_id is always there, since clients know an envelope by it (C1)', () => {
    for (const [, envelope] of cases) {
      const { session_id: _session, ...without } = envelope;
      expect(loggableSchema.safeParse(envelope).success).toBe(true);
      expect(loggableSchema.safeParse(without).success).toBe(false);
    }
  });
});

describe('Schemas', () => {
  test.each(cases)('%s: comes back unchanged, alone and with its place in the log', (_name, envelope) => {
    expect(loggableSchema.parse(JSON.parse(JSON.stringify(envelope)))).toEqual(envelope);
    const logged = { ...envelope, ...place };
    expect(loggedSchema.parse(JSON.parse(JSON.stringify(logged)))).toEqual(logged);
  });

  test.each(['ticket_id', 'epoch', 'seq'] as const)('a logged envelope without %s is none', (field) => {
    const { [field]: _gone, ...rest } = { ...sessionCreated(session, now), ...place };
    expect(loggedSchema.safeParse(rest).success).toBe(false);
  });

  test('any message is parsed as it was sent', () => {
    const text = fc.string({ unit: 'binary' });
    const record: fc.Arbitrary<MessageRecord> = fc
      .record({
        type: fc.constantFrom('user', 'trace', 'plan', 'response', 'warning'),
        content: text,
        author: fc.option(fc.record({ userId: text, displayName: text }), { nil: undefined }),
        turnId: fc.option(text, { nil: undefined }),
        createdAt: fc.nat(),
        updatedAt: fc.option(fc.nat(), { nil: undefined }),
      })
      .map(({ author, turnId, updatedAt, ...rest }) => ({
        ...bareMessage,
        ...rest,
        ...(author && { author }),
        ...(turnId !== undefined && { turnId }),
        ...(updatedAt !== undefined && { updatedAt }),
      }));
    fc.assert(
      fc.property(record, (each) => {
        const envelope = sessionMessageUpdated(each, now);
        expect(loggableSchema.parse(JSON.parse(JSON.stringify(envelope)))).toEqual(envelope);
      }),
    );
  });

  test('a bare request can be sent as well', () => {
    const envelope = hitlRequest('hitl_request_pending', bareRequest, now);
    expect(loggableSchema.parse(envelope)).toEqual(envelope);
  });
});
