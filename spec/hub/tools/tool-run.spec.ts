/** What stands between an approval and its effect: just the approved arguments run, once, and the record says what is known. */
import fc from 'fast-check';
import { z } from 'zod';
import { portOf } from '../../../lib/hub/hub';
import '../../seed';
import type { Grant, NoTypes, ToolCall, ToolOptions, ToolRule, Turn } from '../../../lib/index';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';
import { diskFull, type Trouble, troubled } from '../rig';

type Args = Record<string, unknown>;

let hub: TestHub;
afterEach(() => hub.close());

/** A hub whose agent calls the tool once per message and reports what came of it. */
async function start(
  tool: Partial<ToolOptions<z.ZodType<Args>, unknown, NoTypes>>,
  rules: readonly ToolRule<Args>[] = [],
  trouble: Trouble = {},
) {
  const outcomes: ((outcome: ToolCall<unknown> | Error) => void)[] = [];
  let guarded: ((turn: Turn) => Promise<ToolCall<unknown>>) | undefined;
  const agent = async (turn: Turn) => {
    const outcome = await guarded?.(turn).catch((error: Error) => error);
    if (outcome) outcomes.shift()?.(outcome);
  };
  hub = await startTestHub({ agent, store: troubled(memoryStore(), trouble) });
  const args: z.ZodType<Args> = z.record(z.string(), z.unknown());
  const count = hub.hitl.tool({ name: 'count', args, run: () => 'ran', ...tool, rules });
  guarded = (turn) => turn.callTool(count, { n: 1 }, { callId: 'c1' });
  const alice = await hub.connect();
  const say = async () => {
    const outcome = new Promise<ToolCall<unknown> | Error>((resolve) => outcomes.push(resolve));
    const { turn_id } = await alice.ask({ type: 'message', content: 'go' });
    return { outcome, turn_id };
  };
  const approve = async () => {
    const { hitl } = await alice.next('hitl_request_pending');
    await portOf(hub.hub).hitl.respond(hitl.id, { by: { id: 'bob' }, status: 'approved' });
    return hitl.id as string;
  };
  return { alice, say, approve };
}

const execution = async (id: string) => (await portOf(hub.hub).hitl.get(id)).execution;

it('opens no request about arguments that its schema would change when they run', async () => {
  const ran: unknown[] = [];
  const schema: z.ZodType<Args> = z.object({ n: z.number().transform((n) => n + 1) });
  const { say } = await start({ args: schema, run: (args) => ran.push(args) });
  expect(await (await say()).outcome).toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining('does not take what it gives'),
  });
  expect([ran, (await portOf(hub.hub).hitl.list()).items]).toEqual([[], []]);
});

it('refuses a schema that cannot be asked at once when the tool is defined', async () => {
  const schema = z.object({ n: z.number().refine(async () => true) });
  await expect(start({ args: schema as unknown as z.ZodType<Args> })).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining('asynchronous'),
  });
});

it.each<[string, ToolRule<Args>['when'], string]>([
  ['says yes after a while', async () => true, 'executed'],
  ['says neither yes nor no', (() => undefined) as never, 'denied'],
  ['rejects', () => Promise.reject(new Error('no data')), 'denied'],
])('goes by a predicate that %s', async (_what, when, status) => {
  const { say } = await start({}, [{ ...(when && { when }), decide: 'allow' }]);
  expect(await (await say()).outcome).toMatchObject({ status });
});

it('records a run as unknown, not as failed, where its end cannot be recorded, so that it is not repeated by mistake', async () => {
  const trouble: Trouble = {};
  const { say, approve } = await start(
    { run: () => Object.assign(trouble, { commit: diskFull }) && 'ran' },
    [],
    trouble,
  );
  const { outcome } = await say();
  const id = await approve();
  expect(await outcome).toMatchObject({ status: 'executed', result: 'ran' });
  trouble.commit = () => {};
  expect(await execution(id)).toMatchObject({ state: 'executing' });
  await hub.advance(61_000);
  expect(await execution(id)).toMatchObject({ state: 'unknown' });
  expect(await (await say()).outcome).toMatchObject({ status: 'not_run', reason: 'needs_retry' });
});

it('is unknown at once when it was cut off in the middle', async () => {
  let begun = () => {};
  const running = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const { alice, say, approve } = await start({ run: () => new Promise(() => begun()) });
  const { outcome, turn_id } = await say();
  const id = await approve();
  await running;
  await alice.ask({ type: 'turn_cancel', turn_id });
  expect(await outcome).toMatchObject({ code: 'turn_ended' });
  expect(await execution(id)).toMatchObject({ state: 'unknown' });
});

it('does not end the process when a tool throws at once and its turn is cancelled later', async () => {
  const unhandled = jest.fn();
  process.on('unhandledRejection', unhandled);
  try {
    const run = () => {
      throw new Error('no route');
    };
    const { alice, say, approve } = await start({ run });
    const { outcome, turn_id } = await say();
    const id = await approve();
    expect(await outcome).toEqual(new Error('no route'));
    expect(await execution(id)).toMatchObject({ state: 'failed', error: 'no route' });
    await alice.ask({ type: 'turn_cancel', turn_id });
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).not.toHaveBeenCalled();
  } finally {
    process.off('unhandledRejection', unhandled);
  }
});

/** What a person may do with a request, and when the clock moves and a grant is taken back. */
const step = fc.record({
  ip: fc.constantFrom('203.0.113.1', '203.0.113.2', '10.0.0.1'),
  answer: fc.constantFrom('deny', 'approve', 'edit', 'exact', 'any', 'everywhere'),
  ticketId: fc.constantFrom('T-1', 'T-2'),
  after: fc.constantFrom('nothing', 'nothing', 'wait', 'revoke'),
});

it('runs nothing without an approval or a grant of exactly those arguments, whatever people do', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const ran: { args: Args; ticketId: string; at: number }[] = [];
      const settled: Promise<unknown>[] = [];
      let end = () => {};
      const agent = async (turn: Turn) => {
        const args = { ip: turn.message.content };
        await turn.callTool(call, args).catch(() => {});
        end();
      };
      hub = await startTestHub({ agent, limits: { clientsPerTicket: 50 } });
      let place = '';
      const call = hub.hitl.tool({
        name: 'block_ip',
        args: z.object({ ip: z.ipv4() }),
        run: (args) => ran.push({ args, ticketId: place, at: hub.clock.now() }),
        rules: [
          { when: ({ ip }) => ip.startsWith('10.'), decide: 'ask' },
          {
            decide: 'ask',
            ask: { editable: true, grants: [{ uses: 2 }, { args: 'any' }, { scope: 'everywhere' }] },
          },
        ],
      });
      try {
        for (const { ip, answer, ticketId, after } of steps) {
          place = ticketId;
          // So that the requests stand in the order in which they were asked.
          hub.clock.advance(1);
          const over = new Promise<void>((resolve) => {
            end = resolve;
          });
          const client = await hub.connect({ ticketId, tab: String(settled.length) });
          settled.push(client.ask({ type: 'message', content: ip }));
          const pending = client.next('hitl_request_pending').then(async ({ hitl }) => {
            const response = {
              ...(answer === 'edit' && { tool_args: { ip: '198.51.100.9' } }),
              ...(answer === 'exact' && { grant: 0 }),
              ...(answer === 'any' && { grant: 1 }),
              ...(answer === 'everywhere' && { grant: 2 }),
            };
            const status = answer === 'deny' ? ('denied' as const) : ('approved' as const);
            const by = { id: 'bob' };
            // What internal addresses do not offer is refused, and then denied.
            await portOf(hub.hub)
              .hitl.respond(hitl.id, { by, status, ...(status === 'approved' && { response }) })
              .catch(() => portOf(hub.hub).hitl.respond(hitl.id, { by, status: 'denied' }));
          });
          pending.catch(() => {});
          await over;
          if (after === 'wait') await hub.advance('13h');
          if (after === 'revoke')
            for (const { id } of (await hub.hub.grants.list({ live: true })).items)
              await hub.hub.grants.revoke({ grantId: id, by: { id: 'bob' } });
        }
        const { items } = await portOf(hub.hub).hitl.list({}, 200);
        const done = items.filter(({ execution }) => execution?.state === 'executed');
        expect(done).toHaveLength(ran.length);
        const uses = new Map<string, number>();
        for (const [index, { args, ticketId, at }] of ran.entries()) {
          const request = done[index];
          expect(request?.status).toBe('approved');
          expect(request?.response?.tool_args ?? request?.payload.tool_args).toEqual(args);
          if (!request?.usedGrant) continue;
          const { id } = request.usedGrant;
          const grant: Grant = await hub.hub.grants.get(id);
          uses.set(id, (uses.get(id) ?? 0) + 1);
          expect(String(args.ip).startsWith('10.')).toBe(false);
          expect(grant.scope === 'everywhere' || grant.ticketId === ticketId).toBe(true);
          if (grant.covers === 'exact') expect(grant.args).toEqual(args);
          expect(at).toBeLessThan(grant.expiresAt);
          expect(grant.revokedAt ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(at);
          expect(uses.get(id)).toBeLessThanOrEqual(grant.uses ?? Number.POSITIVE_INFINITY);
        }
      } finally {
        await hub.close();
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);
