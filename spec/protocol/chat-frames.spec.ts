import {
  chatFrame,
  chatFrameSchema,
  classicRequest,
  ephemeralToClassic,
  toClassic,
} from '../../lib/protocol/chat-frames';
import type { LoggableEnvelope } from '../../lib/protocol/envelopes';
import {
  hitlRequest,
  sessionCreated,
  sessionMessageAdded,
  sessionMessageUpdated,
  turnEnded,
  turnStarted,
  turnUpdated,
} from '../../lib/protocol/envelopes';
import type { MessageRecord, TurnRecord } from '../../lib/protocol/records';
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

const agent = { id: 'warden', name: 'Warden' };
const ana = { id: 'ana', name: 'Ana' };
const classic = (envelope: LoggableEnvelope) => toClassic({ ...envelope, ...place }, agent);
/** Names and values in order, down to the frames' inner objects. */
const entries = (frames: readonly object[]) => frames.map((frame) => Object.entries(frame));

describe('A chat frame (A32)', () => {
  test('has its fields in order, its time in Unix seconds', () => {
    const frame = chatFrame('message', 'Hello', now + 999, { user: ana, messageId: 'm-1' });
    expect(Object.entries(frame)).toEqual([
      ['type', 'message'],
      ['content', 'Hello'],
      ['timestamp', now / 1000],
      ['user', ana],
      ['message_id', 'm-1'],
    ]);
  });

  test('without user and message has neither, and its content even if empty', () => {
    expect(Object.keys(chatFrame('pong', '', now))).toEqual(['type', 'content', 'timestamp']);
  });

  test('passes its schema unchanged', () => {
    const frame = chatFrame('warning', 'Careful', now, { user: agent, messageId: 'm-1' });
    expect(chatFrameSchema.parse(frame)).toEqual(frame);
    expect(chatFrameSchema.safeParse({ ...frame, timestamp: 1.5 }).success).toBe(false);
    expect(chatFrameSchema.safeParse({ ...frame, type: 'plan' }).success).toBe(false);
  });
});

describe('A classic client is sent', () => {
  test('session_created with exactly the fields of A45', () => {
    expect(entries(classic(sessionCreated(session, now)))).toEqual([
      [
        ['event', 'session_created'],
        ['timestamp', iso(0)],
        ['session_id', 's-1'],
        ['session', sessionView(session, now)],
      ],
    ]);
  });

  test('turn_started with exactly the fields of A46', () => {
    expect(entries(classic(turnStarted(turn, now)))).toEqual([
      [
        ['event', 'turn_started'],
        ['timestamp', iso(4)],
        ['session_id', 's-1'],
        ['turn_id', 't-1'],
        ['turn', turnView(turn, now)],
      ],
    ]);
  });

  test('of a durable turn what a plain one has, and nothing of how it waits, is stuck and goes on', () => {
    const { run, user, messageId } = waitingTurn;
    const [started, ...more] = classic(
      turnStarted({ ...turn, messageId, user, run: { ...run, generation: 1 } } as TurnRecord, now),
    );
    expect(JSON.stringify(started)).toBe(JSON.stringify(classic(turnStarted(turn, now))[0]));
    expect(more).toEqual([]);
    for (const each of [waitingTurn, stuckTurn]) expect(classic(turnUpdated(each, now))).toEqual([]);
    const { reason: _reason, ...plain } = endedTurn;
    const expired = classic(turnEnded({ ...plain, run, reason: 'expired' } as TurnRecord, now));
    expect(JSON.stringify(expired)).toBe(JSON.stringify(classic(turnEnded(plain, now))));
  });

  test('turn_ended with exactly the fields of A47, without our reason', () => {
    expect(entries(classic(turnEnded({ ...endedTurn, reason: 'cancelled' }, now)))).toEqual([
      [
        ['event', 'turn_ended'],
        ['timestamp', iso(5)],
        ['session_id', 's-1'],
        ['turn_id', 't-1'],
        ['status', 'aborted'],
        ['intent', 'block an address'],
      ],
    ]);
  });

  test('a failure of the agent once more, as an error of the chat, after the envelope (A39)', () => {
    const [envelope, frame, ...more] = classic(turnEnded(endedTurn, now));
    expect(envelope).toMatchObject({ event: 'turn_ended', status: 'aborted' });
    expect(frame).toEqual({ type: 'error', content: 'Failed to process message', timestamp: now / 1000 + 5 });
    expect(more).toEqual([]);
  });

  test('a user’s line as an echo from its author, then as the envelope of A48', () => {
    const [frame, envelope, ...more] = classic(sessionMessageAdded(message, now));
    expect(frame).toEqual({
      type: 'message',
      content: 'Block it',
      timestamp: now / 1000 + 6,
      user: ana,
      message_id: 'm-1',
    });
    expect(Object.entries(envelope ?? {})).toEqual([
      ['event', 'session_message_added'],
      ['timestamp', iso(6)],
      ['session_id', 's-1'],
      ['turn_id', 't-1'],
      [
        'message',
        {
          id: 'm-1',
          session_id: 's-1',
          turn_id: 't-1',
          type: 'user',
          author: { user_id: 'ana', display_name: 'Ana' },
          content: 'Block it',
          created_at: iso(6),
        },
      ],
    ]);
    expect(more).toEqual([]);
  });

  test.each([
    ['response', 'message'],
    ['trace', 'trace'],
    ['warning', 'warning'],
  ] as const)(
    'the agent’s %s as the envelope, then as a chat frame %s from the agent (A37)',
    (type, frameType) => {
      const [envelope, frame, ...more] = classic(sessionMessageAdded({ ...bareMessage, type }, now));
      expect(envelope).toMatchObject({ event: 'session_message_added', message: { type, content: '' } });
      expect(frame).toEqual({
        type: frameType,
        content: '',
        timestamp: now / 1000 + 6,
        user: agent,
        message_id: 'm-2',
      });
      expect(more).toEqual([]);
    },
  );

  test('a plan by its envelope alone', () => {
    const frames = classic(sessionMessageAdded({ ...bareMessage, type: 'plan' }, now));
    expect(frames).toEqual([expect.objectContaining({ event: 'session_message_added' })]);
  });

  test('an update by its envelope alone, without updated_at and revisions (A49)', () => {
    const [envelope, ...more] = classic(sessionMessageUpdated(updatedMessage, now));
    expect(envelope).toEqual({
      event: 'session_message_updated',
      timestamp: iso(7),
      session_id: 's-1',
      turn_id: 't-1',
      message: {
        id: 'm-1',
        session_id: 's-1',
        turn_id: 't-1',
        type: 'trace',
        author: { user_id: 'ana', display_name: 'Ana' },
        content: 'Looked it up',
        created_at: iso(6),
      },
    });
    expect(more).toEqual([]);
  });

  test.each(['hitl_request_pending', 'hitl_request_resolved'] as const)(
    '%s with exactly the fields of A50, in order',
    (event) => {
      const [envelope, ...more] = classic(hitlRequest(event, request, now));
      expect(Object.entries(envelope ?? {}).slice(0, 3)).toEqual([
        ['event', event],
        ['timestamp', iso(0)],
        ['session_id', 's-1'],
      ]);
      expect(Object.keys(envelope ?? {}).slice(3)).toEqual(['hitl']);
      expect(Object.entries((envelope as { hitl: object }).hitl)).toEqual([
        ['id', 'r-1'],
        ['session_id', 's-1'],
        ['type', 'tool_approval'],
        ['status', 'approved'],
        ['user_id', 'ana'],
        ['payload', request.payload],
        ['response', request.response],
        ['message_id', 'm-1'],
      ]);
      expect(more).toEqual([]);
    },
  );

  test('a request with nothing to say without user_id, payload, response and message_id (A50)', () => {
    expect(Object.keys(classicRequest(requestView(bareRequest, now)))).toEqual([
      'id',
      'session_id',
      'type',
      'status',
    ]);
  });

  test('nothing of a claim or an amendment', () => {
    expect(classic(hitlRequest('hitl_request_updated', request, now))).toEqual([]);
  });

  test('nothing that the reference does not have, at any depth', () => {
    const message: MessageRecord = { ...updatedMessage, type: 'user' };
    const all = [
      sessionCreated(session, now),
      turnStarted(turn, now),
      turnEnded(endedTurn, now),
      sessionMessageAdded(message, now),
      sessionMessageUpdated(message, now),
      hitlRequest('hitl_request_pending', request, now),
      hitlRequest('hitl_request_updated', request, now),
      hitlRequest('hitl_request_resolved', request, now),
    ].flatMap((envelope) => [...classic(envelope)]);
    // 4 envelopes alone, an aborted turn with its error, a user's line with its echo.
    expect(all).toHaveLength(9);
    const keys = new Set<string>();
    JSON.stringify(all, (key, value) => {
      keys.add(key);
      return value;
    });
    const ours =
      'seq epoch reason revision digest updated_at expires_at responded_by responded_at claimed_by until revisions key policy stage verdicts approved_digest execution';
    expect(ours.split(' ').filter((key) => keys.has(key))).toEqual([]);
    // `ticket_id` is the session's own field in the reference, and stands nowhere else.
    for (const frame of all) expect(frame).not.toHaveProperty('ticket_id');
    for (const frame of all) expect(frame).not.toHaveProperty('hitl.ticket_id');
  });
});

describe('Of what is not logged, a classic client is sent', () => {
  const base = { timestamp: iso(3), ticket_id: 'INC-7' };

  test('a notice, as a chat frame of its kind', () => {
    expect(
      ephemeralToClassic({ event: 'notice', ...base, kind: 'trace', content: 'Hm', user: agent }),
    ).toEqual([{ type: 'trace', content: 'Hm', timestamp: now / 1000 + 3, user: agent }]);
    const frames = ephemeralToClassic({ event: 'notice', ...base, kind: 'status', content: 'Noon' });
    expect(entries(frames)).toEqual([
      [
        ['type', 'status'],
        ['content', 'Noon'],
        ['timestamp', now / 1000 + 3],
      ],
    ]);
  });

  test('no presence or typing', () => {
    expect(ephemeralToClassic({ event: 'presence_changed', ...base, presence: [] })).toEqual([]);
    expect(ephemeralToClassic({ event: 'typing', ...base, user: ana })).toEqual([]);
  });
});
