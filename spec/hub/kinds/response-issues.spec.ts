/** All that is wrong with a response, with its place, as a client receives it over a socket and over REST. */
import { z } from 'zod';
import { portOf } from '../../../lib/hub/hub';
import { inputSchema } from '../../../lib/hub/kinds/input-schema';
import { issuesOf, maxIssues } from '../../../lib/hub/kinds/response-issues';
import { defineKind } from '../../../lib/index';
import { startTestHub } from '../../../lib/testing/test-hub';

const found = (schema: z.ZodType, value: unknown) => {
  const { error } = schema.safeParse(value);
  return error ? issuesOf(error) : [];
};

describe('each issue has its place:', () => {
  test.each<[string, z.ZodType, unknown, [path: string, message: string | RegExp][]]>([
    ['nothing wrong', z.object({}), {}, []],
    [
      'a field',
      z.object({ a: z.object({ b: z.int() }) }),
      { a: { b: 'x' } },
      [['a.b', /expected number|expected int/]],
    ],
    ['one that is missing', z.object({ a: z.int() }), {}, [['a', 'is required']]],
    [
      'an item',
      z.object({ l: z.array(z.object({ x: z.int() })) }),
      { l: [{ x: 1 }, { x: '' }] },
      [['l[1].x', /./]],
    ],
    [
      'fields too many',
      z.strictObject({}),
      { a: 1, b: 2 },
      [
        ['a', 'is not expected'],
        ['b', 'is not expected'],
      ],
    ],
    [
      'a field too many within',
      z.object({ o: z.strictObject({}) }),
      { o: { a: 1 } },
      [['o.a', 'is not expected']],
    ],
    [
      'the whole',
      z.object({}).refine(() => false, 'does not go together'),
      {},
      [['', 'does not go together']],
    ],
    ['a name of a record', z.record(z.string().max(1), z.int()), { ab: 1 }, [['ab', /Too big/]]],
    [
      'the nearest branch',
      z.object({
        u: z.union([
          z.strictObject({ t: z.literal('a'), n: z.int() }),
          z.strictObject({ t: z.literal('b') }),
        ]),
      }),
      { u: { t: 'a', n: 'x' } },
      [['u.n', /./]],
    ],
    ['no branch at all', z.object({ u: z.union([z.string(), z.int()]) }), { u: {} }, [['u', /./]]],
    [
      'an unknown tag',
      z.discriminatedUnion('t', [z.object({ t: z.literal('a') })]),
      { t: 'b' },
      [['t', /./]],
    ],
  ])('%s', (_what, schema, value, issues) => {
    expect(found(schema, value)).toEqual(
      issues.map(([path, message]) => ({
        path,
        message: typeof message === 'string' ? message : expect.stringMatching(message),
      })),
    );
  });
});

test('their number and their length are bounded', () => {
  const issues = found(
    z.array(z.int()),
    Array.from({ length: 500 }, () => 'x'),
  );
  expect(issues).toHaveLength(maxIssues);
  const [issue] = found(z.strictObject({}), { ['x'.repeat(5_000)]: 1 });
  expect(issue?.path).toHaveLength(500);
});

test('a bound that is checked after the text was transformed is not reported for the input', () => {
  expect(inputSchema(z.string().trim().max(5))).not.toHaveProperty('maxLength');
  expect(inputSchema(z.string().max(5))).toMatchObject({ maxLength: 5 });
});

test('a client is sent them over a socket and over REST', async () => {
  const hub = await startTestHub({
    kinds: {
      pair: defineKind({
        payload: z.object({}),
        response: z.strictObject({ a: z.int(), b: z.array(z.int()) }),
      }),
    },
  });
  try {
    const about = {
      ticketId: 'T-1',
      sessionId: 's',
      userId: 'bob',
      type: 'pair',
      payload: {},
      detached: true,
    };
    const { id } = await portOf(hub.hub).hitl.request(about);
    const response = { a: 'x', b: [1, 'y'], c: 1 };
    const issues = [
      { path: 'a', message: expect.any(String) },
      { path: 'b[1]', message: expect.any(String) },
      { path: 'c', message: 'is not expected' },
    ];
    const client = await hub.connect({});
    const refused = await client.ask({ type: 'hitl_respond', request_id: id, status: 'approved', response });
    expect(refused).toMatchObject({ event: 'error', code: 'invalid_response', details: { issues } });
    const answer = await fetch(`${hub.url}/hitl/requests/${id}/respond`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-user': 'alice' },
      body: JSON.stringify({ status: 'approved', response }),
    });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ error: { code: 'invalid_response', details: { issues } } });
    expect((await portOf(hub.hub).hitl.get(id)).status).toBe('pending');
  } finally {
    await hub.close();
  }
});

test('a free text answer arrives as it was typed, and one of spaces is none', async () => {
  const hub = await startTestHub();
  try {
    const payload = { question: 'Why?' };
    const about = {
      ticketId: 'T-1',
      sessionId: 's',
      userId: 'bob',
      type: 'question',
      payload,
      detached: true,
    };
    const { id } = await portOf(hub.hub).hitl.request(about);
    const respond = (answer: string) =>
      portOf(hub.hub).hitl.respond(id, {
        by: { id: 'alice', name: 'Alice', groups: [] },
        status: 'approved',
        response: { answer },
      });
    await expect(respond(' \n ')).rejects.toMatchObject({
      code: 'invalid_response',
      details: { issues: [{ path: 'answer', message: 'A question needs an answer' }] },
    });
    expect((await respond('  two\nlines ')).response).toEqual({ answer: '  two\nlines ' });
  } finally {
    await hub.close();
  }
});
