/** Numbers and keys through every door of one server: what arrives is what was written, or it was refused with its place. */
import * as fc from 'fast-check';
import request from 'supertest';
import { z } from 'zod';
import { portOf } from '../../../lib/hub/hub';
import type { TestClient } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';
import '../../seed';

let hub: TestHub;
let alice: TestClient;
beforeAll(async () => {
  hub = await startTestHub({
    auth: { identifyService: (req) => (req.get('authorization') ? { id: 'worker', tickets: 'all' } : null) },
  });
  portOf(hub.hub).hitl.defineTool('pay', z.record(z.string(), z.unknown()));
  alice = await hub.connect();
});
afterAll(() => hub.close());

const digits = (min: number, max: number) => fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`));
/** Numbers as JSON may write them: plain, around 2^53, long, large, tiny, with zeros at either end. */
const number = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -1000, max: 1000 }).map(String) },
  {
    weight: 2,
    arbitrary: fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => JSON.stringify(value)),
  },
  fc.constantFrom('1.0', '1e3', '1E+3', '-0', '0.50', '1e400', '-1e400', '1e-400', '0e9', '1e21'),
  fc.bigInt({ min: 2n ** 53n - 2n, max: 2n ** 53n + 2n }).map(String),
  fc.tuple(fc.integer({ min: 1, max: 9 }), digits(14, 24)).map(([first, rest]) => `${first}${rest}`),
  digits(1, 25).map((fraction) => `0.${fraction}`),
  fc.tuple(digits(1, 3), fc.integer({ min: -330, max: 330 })).map(([fraction, e]) => `-2.${fraction}e${e}`),
);
const { args } = fc.letrec<{ value: string; args: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    { weight: 5, arbitrary: number },
    fc.constantFrom('"9007199254740993"', '"a"', 'true', 'null'),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    tie('args'),
  ),
  args: fc
    .array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), tie('value')), { maxLength: 3 })
    .map((fields) => `{${fields.map(([key, value]) => `"${key}": ${value}`).join(', ')}}`),
}));

const withoutTexts = (text: string) => text.replace(/"[^"]*"/g, '""');
/** Every number of a JSON text as its exact value, `digits * 10^exponent`, in order. */
function valuesOf(text: string): string[] {
  return (withoutTexts(text).match(/-?\d[-+.\deE]*/g) ?? []).map((source) => {
    const [mantissa = '', exponent = '0'] = source.toLowerCase().split('e');
    const [whole = '', fraction = ''] = mantissa.split('.');
    let value = BigInt(whole + fraction);
    if (value === 0n) return '0';
    let power = BigInt(exponent) - BigInt(fraction.length);
    for (; value % 10n === 0n; power += 1n) value /= 10n;
    return `${value}e${power}`;
  });
}
const keysOf = (text: string) => withoutTexts(text).split(':').length - 1;
const isSafe = (value: number) =>
  Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value));
const numbersIn = (value: unknown): number[] =>
  typeof value === 'number'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(numbersIn)
      : [];

/** Whether the text should be let in at all, worked out without what is tested here. */
function isExact(text: string): boolean {
  const parsed: unknown = JSON.parse(text);
  const again = JSON.stringify(parsed);
  return (
    numbersIn(parsed).every(isSafe) &&
    keysOf(again) === keysOf(text) &&
    valuesOf(again).join() === valuesOf(text).join()
  );
}
const place = (first: string) => new RegExp(`^${first}(\\.[a-f\\d]+)+: .+; write it (as text, ".+"|once)$`);
const runs = { numRuns: 150 };

test('What is asked over REST', () =>
  fc.assert(
    fc.asyncProperty(args, async (text) => {
      const { status, body } = await request(hub.server)
        .post('/hitl/requests')
        .set({ authorization: 'Bearer x', 'content-type': 'application/json' })
        .send(`{"ticket_id":"T-9","type":"tool_approval","payload":{"tool_name":"pay","tool_args":${text}}}`);
      expect(status).toBe(isExact(text) ? 201 : 400);
      if (status === 201) {
        const read = await request(hub.server).get(`/hitl/requests/${body.hitl.id}`).set('x-user', 'bob');
        expect(read.body.hitl.payload.tool_args).toEqual(unsigned(JSON.parse(text)));
        return;
      }
      expect(body.error).toEqual({
        code: 'invalid_frame',
        message: expect.stringMatching(place('payload\\.tool_args')),
      });
    }),
    runs,
  ));

test('What is edited over a socket', () =>
  fc.assert(
    fc.asyncProperty(args, async (text) => {
      const { id } = await ask({ tool_name: 'pay', tool_args: {}, editable: true });
      const frame = `f-${id}`;
      alice.send(
        `{"type":"hitl_respond","id":"${frame}","request_id":"${id}","status":"approved","response":{"tool_args":${text}}}`,
      );
      const answer = await alice.next((envelope) => envelope.re === frame);
      const record = await portOf(hub.hub).hitl.get(id);
      if (isExact(text)) {
        expect(answer.event).toBe('ack');
        expect(record).toMatchObject({ status: 'approved' });
        expect(record.response?.tool_args).toEqual(unsigned(JSON.parse(text)));
        return;
      }
      expect(answer).toMatchObject({
        event: 'error',
        code: 'invalid_frame',
        message: expect.stringMatching(place('response\\.tool_args')),
      });
      expect(record.status).toBe('pending');
    }),
    runs,
  ));

test('What is handed over in the process, as a payload and as an answer', () =>
  fc.assert(
    fc.asyncProperty(args, async (text) => {
      const toolArgs = JSON.parse(text);
      const { id } = await ask({ tool_name: 'pay', tool_args: {}, editable: true });
      const answer = {
        by: { id: 'bob', name: 'Bob' },
        status: 'approved' as const,
        response: { tool_args: toolArgs },
      };
      const asking = () => ask({ tool_name: 'pay', tool_args: toolArgs });
      const answering = () => portOf(hub.hub).hitl.respond(id, answer);
      if (numbersIn(toolArgs).every(isSafe)) {
        expect((await asking()).payload.tool_args).toEqual(unsigned(toolArgs));
        expect((await answering()).response?.tool_args).toEqual(unsigned(toolArgs));
        return;
      }
      const message = expect.stringMatching(place('tool_args'));
      await expect(asking()).rejects.toMatchObject({ code: 'invalid_request', message });
      await expect(answering()).rejects.toMatchObject({ code: 'invalid_response', message });
    }),
    runs,
  ));

const ask = (payload: Record<string, unknown>) =>
  portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'u',
    type: 'tool_approval',
    payload,
  });

/** Zeros without a sign, which JSON texts of ours do not have. */
function unsigned(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
