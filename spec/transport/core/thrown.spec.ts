/** Whatever the app's code throws, from whichever callback: the peer gets a coded answer, the hub goes on, and nothing reaches the process. */
import type { Request } from 'express';
import type { Logger } from 'winston';
import { z } from 'zod';
import { HubError } from '../../../lib/errors';
import { portOf } from '../../../lib/hub/hub';
import type { Turn } from '../../../lib/index';
import { defineKind } from '../../../lib/index';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { idle } from '../../hub/rig';
import { until } from '../until';

/** What throws when it is looked at. */
function touchy(): never {
  throw new Error('it was looked at');
}
const traps = [
  'get',
  'has',
  'getPrototypeOf',
  'getOwnPropertyDescriptor',
  'ownKeys',
  'apply',
  'set',
  'defineProperty',
] as const;

const thrown: [what: string, make: () => unknown][] = [
  [
    'an error whose message cannot be read',
    () => Object.defineProperty(new Error(), 'message', { get: touchy }),
  ],
  [
    'an error whose name cannot be read',
    () => Object.defineProperty(new Error('x'), 'name', { get: touchy }),
  ],
  ['an error whose message is no text', () => Object.assign(new Error(), { message: { toString: touchy } })],
  ['an error whose message is a symbol', () => Object.assign(new Error(), { message: Symbol('x') })],
  [
    'an error whose cause cannot be read',
    () => Object.defineProperty(new Error('x'), 'cause', { get: touchy }),
  ],
  [
    'an error of ours whose code cannot be read',
    () => Object.defineProperty(new HubError('forbidden'), 'code', { get: touchy }),
  ],
  [
    'an error of ours whose message cannot be read',
    () => Object.defineProperty(new HubError('forbidden'), 'message', { get: touchy }),
  ],
  [
    'an error of ours with a code of its own',
    () => Object.assign(new HubError('forbidden'), { code: 'mine' }),
  ],
  [
    'a proxy that can only be held',
    () => new Proxy({}, Object.fromEntries(traps.map((trap) => [trap, touchy]))),
  ],
  [
    'a proxy of an error',
    () => new Proxy(new Error('x'), Object.fromEntries(traps.map((trap) => [trap, touchy]))),
  ],
  ['an object without a prototype', () => Object.create(null)],
  ['an object that is no text', () => ({ toString: touchy, [Symbol.toPrimitive]: touchy, toJSON: touchy })],
  ['null', () => null],
  ['undefined', () => undefined],
  ['a symbol', () => Symbol('x')],
  ['a number', () => 0n],
];

describe.each(thrown)('%s', (_what, make) => {
  let hub: TestHub;
  const trouble: unknown[] = [];
  const note = (reason: unknown) => void trouble.push(typeof reason);
  beforeAll(() => {
    process.on('unhandledRejection', note);
    process.on('uncaughtException', note);
  });
  afterAll(() => {
    process.off('unhandledRejection', note);
    process.off('uncaughtException', note);
  });
  /** The callback's turn to be well. */
  let isWell = false;
  beforeEach(() => {
    isWell = false;
  });
  afterEach(async () => {
    // The hub goes on, once the app does.
    isWell = true;
    const health = await fetch(`${hub.url}/hitl/requests`, { headers });
    expect(health.status).toBe(200);
    await ask();
    const guest = await hub.connect({ user: 'zoe' });
    expect(await guest.next('snapshot')).toMatchObject({ event: 'snapshot' });
    await hub.close();
    await idle();
    expect(trouble).toEqual([]);
  });

  const headers = { 'x-user': 'alice', 'content-type': 'application/json' };
  /** A callback that throws, then one that rejects, by turns; when the app is well, what it should give. */
  function bad<T>(well: T | ((...args: never[]) => T)) {
    let calls = 0;
    return (...args: unknown[]): never => {
      if (isWell) return (typeof well === 'function' ? Reflect.apply(well, undefined, args) : well) as never;
      calls += 1;
      if (calls % 2) throw make();
      return Promise.reject(make()) as never;
    };
  }
  const start = async (options: TestHubOptions) => {
    hub = await startTestHub(options);
  };
  const ask = async (more: object = {}) =>
    (
      await portOf(hub.hub).hitl.request({
        ...{ ticketId: 'T-1', sessionId: 's', userId: 'agent', type: 'tool_approval' },
        payload: { tool_name: 'block_ip', tool_args: {} },
        ...more,
      })
    ).id;
  const post = async (path: string, body: object) =>
    (await fetch(`${hub.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).status;
  const get = async (path: string) => (await fetch(`${hub.url}${path}`, { headers })).status;

  it.each(['identify', 'identifyService'] as const)('from %s', async (name) => {
    const user = (req: Request) => req.get('x-user') ?? null;
    await start({ auth: { [name]: bad(name === 'identify' ? user : null) } });
    for (let n = 0; n < 2; n += 1) {
      expect(await get('/hitl/requests')).toBe(503);
      expect(await hub.tryConnect()).toMatchObject({ status: 503 });
      expect(await hub.tryConnectInbox()).toMatchObject({ status: 503 });
    }
  });

  it('from ticket, at the door and at every frame', async () => {
    await start({ auth: { authorize: bad('allow') } });
    isWell = true;
    const id = await ask();
    const alice = await hub.connect();
    const inbox = await hub.connectInbox();
    await inbox.next('inbox_snapshot');
    isWell = false;
    for (let n = 0; n < 2; n += 1) {
      expect(await hub.tryConnect({ user: 'bob' })).toMatchObject({ status: 503 });
      expect(await post(`/hitl/requests/${id}/respond`, { status: 'approved' })).toBe(503);
    }
    alice.send({ type: 'hitl_respond', id: 'f1', request_id: id, status: 'approved' });
    expect(await alice.next('error')).toMatchObject({ code: 'unavailable' });
    inbox.send({ type: 'hitl_claim', id: 'f2', request_id: id });
    expect(await inbox.next('error')).toMatchObject({ code: 'unavailable' });
    await ask();
    expect((await inbox.closed()).code).toBe(4503);
  });

  it('from tickets and mayAudit', async () => {
    await start({
      auth: { inboxTickets: bad('all') },
      rules: { mayAudit: bad(true) },
    });
    for (let n = 0; n < 2; n += 1) {
      expect(await get('/hitl/inbox')).toBe(503);
      expect(await hub.tryConnectInbox()).toMatchObject({ status: 503 });
      expect(await get('/tickets/T-1/audit')).toBe(503);
    }
  });

  it('from the rules: it is a no', async () => {
    let runs = (_turn: Turn) => {};
    const running = new Promise<Turn>((resolve) => {
      runs = resolve;
    });
    await start({
      rules: { mayAnswer: bad(true), mayCancel: bad(true), mayCancelTurn: bad(true) },
      agent: (turn) => {
        runs(turn);
        return new Promise((_resolve, reject) => turn.signal.addEventListener('abort', () => reject(make())));
      },
    });
    const alice = await hub.connect();
    alice.send({ type: 'message', id: 'm', content: 'work' });
    const { id: turnId } = await running;
    const id = await ask();
    for (let n = 0; n < 2; n += 1) {
      expect(await post(`/hitl/requests/${id}/respond`, { status: 'approved' })).toBe(403);
      await expect(portOf(hub.hub).hitl.claim(id, { id: 'bob' })).rejects.toMatchObject({
        code: 'not_allowed',
      });
      expect(await post(`/hitl/requests/${id}/cancel`, { reason: 'x' })).toBe(403);
      alice.send({ type: 'turn_cancel', id: `t${n}`, turn_id: turnId });
      expect(await alice.next('error')).toMatchObject({ code: 'not_allowed' });
    }
  });

  it('from the rule on grants: it is a no', async () => {
    await start({ rules: { mayGrant: bad(true) } });
    const grants = [{ scope: 'everywhere', args: 'exact', expires_in_ms: 60_000 }];
    const id = await ask({ payload: { tool_name: 'block_ip', tool_args: {}, grants } });
    for (let n = 0; n < 2; n += 1) {
      expect(await post(`/hitl/requests/${id}/respond`, { status: 'approved', response: { grant: 0 } })).toBe(
        403,
      );
    }
  });

  it('from listeners', async () => {
    await start({});
    for (const event of ['request.reminded', 'request.escalated', 'request.resolved'] as const)
      hub.hub.on(event, bad(null) as () => unknown);
    for (let n = 0; n < 2; n += 1) {
      const id = await ask({
        remindIn: '1s',
        escalate: { after: '1s', to: { users: ['bob'] } },
        policy: { users: ['ann'] },
      });
      await hub.advance('2s');
      await portOf(hub.hub).hitl.respond(id, { by: { id: 'bob' }, status: 'approved' });
    }
  });

  it('from the agent, and from the tools, rules and displays of hitl.tool', async () => {
    const decisions: unknown[] = [];
    const attempt = async (call: Promise<unknown>) => {
      decisions.push(
        await call.then(
          (outcome) => (outcome as { status: string }).status,
          () => 'thrown',
        ),
      );
    };
    await start({
      agent: async (turn: Turn) => {
        if (turn.message.content === 'throw') throw make();
        const schema = z.object({});
        const well = { name: 'tool', args: schema, run: () => 'done' };
        const allow = { decide: 'allow' } as const;
        const when = bad(true);
        const display = bad({});
        for (let n = 0; n < 2; n += 1) {
          const broken = { ...well, name: 'broken', run: bad('done') };
          await attempt(turn.callTool(hub.hitl.tool({ ...broken, rules: [allow] }), {}));
          await attempt(turn.callTool(hub.hitl.tool(broken), {}));
          await attempt(turn.callTool(hub.hitl.tool({ ...well, rules: [{ ...allow, when }] }), {}));
          const asked = { decide: 'ask', ask: { display } } as const;
          await attempt(turn.callTool(hub.hitl.tool({ ...well, rules: [asked] }), {}));
        }
      },
    });
    const alice = await hub.connect();
    alice.send({ type: 'message', id: 'm1', content: 'throw' });
    expect(await alice.next('turn_ended')).toMatchObject({ status: 'aborted' });
    alice.send({ type: 'message', id: 'm2', content: 'use the tools' });
    for (let n = 0; n < 2; n += 1) {
      const { hitl } = await alice.next('hitl_request_pending');
      alice.send({ type: 'hitl_respond', id: `r${n}`, request_id: hitl.id, status: 'approved' });
    }
    expect(await alice.next('turn_ended')).toMatchObject({ status: 'completed' });
    const once = ['thrown', 'thrown', 'denied', 'thrown'];
    expect(decisions).toEqual([...once, ...once]);
  });

  it('from channels', async () => {
    const channels = { mail: { present: bad(undefined), settle: bad(undefined) } };
    await start({ channels });
    const id = await ask();
    await idle();
    await hub.advance('1m');
    await idle();
    await portOf(hub.hub).hitl.cancel(id, 'x');
    await hub.advance('1m');
    await until(() => hub.clock.pending > 0, 'the deliveries are tried again');
    isWell = true;
    await hub.advance('2h');
  });

  it('from the person of a link', async () => {
    await start({
      auth: { findUser: bad(() => ({ id: 'bob' })) },
      links: { secret: 's'.repeat(32), baseUrl: 'https://app.example.com' },
    });
    const link = await hub.hub.links.create({ requestId: await ask(), userId: 'bob', expiresIn: '1h' });
    const { pathname } = new URL(String(link));
    for (let n = 0; n < 2; n += 1) expect(await get(pathname)).toBe(503);
  });

  it('from a kind of its own', async () => {
    const broken = z
      .object({})
      .loose()
      .refine((given) => {
        if (!('now' in given)) return true;
        throw make();
      });
    const approval = () => broken as never;
    const never = z.object({ never: z.string() }).loose();
    const failing = bad(null);
    const unsure = (payload: object) => ('now' in payload ? failing() : z.object({})) as never;
    await start({
      kinds: {
        check: defineKind({ payload: z.object({}).loose(), response: approval }),
        unsure: defineKind({ payload: never, response: unsure }),
      },
    });
    const id = await ask({ type: 'check', payload: {} });
    expect(await post(`/hitl/requests/${id}/respond`, { status: 'approved', response: { now: 1 } })).toBe(
      500,
    );
    const alice = await hub.connect();
    const frame = { type: 'hitl_respond', id: 'f', request_id: id, status: 'approved', response: { now: 1 } };
    alice.send(frame);
    expect(await alice.next('error')).toMatchObject({ code: 'internal' });
    for (let n = 0; n < 2; n += 1) {
      const asked = ask({ type: 'unsure', payload: { never: '', now: 1 } });
      await expect(asked).rejects.toMatchObject({ code: 'invalid_request' });
    }
    await expect(
      ask({
        type: 'check',
        payload: {
          get now() {
            throw make();
          },
        },
      }),
    ).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('from the logger', async () => {
    const log = bad(undefined);
    const logger = { error: log, warn: log, info: log, debug: log, log } as unknown as Logger;
    await start({ logger, auth: { identify: (req) => req.get('x-user') ?? touchy() } });
    hub.hub.on('request.resolved', () => touchy());
    for (let n = 0; n < 2; n += 1) {
      const id = await ask();
      await portOf(hub.hub).hitl.cancel(id, 'x');
      expect((await fetch(`${hub.url}/hitl/requests`)).status).toBe(503);
    }
  });

  it('from the rule on live charts', async () => {
    await start({ pages: { charts: { maySee: bad(true) } } });
    for (let n = 0; n < 2; n += 1) expect(await get('/charts/actors')).toBe(503);
  });
});
