import {
  classicFrameSchema,
  clientFrameSchema,
  maxCommentLength,
  maxIdLength,
  verdictSchema,
} from '../../lib/protocol/client-frames';

const respond = { type: 'hitl_respond', id: 'f-1', request_id: 'r-1', status: 'approved' };
const fits = (frame: unknown) => clientFrameSchema.safeParse(frame).success;

test('A client may send these frames and no others', () => {
  expect(clientFrameSchema.options.map(({ shape }) => shape.type.value)).toEqual([
    'message',
    'ping',
    'typing',
    'presence',
    'hitl_respond',
    'hitl_claim',
    'hitl_release',
    'hitl_cancel',
    'turn_cancel',
  ]);
  expect(classicFrameSchema.options.map(({ shape }) => shape.type.value)).toEqual(['message', 'ping']);
});

describe('An id', () => {
  const frames = [
    ['message', 'id', { type: 'message', id: '', content: 'Hi' }],
    ['hitl_respond', 'id', respond],
    ['hitl_respond', 'request_id', respond],
    ['hitl_claim', 'id', { type: 'hitl_claim', id: '', request_id: 'r-1' }],
    ['hitl_claim', 'request_id', { type: 'hitl_claim', id: 'f-1', request_id: '' }],
    ['hitl_release', 'id', { type: 'hitl_release', id: '', request_id: 'r-1' }],
    ['hitl_release', 'request_id', { type: 'hitl_release', id: 'f-1', request_id: '' }],
    ['hitl_cancel', 'id', { type: 'hitl_cancel', id: '', request_id: 'r-1', reason: 'over' }],
    ['hitl_cancel', 'request_id', { type: 'hitl_cancel', id: 'f-1', request_id: '', reason: 'over' }],
    ['turn_cancel', 'id', { type: 'turn_cancel', id: '', turn_id: 't-1' }],
    ['turn_cancel', 'turn_id', { type: 'turn_cancel', id: 'f-1', turn_id: '' }],
  ] as const;

  test.each(frames)(
    'of %s: %s is a string of 1 to 128 characters and must be there',
    (_type, field, frame) => {
      expect(maxIdLength).toBe(128);
      expect(fits({ ...frame, [field]: 'x' })).toBe(true);
      expect(fits({ ...frame, [field]: 'x'.repeat(128) })).toBe(true);
      expect(fits({ ...frame, [field]: 'x'.repeat(129) })).toBe(false);
      for (const wrong of ['', 5, null, undefined, ['x'], { x: 1 }])
        expect(fits({ ...frame, [field]: wrong })).toBe(false);
    },
  );
});

describe('A verdict', () => {
  test('is approved or denied', () => {
    for (const status of ['approved', 'denied']) expect(verdictSchema.parse({ status })).toEqual({ status });
    for (const status of ['pending', 'expired', 'Approved', '', null, undefined, true]) {
      expect(verdictSchema.safeParse({ status }).success).toBe(false);
    }
  });

  test('names the revision it saw as a whole number from 1 on, or none', () => {
    expect(fits({ ...respond, revision: 1 })).toBe(true);
    expect(fits(respond)).toBe(true);
    for (const revision of [0, -1, 1.5, '1', null, 2 ** 53])
      expect(fits({ ...respond, revision })).toBe(false);
  });

  test.each(['comment', 'answer'])('has a %s of at most 4,000 characters', (field) => {
    expect(maxCommentLength).toBe(4_000);
    expect(fits({ ...respond, response: { [field]: 'x'.repeat(4_000) } })).toBe(true);
    expect(fits({ ...respond, response: { [field]: 'x'.repeat(4_001) } })).toBe(false);
    expect(fits({ ...respond, response: { [field]: 5 } })).toBe(false);
  });

  test('has arguments only as an object', () => {
    expect(fits({ ...respond, response: { tool_args: { ip: '203.0.113.7', deep: [{ x: null }] } } })).toBe(
      true,
    );
    for (const tool_args of [[], 'x', 5, null])
      expect(fits({ ...respond, response: { tool_args } })).toBe(false);
  });

  test('retains what the app’s own kinds of request ask for', () => {
    const frame = { ...respond, response: { severity: 'high', scores: [1, 2] } };
    expect(clientFrameSchema.parse(frame)).toEqual(frame);
  });

  test('has a response that is an object, or none', () => {
    for (const response of ['yes', [], null, 1]) expect(fits({ ...respond, response })).toBe(false);
  });
});

describe('A classic frame (A24–A25)', () => {
  test.each(['message', 'ping'])('%s may leave out content and timestamp, or say null', (type) => {
    expect(classicFrameSchema.parse({ type })).toEqual({ type });
    expect(classicFrameSchema.parse({ type, content: null, timestamp: null })).toEqual({
      type,
      content: null,
      timestamp: null,
    });
    expect(classicFrameSchema.parse({ type, content: '', timestamp: 0 })).toEqual({
      type,
      content: '',
      timestamp: 0,
    });
  });

  test.each([
    { content: 5 },
    { content: ['x'] },
    { timestamp: 1.5 },
    { timestamp: '1' },
    { timestamp: true },
  ])('is refused with %j', (wrong) => {
    expect(classicFrameSchema.safeParse({ type: 'message', ...wrong }).success).toBe(false);
  });
});
