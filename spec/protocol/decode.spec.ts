/** The way in of `lib/protocol/codec.ts`; `encode.spec.ts` is the way out. */
import fc from 'fast-check';
import '../seed';
import { HubError, type WireCode } from '../../lib/errors';
import { type ClientFrame, maxFrameBytes } from '../../lib/protocol/client-frames';
import { decodeClassicFrame, decodeClientFrame } from '../../lib/protocol/codec';
import { assertPlain, maxDepth } from '../../lib/protocol/exact-json';

/** The refusal of a frame; a frame that is accepted fails the test. */
function refusal(decode: (text: string) => unknown, text: string): HubError {
  try {
    decode(text);
  } catch (thrown) {
    if (thrown instanceof HubError) return thrown;
    throw thrown;
  }
  throw new Error(`accepted: ${text.slice(0, 100)}`);
}

/** `levels` arrays, each in the one before. */
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const respond = (response: string) =>
  `{"type":"hitl_respond","id":"f-1","request_id":"r-1","status":"approved","response":${response}}`;
const id129 = 'x'.repeat(129);

const refusedInBoth: [string, string, WireCode][] = [
  ['an empty frame', '', 'invalid_frame'],
  ['white space', ' \n', 'invalid_frame'],
  ['no JSON', 'hello', 'invalid_frame'],
  ['JSON cut off', '{"type":"ping"', 'invalid_frame'],
  ['something after the JSON', '{"type":"ping"} x', 'invalid_frame'],
  ['two frames in one', '{"type":"ping"}{"type":"ping"}', 'invalid_frame'],
  ['a byte order mark', '\uFEFF{"type":"ping"}', 'invalid_frame'],
  ['single quotes', "{'type':'ping'}", 'invalid_frame'],
  ['an array', '[]', 'invalid_frame'],
  ['an array of a frame', '[{"type":"ping"}]', 'invalid_frame'],
  ['a number', '1', 'invalid_frame'],
  ['true', 'true', 'invalid_frame'],
  ['a string', '""', 'invalid_frame'],
  ['the name of a type', '"ping"', 'invalid_frame'],
  ['null', 'null', 'unknown_type'],
  ['an empty object', '{}', 'unknown_type'],
  ['a type of null', '{"type":null}', 'unknown_type'],
  ['an empty type', '{"type":""}', 'unknown_type'],
  ['a type in capitals', '{"type":"PING"}', 'unknown_type'],
  ['a key in capitals', '{"TYPE":"ping"}', 'unknown_type'],
  ['a type that only the server sends', '{"type":"history"}', 'unknown_type'],
  ['a type named like a part of every object', '{"type":"constructor"}', 'unknown_type'],
  ['a type that is a number', '{"type":5}', 'invalid_frame'],
  ['a type that is a list', '{"type":["ping"]}', 'invalid_frame'],
  ['a type that is an object', '{"type":{}}', 'invalid_frame'],
  ['a content that is a number', '{"type":"message","id":"f-1","content":5}', 'invalid_frame'],
  ['a content that is a list', '{"type":"message","id":"f-1","content":["Hi"]}', 'invalid_frame'],
  ['an empty message', '{"type":"message","id":"f-1","content":""}', 'empty_message'],
  ['a message of white space', '{"type":"message","id":"f-1","content":" \\n\\t\\u00a0"}', 'empty_message'],
  ['a key __proto__', '{"type":"ping","__proto__":{"polluted":true}}', 'invalid_frame'],
  ['a key __proto__ further in', '{"type":"ping","x":[{"y":{"__proto__":1}}]}', 'invalid_frame'],
  ['a key __proto__, disguised', '{"type":"ping","__pr\\u006fto__":1}', 'invalid_frame'],
  ['a key given twice', '{"type":"message","id":"f-1","content":"a","content":"b"}', 'invalid_frame'],
  ['a key given twice with the same value', '{"type":"ping","type":"ping"}', 'invalid_frame'],
  ['a key given twice further in', '{"type":"ping","x":{"a":1,"a":1}}', 'invalid_frame'],
  ['a number that is not carried exactly', '{"type":"ping","x":9007199254740993}', 'invalid_frame'],
  ['a number that is infinite', '{"type":"ping","x":[1e400]}', 'invalid_frame'],
  ['10,000 arrays in each other', nested(10_000), 'invalid_frame'],
  ['10,000 objects in each other', `${'{"x":'.repeat(10_000)}1${'}'.repeat(10_000)}`, 'invalid_frame'],
  ['as many arrays as a frame has room for', nested(maxFrameBytes / 2), 'invalid_frame'],
  ['10,000 arrays in a good frame', `{"type":"ping","x":${nested(10_000)}}`, 'invalid_frame'],
];

describe.each([
  ['hitl.v1', decodeClientFrame],
  ['classic', decodeClassicFrame],
] as const)('%s refuses', (_dialect, decode) => {
  test.each(refusedInBoth)('%s', (_name, text, code) => {
    expect(refusal(decode, text).code).toBe(code);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('hitl.v1 refuses', () => {
  test.each<[string, string]>([
    ['a message without id', '{"type":"message","content":"Hi"}'],
    ['a message without content', '{"type":"message","id":"f-1"}'],
    ['a message with null for content', '{"type":"message","id":"f-1","content":null}'],
    ['an empty id', '{"type":"message","id":"","content":"Hi"}'],
    ['an id that is a number', '{"type":"message","id":1,"content":"Hi"}'],
    ['an id of 129 characters', `{"type":"message","id":"${id129}","content":"Hi"}`],
    ['a request_id of 129 characters', `{"type":"hitl_claim","id":"f-1","request_id":"${id129}"}`],
    ['a turn_id of 129 characters', `{"type":"turn_cancel","id":"f-1","turn_id":"${id129}"}`],
    ['an answer without a status', '{"type":"hitl_respond","id":"f-1","request_id":"r-1"}'],
    ['a comment of 4,001 characters', respond(`{"comment":"${'x'.repeat(4_001)}"}`)],
    ['a response that is text', respond('"yes"')],
    ['arguments that are a list', respond('{"tool_args":[]}')],
  ])('%s', (_name, text) => {
    expect(refusal(decodeClientFrame, text).code).toBe('invalid_frame');
  });

  test('what was wrong is said by the path of the field, never by its value', () => {
    const { message } = refusal(decodeClientFrame, respond('{"comment":["sesame"]}'));
    expect(message).toMatch(/^response\.comment: /);
    expect(message).not.toContain('sesame');
  });
});

describe('classic refuses', () => {
  test.each(['typing', 'hitl_respond', 'hitl_claim', 'hitl_release', 'turn_cancel'])(
    'the %s of hitl.v1',
    (type) => {
      const text = JSON.stringify({ type, id: 'f-1', request_id: 'r-1', turn_id: 't-1', status: 'approved' });
      expect(refusal(decodeClassicFrame, text).code).toBe('unknown_type');
      expect(() => decodeClientFrame(text)).not.toThrow();
    },
  );

  test('a message without content, which the reference would have run the agent on (B22)', () => {
    for (const text of ['{"type":"message"}', '{"type":"message","content":null}']) {
      expect(refusal(decodeClassicFrame, text).code).toBe('empty_message');
    }
  });
});

describe('A refusal names the frame by its id', () => {
  test.each<[string, string, WireCode]>([
    ['of an unknown type', '{"type":"shout","id":"f-9"}', 'unknown_type'],
    ['of the wrong shape', '{"type":"message","id":"f-9","content":5}', 'invalid_frame'],
    ['without content', '{"type":"message","id":"f-9","content":""}', 'empty_message'],
    ['that is too deep', `{"id":"f-9","x":${nested(40)}}`, 'invalid_frame'],
    ['with a key __proto__', '{"id":"f-9","__proto__":1}', 'invalid_frame'],
  ])('%s', (_name, text, code) => {
    expect(refusal(decodeClientFrame, text)).toMatchObject({ code, details: { re: 'f-9' } });
  });

  test.each([
    '',
    'null',
    '[]',
    '["id"]',
    '"id"',
    '{}',
    '{"id":""}',
    '{"id":5}',
    '{"id":null}',
    `{"id":"${id129}"}`,
  ])('but not %j, which has none that could have been accepted', (text) => {
    expect(refusal(decodeClientFrame, text).details).toBeUndefined();
  });
});

describe('Accepted is', () => {
  test('a frame with unknown fields, without them', () => {
    const text = '{"type":"message","id":"f-1","content":"Hi","timestamp":1,"colour":{"x":[]}}';
    expect(decodeClientFrame(text)).toEqual({ type: 'message', id: 'f-1', content: 'Hi' });
    expect(decodeClassicFrame('{"type":"ping","id":"f-1","content":""}')).toEqual({
      type: 'ping',
      content: '',
    });
  });

  test('content as it is, nothing trimmed, with every character that JSON can carry', () => {
    const content = ' \u0000\u2028"\\</script> 🚫 \ud800 ';
    expect(decodeClientFrame(JSON.stringify({ type: 'message', id: 'f-1', content }))).toMatchObject({
      content,
    });
  });

  test('white space around a frame', () => {
    expect(decodeClientFrame('\n\t {"type":"ping"}\r\n')).toEqual({ type: 'ping' });
  });

  test('a ping whatever its content, which is not looked at (A24)', () => {
    expect(decodeClassicFrame('{"type":"ping","content":"","timestamp":0}').type).toBe('ping');
  });

  test('32 levels, the frame being the first, and not one more', () => {
    expect(maxDepth).toBe(32);
    expect(decodeClientFrame(`{"type":"ping","x":${nested(31)}}`)).toEqual({ type: 'ping' });
    expect(refusal(decodeClientFrame, `{"type":"ping","x":${nested(32)}}`).message).toBe(
      'More than 32 levels deep',
    );
  });
});

describe('A number or key that would change on its way', () => {
  test.each([
    [
      '{"account":9007199254740993}',
      'response.account: 9007199254740993 cannot be carried exactly by a number; write it as text, "9007199254740993"',
    ],
    [
      '{"tool_args":{"ids":[1,{"id":1e400}]}}',
      'response.tool_args.ids.1.id: 1e400 cannot be carried exactly by a number; write it as text, "1e400"',
    ],
    ['{"tool_args":{"to":"a","to":"b"}}', 'response.tool_args.to: This key is written twice; write it once'],
  ])('is refused with its place in %s, and the frame is named', (response, message) => {
    const error = refusal(decodeClientFrame, respond(response));
    expect(error.toBody()).toEqual({ code: 'invalid_frame', message, details: { re: 'f-1' } });
  });

  test('is looked for in every frame, whichever client wrote it', () => {
    const python = '{"type": "message", "id": "f-1", "content": "Hi", "content": "Hi"}';
    expect(refusal(decodeClientFrame, python).message).toBe(
      'content: This key is written twice; write it once',
    );
    expect(refusal(decodeClassicFrame, python).message).toBe(
      'content: This key is written twice; write it once',
    );
  });

  test.each(['1.0', '1e3', '1E+3', '-0', '0.10', '9007199254740991'])('is not %s', (number) => {
    expect(decodeClientFrame(respond(`{"tool_args":{"n":${number}}}`))).toMatchObject({
      response: { tool_args: { n: Number(number) } },
    });
  });
});

describe('assertPlain', () => {
  test('lets pass what is no object, and objects within bounds', () => {
    for (const plain of [undefined, null, 1, 'x', true, [], {}, { a: [{ b: null }] }, Object.create(null)]) {
      expect(() => assertPlain(plain)).not.toThrow();
    }
  });

  test('refuses what goes round in circles', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(() => assertPlain(circle)).toThrow(expect.objectContaining({ code: 'invalid_frame' }));
  });

  test('refuses an own key __proto__, not a prototype', () => {
    expect(() => assertPlain(JSON.parse('{"__proto__":1}'))).toThrow(
      expect.objectContaining({ code: 'invalid_frame' }),
    );
    expect(() => assertPlain(Object.create({ inherited: 1 }))).not.toThrow();
  });
});

describe('Whatever comes', () => {
  const type = fc.constantFrom(
    'message',
    'ping',
    'typing',
    'hitl_respond',
    'hitl_claim',
    'hitl_release',
    'turn_cancel',
    'status',
    '',
    5,
    null,
  );
  const field = fc.constantFrom(
    'id',
    'content',
    'request_id',
    'turn_id',
    'revision',
    'status',
    'response',
    'timestamp',
  );
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json({ maxDepth: 40 }),
    fc
      .tuple(type, fc.dictionary(field, fc.jsonValue()))
      .map(([each, rest]) => JSON.stringify({ ...rest, type: each })),
  );

  test('a decoder gives a frame of a known type or throws a HubError of three codes', () => {
    const outcomes = new Set<string>();
    for (const decode of [decodeClientFrame, decodeClassicFrame]) {
      fc.assert(
        fc.property(hostile, (text) => {
          try {
            outcomes.add(decode(text).type);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(HubError);
            outcomes.add((thrown as HubError).code);
          }
        }),
        { numRuns: 2_000 },
      );
    }
    const known = ['message', 'ping', 'typing', 'hitl_respond', 'hitl_claim', 'hitl_release', 'turn_cancel'];
    const codes = ['invalid_frame', 'unknown_type', 'empty_message'];
    expect([...outcomes].filter((outcome) => !known.includes(outcome) && !codes.includes(outcome))).toEqual(
      [],
    );
    expect([...outcomes]).toEqual(expect.arrayContaining(['ping', 'invalid_frame', 'unknown_type']));
  });

  const id = fc.string({ unit: 'binary', minLength: 1, maxLength: 128 });
  const short = fc.string({ unit: 'binary', maxLength: 200 });
  const plainKey = fc.string().filter((key) => key !== '__proto__');
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(short, fc.integer(), fc.boolean(), fc.constant(null)),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(plainKey, tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value;
  const args = fc.dictionary(plainKey, json, { maxKeys: 3, noNullPrototype: true });
  const response = fc.record(
    { comment: short, answer: short, tool_args: args, other: json },
    { requiredKeys: [] },
  );
  const valid: fc.Arbitrary<ClientFrame> = fc.oneof(
    fc.record({
      type: fc.constant('message' as const),
      id,
      content: short.filter((content) => content.trim() !== ''),
    }),
    fc.constantFrom<ClientFrame>({ type: 'ping' }, { type: 'typing' }),
    fc.record(
      {
        type: fc.constant('hitl_respond' as const),
        id,
        request_id: id,
        revision: fc.integer({ min: 1 }),
        status: fc.constantFrom('approved' as const, 'denied' as const),
        response,
      },
      { requiredKeys: ['type', 'id', 'request_id', 'status'] },
    ),
    fc.record({ type: fc.constantFrom('hitl_claim' as const, 'hitl_release' as const), id, request_id: id }),
    fc.record({ type: fc.constant('turn_cancel' as const), id, turn_id: id }),
  );

  test('a good frame arrives as it was sent', () => {
    fc.assert(
      fc.property(valid, (frame) => {
        expect(decodeClientFrame(JSON.stringify(frame))).toEqual(frame);
      }),
      { numRuns: 500 },
    );
  });

  test('a good frame in which one field is replaced is as good, or refused under its id', () => {
    fc.assert(
      fc.property(valid, fc.nat(), fc.jsonValue(), (frame, pick, value) => {
        const names = Object.keys(frame).filter((name) => name !== 'id');
        const spoilt = { ...frame, [names[pick % names.length] ?? 'type']: value };
        try {
          decodeClientFrame(JSON.stringify(spoilt));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(HubError);
          if ('id' in frame) expect((thrown as HubError).details).toEqual({ re: frame.id });
        }
      }),
      { numRuns: 500 },
    );
  });
});
