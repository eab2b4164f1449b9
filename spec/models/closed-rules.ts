/** Everything that is refused so that no rule is believed to be in force that is not: named checks on a hub, each of which throws when something laxer is let through. */
import assert from 'node:assert/strict';
import { createLogger } from 'winston';
import { z } from 'zod';
import type { NoTypes } from '../../lib/hub/kinds/app-types';
import { partsOf } from '../../lib/hub/kinds/tool';
import { type HubOptions, HubPort } from '../../lib/hub/port';
import type { HitlRequestInput } from '../../lib/hub/requests/ask';
import { Requests } from '../../lib/hub/requests/requests';
import { makeTool, type ToolOptions } from '../../lib/hub/tools/make-tool';
import type { ToolRule } from '../../lib/hub/tools/tool-rules';
import { unrecorded } from '../../lib/hub/turns/entry';
import type { TurnPort } from '../../lib/hub/turns/turn';
import { defineKind } from '../../lib/index';
import { memoryStore } from '../../lib/store/memory/memory-store';
import { ManualClock } from '../../lib/testing/manual-clock';

/** One rule, and what shows that it holds. */
export interface ClosedRule {
  rule: string;
  check(): Promise<void>;
}

const question = {
  ticketId: 'T',
  sessionId: 's',
  userId: 'rita',
  type: 'question',
  payload: { question: 'Why?' },
};
const approval = { ...question, type: 'tool_approval', payload: { tool_name: 'cut', tool_args: { n: 1 } } };
const tool = { name: 'cut', args: z.object({ n: z.number() }), run: () => 'cut' };
type CutOptions = ToolOptions<typeof tool.args, unknown, NoTypes>;

function hubWith(options: Partial<HubOptions> = {}) {
  const logger = createLogger({ silent: true });
  const clock = new ManualClock();
  const hub = new HubPort({ store: memoryStore(), clock, logger, ...options });
  return { hub, clock, logger };
}

/** What the hub makes of this, started and closed around it. */
async function inHub<T>(
  use: (parts: ReturnType<typeof hubWith>) => Promise<T>,
  options: Partial<HubOptions> = {},
): Promise<T> {
  const parts = hubWith(options);
  await parts.hub.start();
  try {
    return await use(parts);
  } finally {
    await parts.hub.close();
  }
}

const ask = (input: object, options?: Partial<HubOptions>) =>
  inHub(({ hub }) => hub.hitl.request({ ...question, ...input } as HitlRequestInput), options);

/** The refusal says what it has to. */
function refused(work: Promise<unknown>, code: string, ...says: string[]): Promise<void> {
  return assert.rejects(work, (error: { code?: string; message: string }) => {
    assert.equal(error.code, code, error.message);
    for (const each of says) assert.ok(error.message.includes(each), `${error.message} does not say ${each}`);
    return true;
  });
}

/** A call of a guarded tool in a turn that no client watches; what it asks is approved. */
function callOf(rules: readonly ToolRule<{ n: number }>[], given: CutOptions = tool) {
  return async (args: { n: number }, asked: (toolArgs: unknown) => void = () => {}) =>
    inHub(async ({ hub, clock, logger }) => {
      const call = partsOf(makeTool({ hitl: hub.hitl, clock, logger }, { ...given, rules })).call;
      const approve = async ({
        tool: name,
        args: toolArgs,
      }: {
        tool: string;
        args: Record<string, unknown>;
      }) => {
        asked(toolArgs);
        const { id } = await hub.hitl.request({
          ...approval,
          payload: { tool_name: name, tool_args: toolArgs },
        });
        const request = await hub.hitl.respond(id, { by: { id: 'ann' }, status: 'approved' });
        return { status: 'approved' as const, request, args: request.response?.tool_args ?? toolArgs };
      };
      return call({ signal: new AbortController().signal, approve }, plainPort, args, {});
    });
}

/** Of a turn that records nothing. */
const plainPort: Pick<TurnPort, 'keep'> = { keep: (_call, work) => work(unrecorded()) };

export const closedRules: readonly ClosedRule[] = [
  {
    rule: 'a field of a policy that nobody knows is refused',
    check: () => refused(ask({ policy: { exclude_requester: true } }), 'invalid_request', 'excludeRequester'),
  },
  {
    rule: 'an option that nobody knows is refused',
    check: () => refused(ask({ expireIn: '1h' }), 'invalid_request', 'expiresIn'),
  },
  {
    rule: 'a wrong value of a policy is refused',
    check: async () => {
      await refused(ask({ policy: { approvals: '2' } }), 'invalid_request', 'policy.approvals');
      for (const policy of [null, new Map(), [], 'four eyes', Object.create({ excludeRequester: true })])
        await refused(ask({ policy }), 'invalid_request', 'policy', 'plain object');
    },
  },
  {
    rule: 'the excluded requester cannot be the only one who may answer',
    check: () =>
      refused(ask({ policy: { users: ['rita'], excludeRequester: true } }), 'invalid_request', 'requester'),
  },
  {
    rule: 'one person who is named twice is one',
    check: () =>
      refused(ask({ policy: { users: ['ann', 'ann'], approvals: 2 } }), 'invalid_request', 'fewer'),
  },
  {
    rule: 'one person does not do for two stages',
    check: () =>
      refused(
        ask({ policy: { stages: [{ users: ['ann'] }, { name: 'sign-off', users: ['ann'] }] } }),
        'invalid_request',
        'stage 2 (sign-off)',
        'no person counts twice',
      ),
  },
  {
    rule: 'a list of people is not empty',
    check: () => refused(ask({ policy: { groups: [] } }), 'invalid_request', 'groups'),
  },
  {
    rule: 'silence gives no answer to a question',
    check: () =>
      refused(ask({ expiresIn: '1h', onExpiry: 'approved' }), 'invalid_request', 'silence gives none'),
  },
  {
    rule: 'silence gives no answer to what a question becomes by an amendment',
    check: () =>
      inHub(
        async ({ hub }) => {
          const { id } = await hub.hitl.request({
            ...question,
            type: 'level',
            payload: { optional: true },
            expiresIn: '1h',
            onExpiry: 'approved',
          });
          await refused(hub.hitl.amend(id, { optional: false }), 'invalid_request', 'silence gives none');
        },
        {
          kinds: {
            level: defineKind({
              payload: z.object({ optional: z.boolean() }),
              response: ({ optional }) =>
                z.strictObject({ level: optional ? z.number().optional() : z.number() }),
            }),
          },
        },
      ),
  },
  {
    rule: 'the same key under other terms is a conflict',
    check: () =>
      inHub(async ({ hub }) => {
        const strict = { ...question, key: 'k', policy: { excludeRequester: true } };
        await hub.hitl.request({ ...question, key: 'k' });
        await refused(hub.hitl.request(strict), 'key_conflict');
        assert.equal((await hub.hitl.request({ ...strict, supersede: true })).policy.excludeRequester, true);
      }),
  },
  {
    rule: 'a kind that cannot be answered is refused when it is registered',
    check: async () =>
      assert.throws(
        () =>
          hubWith({
            kinds: {
              day: defineKind({ payload: z.object({}), response: z.object({ day: z.date() }) as never }),
            },
          }),
        /kinds\.day\.response: day: JSON cannot carry a Date/,
      ),
  },
  {
    rule: 'a pattern that explodes is refused when it is registered',
    check: async () =>
      assert.throws(
        () =>
          hubWith({
            kinds: {
              code: defineKind({
                payload: z.object({}),
                response: z.object({ code: z.string().regex(/^(a|aa)+$/) }),
              }),
            },
          }),
        /kinds\.code\.response: code: the pattern .* exponential time/,
      ),
  },
  {
    rule: 'a kind that fails for what is asked is refused when it is asked',
    check: () =>
      refused(
        ask(
          { type: 'pick', payload: { of: 'x' } },
          {
            kinds: {
              pick: defineKind({
                payload: z.object({ of: z.unknown() }),
                response: ({ of }) => z.object({ one: z.enum((of as { a: string[] }).a) }),
              }),
            },
          },
        ),
        'invalid_request',
        'pick',
      ),
  },
  {
    rule: 'arguments are editable only where one person decides on a tool that is known',
    check: () =>
      inHub(async ({ hub }) => {
        const asked = { ...approval, payload: { ...approval.payload, editable: true } };
        assert.equal((await hub.hitl.request(asked)).payload.editable, false);
        hub.hitl.defineTool('cut', tool.args);
        assert.equal((await hub.hitl.request(asked)).payload.editable, true);
        const quorum = await hub.hitl.request({ ...asked, policy: { approvals: 2 } });
        assert.equal(quorum.payload.editable, false);
      }),
  },
  {
    rule: 'a field that the tool does not know is not dropped from edited arguments',
    check: () =>
      inHub(async ({ hub }) => {
        hub.hitl.defineTool('cut', z.object({ n: z.number(), deep: z.object({ x: z.number() }).optional() }));
        const { id } = await hub.hitl.request({
          ...approval,
          payload: { ...approval.payload, editable: true },
        });
        const answer = (tool_args: Record<string, unknown>) =>
          hub.hitl.respond(id, { by: { id: 'ann' }, status: 'approved', response: { tool_args } });
        await refused(answer({ n: 2, nn: 3 }), 'invalid_response', 'tool_args', '"nn"');
        await refused(
          answer({ n: 2, deep: { x: 1, why: 2 } }),
          'invalid_response',
          'tool_args.deep',
          '"why"',
        );
        assert.deepEqual((await answer({ n: 2 })).response?.tool_args, { n: 2 });
      }),
  },
  {
    rule: 'what was filled into edited arguments and not seen does not run',
    check: () =>
      inHub(async ({ hub }) => {
        hub.hitl.defineTool('cut', z.object({ n: z.number(), times: z.number().default(1) }));
        const { id } = await hub.hitl.request({
          ...approval,
          payload: { ...approval.payload, editable: true },
        });
        const response = { tool_args: { n: 2 } };
        await refused(
          hub.hitl.respond(id, { by: { id: 'ann' }, status: 'approved', response }),
          'invalid_response',
          'tool_args.times',
        );
      }),
  },
  {
    rule: 'a grant for everywhere covers nothing where its giver may not go',
    check: () =>
      inHub(
        async ({ hub }) => {
          const grants = [{ scope: 'everywhere' }];
          const asked = { ...approval, payload: { ...approval.payload, grants } };
          const { id } = await hub.hitl.request(asked);
          await hub.hitl.respond(id, { by: { id: 'ann' }, status: 'approved', response: { grant: 0 } });
          assert.equal((await hub.hitl.request({ ...asked, ticketId: 'open' })).status, 'approved');
          assert.equal((await hub.hitl.request({ ...asked, ticketId: 'closed' })).status, 'pending');
        },
        { mayUseTicket: (ticketId, { id }) => ticketId !== 'closed' && id === 'ann' },
      ),
  },
  {
    rule: 'a guarded tool is given what its rules have seen',
    check: async () => {
      const ran: unknown[] = [];
      const args = { n: 1 };
      const rules: ToolRule<{ n: number }>[] = [
        {
          when: async ({ n }) => {
            args.n = 99;
            await Promise.resolve();
            return n === 1;
          },
          decide: 'allow',
        },
      ];
      await callOf(rules, { ...tool, run: (given) => ran.push({ ...given }) })(args);
      assert.deepEqual(ran, [{ n: 1 }]);
    },
  },
  {
    rule: 'rules and tool are what they were when the tool was guarded',
    check: async () => {
      const shown: unknown[] = [];
      const rules: ToolRule<{ n: number }>[] = [{ decide: 'ask' }];
      const call = inHub(async ({ hub, clock, logger }) => {
        const guarded = makeTool<typeof tool.args, string, NoTypes>(
          { hitl: hub.hitl, clock, logger },
          { ...tool, rules },
        );
        rules.unshift({ decide: 'allow' });
        const approve = async () => {
          shown.push('asked');
          throw new Error('stop');
        };
        const turn = { signal: new AbortController().signal, approve };
        return partsOf(guarded).call(turn, plainPort, { n: 1 }, {});
      });
      await assert.rejects(call, /stop/);
      assert.deepEqual(shown, ['asked']);
    },
  },
  {
    rule: 'a decision that is misspelt is none',
    check: () => refused(callOf([{ decide: 'alow' as 'allow' }])({ n: 1 }), 'invalid_request', 'decide'),
  },
  {
    rule: 'requests are listed by what is known only',
    check: async () => {
      const list = (filter: object) => inHub(({ hub }) => new Requests(hub.hitl).list(filter));
      await refused(list({ statuss: 'pending' }), 'invalid_request', 'status');
      await refused(list({ status: 'aproved' }), 'invalid_request', 'status');
      await refused(list({ ticketId: '' }), 'invalid_id');
    },
  },
  {
    rule: 'what no socket could name is asked about nowhere',
    check: async () => {
      for (const where of [
        { ticketId: '' },
        { ticketId: 'a\nb' },
        { sessionId: '' },
        { message: { id: 'x'.repeat(129) } },
      ])
        await refused(ask(where), 'invalid_id');
    },
  },
  {
    rule: 'a deadline is at most ten years away',
    check: () => refused(ask({ expiresIn: 1e300 }), 'invalid_request', 'expiresIn', '3650d'),
  },
];

/** The rules above as a system that code with a bug is tried with. */
export const ClosedRules = {
  /** The first rule that does not hold, or nothing if all do. */
  async broken(): Promise<string | undefined> {
    for (const { rule, check } of closedRules) {
      try {
        await check();
      } catch {
        return rule;
      }
    }
    return undefined;
  },
};
