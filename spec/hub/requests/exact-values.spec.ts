/** What an app hands over in the process: stored, shown and digested as it is, or refused. */
import { z } from 'zod';
import { portOf } from '../../../lib/hub/hub';
import { digestOf } from '../../../lib/hub/kinds/kinds';
import { defineKind } from '../../../lib/index';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';

let hub: TestHub;
afterEach(() => hub.close());
const bob = { id: 'bob', name: 'Bob' };
const hitl = () => portOf(hub.hub).hitl;
const start = async (options: TestHubOptions = {}) => {
  hub = await startTestHub(options);
};
const ask = (payload: Record<string, unknown>, type = 'tool_approval') =>
  hitl().request({ ticketId: 'T-1', sessionId: 's', userId: 'u', type, payload });
const refused = (code: string, message: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

test('A payload that JSON would change is refused when it is asked and when it is amended', async () => {
  await start();
  const payload = { tool_name: 'pay', tool_args: { list: [1, { n: NaN }] } };
  await expect(ask(payload)).rejects.toEqual(refused('invalid_request', 'tool_args.list.1.n: NaN '));
  const { id } = await ask({ tool_name: 'pay', tool_args: {} });
  await expect(hitl().amend(id, payload)).rejects.toEqual(
    refused('invalid_request', 'tool_args.list.1.n: NaN '),
  );
  expect(await hitl().get(id)).toMatchObject({ revision: 1 });
});

test('A value that JSON has no words for cannot pass for what was approved', async () => {
  await start();
  const { id, payload } = await ask({ tool_name: 'pay', tool_args: { n: null, m: {} } });
  await hitl().respond(id, { by: bob, status: 'approved' });
  for (const args of [
    { n: NaN, m: {} },
    { n: null, m: new Map() },
  ]) {
    const run = { runId: 'r', payload: { ...payload, tool_args: args } };
    await expect(hitl().execute(id, run)).rejects.toEqual(refused('invalid_request', 'tool_args.'));
  }
  await hitl().execute(id, { runId: 'r', payload: { ...payload, extra: undefined } });
});

test('An answer that JSON would change is refused, and the request stays open', async () => {
  await start();
  hitl().defineTool('pay', z.record(z.string(), z.unknown()));
  const { id } = await ask({ tool_name: 'pay', tool_args: {}, editable: true });
  for (const [value, message] of [
    [2 ** 53, 'tool_args.n: 9007199254740992 '],
    [new Set(), 'tool_args.n: A value of the kind Set '],
    [[undefined], 'tool_args.n.0: A list cannot hold undefined'],
  ] as const) {
    const answer = { by: bob, status: 'approved' as const, response: { tool_args: { n: value } } };
    await expect(hitl().respond(id, answer)).rejects.toEqual(refused('invalid_response', message));
  }
  expect((await hitl().get(id)).status).toBe('pending');
});

test('What the schema of a kind makes of a payload or an answer is looked at too', async () => {
  const made = (value: unknown) => z.looseObject({ n: z.string().transform(() => value) });
  await start({
    kinds: {
      asked: defineKind({ payload: made(Number.POSITIVE_INFINITY), response: z.looseObject({}) }),
      answered: defineKind({ payload: z.looseObject({}), response: made(10n) }),
    },
  });
  await expect(ask({ n: 'x' }, 'asked')).rejects.toEqual(refused('invalid_request', 'n: Infinity '));
  const { id } = await ask({}, 'answered');
  const answer = { by: bob, status: 'approved' as const, response: { n: 'x' } };
  await expect(hitl().respond(id, answer)).rejects.toEqual(
    refused('invalid_response', 'n: A BigInt is not JSON'),
  );
});

test('An answer is looked at before a schema makes something else of it', async () => {
  await start({
    kinds: {
      loose: defineKind({ payload: z.looseObject({}), response: z.object({ n: z.coerce.string() }) }),
    },
  });
  const { id } = await ask({}, 'loose');
  const answer = { by: bob, status: 'approved' as const, response: { n: 2 ** 60 } };
  await expect(hitl().respond(id, answer)).rejects.toEqual(
    refused('invalid_response', 'n: 1152921504606847000 '),
  );
});

test('A guarded tool opens no request about arguments that would change', async () => {
  const run = jest.fn();
  const outcomes: unknown[] = [];
  await start({
    agent: async (turn) => {
      const tool = { name: 'pay', args: z.object({ n: z.number() }).or(z.object({ n: z.nan() })), run };
      const pay = hub.hitl.tool(tool);
      outcomes.push(await turn.callTool(pay, { n: NaN }).catch((error: unknown) => error));
      outcomes.push(await turn.callTool(pay, { n: 2 ** 60 }).catch((error: unknown) => error));
    },
  });
  const alice = await hub.connect();
  await alice.ask({ type: 'message', content: 'go' });
  await alice.next('turn_ended');
  expect(outcomes).toEqual([
    refused('invalid_request', 'n: NaN '),
    refused('invalid_request', 'n: 1152921504606847000 '),
  ]);
  expect(alice.all('hitl_request_pending')).toEqual([]);
  expect(run).not.toHaveBeenCalled();
});

test('A Date is shown as its text, and the tool is given a Date again', async () => {
  const run = jest.fn(async ({ at }: { at: Date }) => at.getTime());
  await start({
    agent: async (turn) => {
      const tool = { name: 'plan', args: z.object({ at: z.coerce.date() }), run };
      const outcome = await turn.callTool(hub.hitl.tool(tool), { at: new Date(1_000) });
      await turn.say(outcome.status === 'executed' ? String(outcome.result) : outcome.status);
    },
  });
  const alice = await hub.connect();
  await alice.ask({ type: 'message', content: 'go' });
  const { hitl: view } = await alice.next('hitl_request_pending');
  expect(view.payload.tool_args).toEqual({ at: '1970-01-01T00:00:01.000Z' });
  await alice.ask({ type: 'hitl_respond', request_id: view.id, status: 'approved' });
  const said = await alice.next((frame) => frame.message?.type === 'response');
  expect(said.message.content).toBe('1000');
});

test('The digest is the same for the same values, however they were written', async () => {
  await start();
  const texts = ['{"n":[1,1000,0.5,0]}', '{ "n": [1.0, 1e3, 5e-1, -0] }'];
  const [first, second] = texts.map((text) => digestOf('tool_approval', JSON.parse(text)));
  expect(first).toBe(second);
  const { digest, payload } = await ask({ tool_name: 'pay', tool_args: JSON.parse(texts[1] ?? '') });
  expect(digestOf('tool_approval', JSON.parse(JSON.stringify(payload)))).toBe(digest);
});
