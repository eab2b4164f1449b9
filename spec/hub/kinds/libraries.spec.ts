/** Kinds and tools by schemas of Valibot and of ArkType, the packages themselves: types, answers, refusals with their places, and forms. */
import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import * as v from 'valibot';
import { defineKind } from '../../../lib/index';
import { startTestHub } from '../../../lib/testing/test-hub';

const by = { id: 'bob', name: 'Bob' };
const place = { ticketId: 'T-1', requestedBy: 'cron' };
const alert = { source: 'mail', seen: 2 };

const valibot = {
  payload: v.object({ source: v.string(), seen: v.optional(v.number(), 1) }),
  response: v.object({
    level: v.pipe(v.number(), v.integer(), v.maxValue(5)),
    team: v.picklist(['soc', 'net']),
  }),
};
const arktype = {
  payload: type({ source: 'string', seen: 'number = 1' }),
  response: type({ level: 'number.integer <= 5', team: "'soc' | 'net'" }),
};

let close = async () => {};
afterEach(() => close());

/** The hub of both, with what it has logged as a warning. */
async function start() {
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, warn: (text: string) => void warnings.push(text), error() {} };
  const hub = await startTestHub({
    logger,
    kinds: {
      valibot: defineKind(valibot),
      drawn: defineKind({
        payload: valibot.payload,
        response: toStandardJsonSchema(valibot.response),
      }),
      arktype: defineKind(arktype),
      depends: defineKind({
        payload: arktype.payload,
        response: ({ seen }) => type({ level: type.number.atMost(seen) }),
      }),
    },
  });
  close = () => hub.close();
  return { hub, requests: hub.hub.requests, warnings };
}

describe.each(['valibot', 'arktype'] as const)('A kind by %s', (kind) => {
  test('has its types, fills in its defaults, and is answered by it', async () => {
    const { requests } = await start();
    const opened = await requests.open({ ...place, kind, payload: { source: 'mail' } });
    const payload: { source: string; seen: number } = opened.payload;
    expect(payload).toEqual({ source: 'mail', seen: 1 });
    const response = { level: 3, team: 'soc' } as const;
    await requests.answer({ requestId: opened.id, by, status: 'approved', kind, response, comment: 'sure' });
    const outcome = await requests.wait({ request: opened });
    if (outcome.status !== 'approved') throw new Error(outcome.status);
    const carried: { level: number; team: 'soc' | 'net' } = outcome.response;
    expect(carried).toEqual(response);
    expect(outcome).toMatchObject({ comment: 'sure', decidedBy: 'people' });
  });

  test('refuses what does not fit, with the place', async () => {
    const { requests } = await start();
    const wrong: object = { source: 7 };
    await expect(requests.open({ ...place, kind, payload: wrong as typeof alert })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/source/),
    });
    const { id: requestId } = await requests.open({ ...place, kind, payload: alert });
    const answer = { requestId, by, status: 'approved', kind } as const;
    await expect(requests.answer({ ...answer, response: { level: 9, team: 'soc' } })).rejects.toMatchObject({
      code: 'invalid_response',
      details: { issues: [{ path: 'level', message: expect.stringMatching(/5/) }] },
    });
    expect(await requests.get(requestId)).toMatchObject({ status: 'pending' });
  });
});

test('A form is drawn from the JSON Schema that a library has: ArkType of itself, Valibot by @valibot/to-json-schema', async () => {
  const { requests, warnings } = await start();
  const schemaOf = async (kind: 'valibot' | 'drawn' | 'arktype') =>
    (await requests.open({ ...place, kind, payload: alert })).responseSchema;
  const form = {
    properties: {
      level: { maximum: 5 },
      team: { enum: expect.arrayContaining(['soc', 'net']) },
      comment: {},
    },
  };
  expect(await schemaOf('drawn')).toMatchObject(form);
  expect(await schemaOf('arktype')).toMatchObject(form);
  expect(await schemaOf('valibot')).toBeUndefined();
  expect(warnings.filter((text) => /JSON Schema/.test(text))).toEqual([
    expect.stringMatching(/kinds\.valibot\.response.*@valibot\/to-json-schema/),
  ]);
});

test('A response that depends on what was asked is validated by the schema made for it', async () => {
  const { requests } = await start();
  const { id: requestId } = await requests.open({ ...place, kind: 'depends', payload: alert });
  const answer = { requestId, by, status: 'approved', kind: 'depends' } as const;
  await expect(requests.answer({ ...answer, response: { level: 3 } })).rejects.toMatchObject({
    code: 'invalid_response',
  });
  expect(await requests.answer({ ...answer, response: { level: 2 } })).toMatchObject({ status: 'approved' });
});

test('A tool takes arguments by either, and edited ones are validated by it too', async () => {
  const { hub } = await start();
  const run = ({ ip }: { ip: string }) => `blocked ${ip}`;
  const tools = [
    hub.hitl.tool({ name: 'by_valibot', args: v.object({ ip: v.pipe(v.string(), v.ip()) }), run }),
    hub.hitl.tool({ name: 'by_arktype', args: type({ ip: 'string.ip' }), run }),
  ];
  expect(tools.map(({ argsSchema }) => argsSchema)).toMatchObject([
    { type: 'object' },
    { properties: { ip: {} } },
  ]);
  for (const tool of tools) {
    const asked = { kind: 'tool_approval', tool, ...place } as const;
    await expect(hub.hub.requests.open({ ...asked, args: { ip: 'x' } })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/args\.ip|ip/),
    });
    const { id: requestId } = await hub.hub.requests.open({
      ...asked,
      args: { ip: '192.0.2.1' },
      editable: true,
    });
    const answer = { requestId, by, status: 'approved' } as const;
    await expect(hub.hub.requests.answer({ ...answer, args: { ip: 'y' } })).rejects.toMatchObject({
      code: 'invalid_response',
    });
    expect(await hub.hub.requests.answer({ ...answer, args: { ip: '192.0.2.2' } })).toMatchObject({
      response: { tool_args: { ip: '192.0.2.2' } },
    });
  }
});

test('A schema that validates later is refused at the start by its name', async () => {
  const later = v.objectAsync({
    level: v.pipeAsync(
      v.number(),
      v.checkAsync(async () => true),
    ),
  });
  const kinds = { later: defineKind({ payload: valibot.payload, response: later }) };
  await expect(startTestHub({ kinds })).rejects.toThrow(/kinds\.later\.response: .*asynchronous/);
});
