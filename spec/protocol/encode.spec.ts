/** The way out of `lib/protocol/codec.ts`; `decode.spec.ts` is the way in. */
import { chatFrame } from '../../lib/protocol/chat-frames';
import {
  encode,
  encodeClassic,
  encodeClassicDirect,
  encodeClassicForeign,
  subprotocol,
} from '../../lib/protocol/codec';
import {
  hitlRequest,
  type LoggedEnvelope,
  sessionMessageAdded,
  turnStarted,
} from '../../lib/protocol/envelopes';
import type { MessageRecord } from '../../lib/protocol/records';
import { requestView } from '../../lib/protocol/request-view';
import { bareMessage, bareRequest, iso, message, now, place, request, turn } from './records';

const agent = { id: 'warden', name: 'Warden' };
const ana = { id: 'ana', name: 'Ana' };

test('The dialect is called hitl.v1, and its name is a token that may stand in a header', () => {
  expect(subprotocol).toBe('hitl.v1');
  expect(subprotocol).toMatch(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
});

describe('hitl.v1 is sent', () => {
  test('the envelope as one JSON object, its place in the log last', () => {
    const text = encode({ ...turnStarted(turn, now), ...place });
    expect(Object.entries(JSON.parse(text))).toEqual([
      ...Object.entries(turnStarted(turn, now)),
      ['ticket_id', 'INC-7'],
      ['epoch', 'k3v9'],
      ['seq', 5],
    ]);
  });

  test('on one line, whatever the content', () => {
    const text = encode({
      ...sessionMessageAdded({ ...message, content: 'a\nb\u2028c\ud800' }, now),
      ...place,
    });
    expect(text).not.toMatch(/\n|\ud800/);
    expect(JSON.parse(text).message.content).toBe('a\nb\u2028c\ud800');
  });
});

describe('classic is sent', () => {
  test('for a logged envelope its frames, in order', () => {
    const frames = encodeClassic({ ...sessionMessageAdded(bareMessage, now), ...place }, agent).map((text) =>
      JSON.parse(text),
    );
    expect(frames).toEqual([
      expect.objectContaining({ event: 'session_message_added' }),
      expect.objectContaining({ type: 'message', user: agent }),
    ]);
  });

  test('nothing for what it does not know', () => {
    expect(encodeClassic({ ...hitlRequest('hitl_request_updated', request, now), ...place }, agent)).toEqual(
      [],
    );
    const base = { timestamp: iso(0), ticket_id: 'INC-7' };
    expect(encodeClassic({ event: 'typing', ...base, user: ana }, agent)).toEqual([]);
  });

  test('for a turn and the message that it answers the author’s frame first, and once', () => {
    const started = { ...turnStarted(turn, now), ...place };
    const added = { ...sessionMessageAdded(message, now), ...place, seq: place.seq + 1 };
    const kinds = (frames: string[]) =>
      frames.map((text) => JSON.parse(text)).map(({ event, type }) => event ?? type);
    expect(kinds(encodeClassic(started, agent, { after: added }))).toEqual(['message', 'turn_started']);
    expect(kinds(encodeClassic(added, agent, { before: started }))).toEqual(['session_message_added']);
    const other = { ...started, turn_id: 't-other' };
    expect(kinds(encodeClassic(other, agent, { after: added }))).toEqual(['turn_started']);
    expect(kinds(encodeClassic(added, agent, { before: other }))).toEqual([
      'message',
      'session_message_added',
    ]);
  });

  test('of another session what people say, and what is said outside of turns, as chat frames alone', () => {
    const foreign = (record: MessageRecord) =>
      encodeClassicForeign({ ...sessionMessageAdded(record, now), ...place }, agent).map(
        (text) => JSON.parse(text).type,
      );
    const { turnId: _turn, ...remark } = bareMessage;
    expect(foreign(message)).toEqual(['message']);
    expect(foreign({ ...remark, type: 'trace' })).toEqual(['trace']);
    expect(foreign({ ...bareMessage, turnId: 't-1', type: 'response' })).toEqual([]);
    expect(foreign({ ...remark, type: 'plan' })).toEqual([]);
    expect(encodeClassicForeign({ ...turnStarted(turn, now), ...place }, agent)).toEqual([]);
  });

  test('for an amendment that the prompt is gone, and the one in its place', () => {
    const cause = { event: 'amended', via: 'app' } as const;
    const updated = { ...hitlRequest('hitl_request_updated', bareRequest, now), ...place, cause };
    expect(encodeClassic(updated as LoggedEnvelope, agent).map((text) => JSON.parse(text))).toMatchObject([
      { event: 'hitl_request_resolved', hitl: { id: bareRequest.id, status: 'superseded' } },
      { event: 'hitl_request_pending', hitl: { id: bareRequest.id, status: 'pending' } },
    ]);
  });

  test('for a notice one chat frame', () => {
    const base = { timestamp: iso(0), ticket_id: 'INC-7' };
    expect(encodeClassic({ event: 'notice', ...base, kind: 'status', content: 'Noon' }, agent)).toEqual([
      JSON.stringify(chatFrame('status', 'Noon', now)),
    ]);
  });

  test('for welcome the status of the reference (A21)', () => {
    const welcome = {
      event: 'welcome' as const,
      ...place,
      client_id: 'c',
      user: ana,
      resumed: false,
      heartbeat_ms: 1,
    };
    expect(encodeClassicDirect(welcome, now)).toEqual([
      `{"type":"status","content":"Connected to chat","timestamp":${now / 1000}}`,
    ]);
  });

  test('for a snapshot each pending request, in order, with its own time (B28)', () => {
    const requests = [requestView(bareRequest, now), requestView({ ...request, status: 'pending' }, now)];
    const snapshot = {
      event: 'snapshot' as const,
      ...place,
      requests,
      sessions: [],
      messages: [],
      turns: [],
      presence: [],
    };
    expect(encodeClassicDirect(snapshot, now).map((text) => Object.entries(JSON.parse(text)))).toEqual([
      [
        ['event', 'hitl_request_pending'],
        ['timestamp', iso(8)],
        ['session_id', 's-1'],
        ['hitl', { id: 'r-2', session_id: 's-1', type: 'question', status: 'pending' }],
      ],
      [
        ['event', 'hitl_request_pending'],
        ['timestamp', iso(8)],
        ['session_id', 's-1'],
        [
          'hitl',
          {
            id: 'r-1',
            session_id: 's-1',
            type: 'tool_approval',
            status: 'pending',
            user_id: 'ana',
            payload: request.payload,
            response: request.response,
            message_id: 'm-1',
          },
        ],
      ],
    ]);
    expect(encodeClassicDirect({ ...snapshot, requests: [] }, now)).toEqual([]);
  });

  test('for a pong the chat frame of the reference (A27)', () => {
    expect(encodeClassicDirect({ event: 'pong', seq: 7 }, now)).toEqual([
      `{"type":"pong","content":"","timestamp":${now / 1000}}`,
    ]);
  });

  test.each([
    ['invalid_frame', 'Invalid message format'],
    ['unknown_type', 'Invalid message type'],
    ['busy', 'Too many messages are waiting'],
  ] as const)('for the error %s the sentence %s, without code (A25, A26)', (code, sentence) => {
    const error = {
      event: 'error' as const,
      re: 'f-1',
      code,
      message: 'Too many messages are waiting',
      details: {},
    };
    expect(encodeClassicDirect(error, now)).toEqual([
      `{"type":"error","content":"${sentence}","timestamp":${now / 1000}}`,
    ]);
  });

  test('nothing for acks, a session that goes on, and a farewell', () => {
    expect(encodeClassicDirect({ event: 'ack', re: 'f-1' }, now)).toEqual([]);
    expect(encodeClassicDirect({ event: 'going_away', reason: 'restart', retry_after_ms: 1 }, now)).toEqual(
      [],
    );
    const resumed = {
      event: 'session_resumed' as const,
      timestamp: iso(0),
      ticket_id: 'INC-7',
      session_id: 's-1',
    };
    expect(encodeClassicDirect(resumed, now)).toEqual([]);
  });
});
