import { z } from 'zod';
import { defineKind, type HitlTypes, jsonSchema, type Kinds, type Schema } from '../../../lib/index';
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';

let hub: TestHub<HitlTypes>;
afterEach(() => hub?.close());

/** A schema of no library: what Standard Schema asks for, and nothing else. */
function plain<T extends object>(
  read: (given: Record<string, unknown>) => T | string,
  json?: Record<string, unknown>,
): Schema<T> {
  const standard = {
    version: 1 as const,
    vendor: 'none',
    validate: (given: unknown) => {
      const value = read(Object(given));
      return typeof value === 'string' ? { issues: [{ message: value, path: ['level'] }] } : { value };
    },
    ...(json && { jsonSchema: { input: () => json } }),
  };
  return { '~standard': standard };
}

const level = plain<{ level: number }>(({ level: given }) =>
  typeof given === 'number' ? { level: given } : 'is no number',
);
const by = { id: 'bob', name: 'Bob' };
const place = { ticketId: 'T-1', requestedBy: 'cron' };

describe('A kind by a schema of another library', () => {
  it('is asked and answered by it, a comment apart', async () => {
    const ask = plain<{ alert: string }>((given) => ({ alert: String(given.alert) }));
    hub = await startTestHub({ kinds: { severity: defineKind({ payload: ask, response: level }) } as Kinds });
    const requests = hub.hub.requests as never as { open(o: object): Promise<{ id: string }> } & Record<
      'answer' | 'wait',
      (o: object) => Promise<object>
    >;
    const opened = await requests.open({ ...place, kind: 'severity', payload: { alert: 'a' } });
    const answer = { requestId: opened.id, by, status: 'approved', kind: 'severity' };
    await expect(requests.answer({ ...answer, response: { level: 'high' } })).rejects.toMatchObject({
      code: 'invalid_response',
      message: expect.stringContaining('is no number'),
    });
    await requests.answer({ ...answer, response: { level: 3 }, comment: 'sure' });
    expect(await requests.wait({ requestId: opened.id })).toMatchObject({
      kind: 'severity',
      status: 'approved',
      response: { level: 3 },
      comment: 'sure',
      decidedBy: 'people',
      by: { userId: 'bob' },
    });
  });

  it('without a JSON Schema has no form, and the log says so; with one it has', async () => {
    const warn = jest.fn();
    const logger = { debug() {}, info() {}, warn, error() {} };
    const json = { type: 'object', properties: { level: { type: 'number' } } };
    const kinds = {
      formless: defineKind({ payload: z.object({}), response: level }),
      formed: defineKind({ payload: z.object({}), response: plain(() => ({}), json) }),
    };
    hub = await startTestHub({ kinds: kinds as Kinds, logger });
    expect(warn.mock.calls.flat().filter((said) => /no JSON Schema/.test(said))).toEqual([
      expect.stringContaining('kinds.formless.response'),
    ]);
    const open = (kind: string) =>
      hub.hub.requests.open({ ...place, kind, payload: {} } as never) as Promise<{ responseSchema?: object }>;
    expect((await open('formless')).responseSchema).toBeUndefined();
    expect((await open('formed')).responseSchema).toMatchObject({
      properties: { level: { type: 'number' }, comment: { type: 'string' } },
    });
  });

  it('that answers later is refused at the start', async () => {
    const later = { '~standard': { version: 1, vendor: 'none', validate: async () => ({ value: {} }) } };
    const kinds = { slow: defineKind({ payload: z.object({}), response: later as Schema<object> }) };
    await expect(startTestHub({ kinds: kinds as never })).rejects.toThrow(
      /kinds\.slow\.response: .*asynchronous/,
    );
  });
});

describe('A kind', () => {
  it('by a JSON Schema is validated by it, and its form is drawn from it', async () => {
    const schema = {
      type: 'object',
      properties: { page: { type: 'string', title: 'Which page' } },
      required: ['page'],
    };
    const publish = defineKind({ payload: z.object({}), response: jsonSchema<{ page: string }>(schema) });
    hub = await startTestHub({ kinds: { publish } as Kinds });
    const open = hub.hub.requests.open({ ...place, kind: 'publish', payload: {} } as never);
    const { id, responseSchema } = (await open) as { id: string; responseSchema?: object };
    expect(responseSchema).toMatchObject(schema);
    const answer = (response: object) =>
      hub.hub.requests.answer({ requestId: id, by, status: 'approved', response } as never);
    await expect(answer({ page: 7 })).rejects.toMatchObject({ code: 'invalid_response' });
    expect(await answer({ page: '/' })).toMatchObject({ status: 'approved' });
  });

  it('that defineKind did not make is refused with what to write', async () => {
    const kinds = { old: { payload: z.object({}), approval: () => z.object({}) } };
    await expect(startTestHub({ kinds: kinds as never })).rejects.toThrow(
      'kinds.old is not a kind: write old: defineKind({ payload, response })',
    );
    expect(() => defineKind({ payload: z.object({}), aproval: 1 } as never)).toThrow(/aproval/);
  });

  it('has a title, which people see unless the request has its own', async () => {
    const pay = defineKind({ title: 'A payment', payload: z.object({}) });
    hub = await startTestHub({ kinds: { pay } as Kinds });
    const open = (more: object) =>
      hub.hub.requests.open({ ...place, kind: 'pay', payload: {}, ...more } as never) as Promise<{
        display?: object;
      }>;
    expect((await open({})).display).toEqual({ title: 'A payment' });
    expect((await open({ display: { title: 'Rent' } })).display).toEqual({ title: 'Rent' });
  });
});
