/** Each mistake that is likely in the first hour, made as a newcomer makes it, and what the log or the error then says of it. */
import { createServer, type Server } from 'node:http';
import express, { type RequestHandler } from 'express';
import type { z } from 'zod';
import { z as zod3 } from 'zod/v3';
import { HubError } from '../../../lib/errors';
import { portOf } from '../../../lib/hub/hub';
import { defineKind } from '../../../lib/hub/kinds/define-kind';
import { durable } from '../../../lib/hub/turns/durable/durable';
import type { Agent } from '../../../lib/hub/turns/turn';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import { expressHitl } from '../../../lib/transport/express/express-hitl';
import { askOnce } from '../raw-socket';
import { endedAfterEach, type HitlTestOptions } from '../serve';

const { hitlOf, serve } = endedAfterEach();

interface Logged {
  level: string;
  line: string;
  facts: Record<string, unknown>;
}

/** A hub that waits for nothing, and what it logs. */
function watched(options: HitlTestOptions = {}) {
  const logged: Logged[] = [];
  const waiting = new Set<() => void>();
  const log =
    (level: string) =>
    (line: string, facts: Record<string, unknown> = {}) => {
      logged.push({ level, line, facts });
      for (const wake of waiting) wake();
    };
  const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const hitl = hitlOf({ logger: logger as never, ...options });
  // A mistake behind the refusal of a socket is said with the line of that refusal.
  const matching = (pattern: RegExp) =>
    logged
      .map((each) => (each.facts.hint ? { ...each, line: `${each.facts.hint}` } : each))
      .filter(({ line }) => pattern.test(line));
  const until = async (pattern: RegExp): Promise<Logged> => {
    while (matching(pattern).length === 0) {
      await new Promise<void>((resolve) => {
        waiting.add(resolve);
      });
    }
    return matching(pattern)[0] as Logged;
  };
  return { hitl, logged, matching, until };
}

const ticket = '/soc/ws/chat/ticket/T-1';
const me = (port: number, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${port}/soc/hitl/me`, { headers });

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return `${error instanceof HubError ? error.code : 'not coded'}: ${(error as Error).message}`;
  }
  return 'nothing was thrown';
}

describe('attach', () => {
  it('that was forgotten is named once, with what to write, when the first socket is asked for', async () => {
    const { hitl, matching } = watched();
    const { port } = await serve(express().use('/soc', hitl.router));
    const asked = { path: ticket, headers: { 'x-user': 'alice' } };
    expect((await askOnce(port, asked)).status).toBe(426);
    expect((await askOnce(port, asked)).status).toBe(426);
    expect(matching(/not opened/)).toEqual([
      expect.objectContaining({
        level: 'warn',
        line: expect.stringContaining('hitl.attach was not called: write hitl.attach(app.listen(3000))'),
      }),
    ]);
  });

  it('with the path of another mount is named with both paths', async () => {
    const { hitl, matching } = watched();
    const served = await serve(express().use('/soc', hitl.router));
    hitl.attach(served.server, { path: '/ops' });
    expect((await askOnce(served.port, { path: ticket })).status).toBe(426);
    const [{ line } = { line: '' }] = matching(/not opened/);
    expect(line).toContain("'/ops'");
    expect(line).toContain(ticket);
  });

  it('to another server than the one that listens is named', async () => {
    const { hitl, matching } = watched();
    const app = express().use('/soc', hitl.router);
    hitl.attach(createServer(app));
    const { port } = await serve(app);
    expect((await askOnce(port, { path: ticket })).status).toBe(426);
    expect(matching(/hitl\.attach was not called on this server/)).toHaveLength(1);
  });

  it.each([
    ['the app', express(), 'not the app'],
    ['a function', () => {}, 'not a function'],
    ['nothing', undefined, 'not undefined'],
    ['a port', 3000, 'not 3000'],
    ['an object', {}, 'not an object that is none'],
  ])('given %s says so and what it takes', (_what, given, said) => {
    const { hitl } = watched();
    const message = messageOf(() => hitl.attach(given as unknown as Server));
    expect(message).toMatch(/^invalid_request: attach takes the server that app\.listen gives/);
    expect(message).toContain(said);
    expect(message).toContain('hitl.attach(app.listen(3000))');
  });
});

describe('hitl in place of hitl.router', () => {
  it.each([
    ['app.use(hitl)', (hitl: RequestHandler) => express().use(hitl)],
    ["app.use('/soc', hitl)", (hitl: RequestHandler) => express().use('/soc', hitl)],
    [
      "app.use('/soc', login, hitl)",
      (hitl: RequestHandler) => express().use('/soc', (_q, _s, n) => n(), hitl),
    ],
    ["app.use('/soc', [hitl])", (hitl: RequestHandler) => express().use('/soc', [hitl])],
  ])('%s is refused as it is mounted, with what to write', (_what, mount) => {
    const { hitl } = watched();
    expect(messageOf(() => mount(hitl as unknown as RequestHandler))).toMatch(
      /^invalid_request: hitl is not middleware.*hitl\.router/,
    );
  });

  it('in a router or a route is answered with the same error when it is called', async () => {
    const { hitl } = watched();
    const thrown: unknown[] = [];
    const app = express();
    app.use(express.Router().use('/soc', hitl as unknown as RequestHandler));
    app.use(((error, _req, res, _next) => {
      thrown.push(error);
      res.sendStatus(500);
    }) as express.ErrorRequestHandler);
    const { port } = await serve(app);
    expect((await me(port)).status).toBe(500);
    expect(thrown).toEqual([
      expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining('hitl.router') }),
    ]);
  });

  it('changes nothing for what is taken out of it', () => {
    const { hitl } = watched();
    const { router, hub } = { ...hitl };
    expect(router).toBe(hitl.router);
    expect(hub).toBe(hitl.hub);
  });
});

describe('a page of another origin', () => {
  const evil = 'https://shop.example.com';

  it('is refused with what came, what is allowed and the option, to the peer and once in the log', async () => {
    const { hitl, matching } = watched({ http: { origins: ['https://desk.example.com'] } });
    const served = await serve(express().use('/soc', hitl.router));
    hitl.attach(served.server);
    const answers = [1, 2].map(() => askOnce(served.port, { path: ticket, headers: { Origin: evil } }));
    for (const { status, body } of await Promise.all(answers)) {
      const { error } = JSON.parse(body);
      expect([status, error.code]).toEqual([403, 'origin_refused']);
      expect(error.message).toContain(evil);
      expect(error.details).toEqual({ origin: evil, allowed: ['https://desk.example.com'] });
    }
    expect(matching(/Origin/)).toHaveLength(1);
    const [{ line } = { line: '' }] = matching(/Origin/);
    for (const part of [evil, 'https://desk.example.com', `http: { origins: ['${evil}'] }`])
      expect(line).toContain(part);
  });

  it('without the option names the host that was asked for', async () => {
    const { hitl, matching } = watched();
    const served = await serve(express().use('/soc', hitl.router));
    hitl.attach(served.server);
    await askOnce(served.port, { path: ticket, headers: { Origin: evil, Host: 'inner:3000' } });
    const [{ line } = { line: '' }] = matching(/Origin/);
    expect(line).toContain('inner:3000');
    expect(line).toContain('let the proxy pass on Host');
  });

  it('a cookie without an Origin is named as what programs send', async () => {
    const { hitl, matching } = watched();
    const served = await serve(express().use('/soc', hitl.router));
    hitl.attach(served.server);
    expect((await askOnce(served.port, { path: ticket, headers: { Cookie: 'sid=secret' } })).status).toBe(
      403,
    );
    const [{ line } = { line: '' }] = matching(/Origin/);
    expect(line).toContain('http.allowMissingOrigin');
    expect(line).not.toContain('secret');
  });

  it('of which there are very many fills no log', async () => {
    const { hitl, matching } = watched();
    const served = await serve(express().use('/soc', hitl.router));
    hitl.attach(served.server);
    for (let each = 0; each < 60; each += 1)
      await askOnce(served.port, { path: ticket, headers: { Origin: `https://s${each}.example.com` } });
    expect(matching(/The Origin .* was refused/).length).toBeLessThanOrEqual(50);
  });
});

it('a proxy that does not pass on Upgrade is named with the lines for nginx', async () => {
  const { hitl, matching } = watched();
  const served = await serve(express().use('/soc', hitl.router));
  hitl.attach(served.server);
  const headers = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'x-user': 'alice' };
  expect((await fetch(`http://127.0.0.1:${served.port}${ticket}`, { headers })).status).toBe(426);
  const [{ line } = { line: '' }] = matching(/not opened/);
  for (const part of ['proxy_http_version 1.1;', 'Upgrade $http_upgrade;', 'Connection "upgrade";'])
    expect(line).toContain(part);
});

describe('a login that is not remembered', () => {
  const nobody = { auth: { identify: () => null } };

  it('behind a proxy that Express does not trust is named with what to set, and not once it trusts it', async () => {
    const { hitl, matching } = watched(nobody);
    const { port } = await serve(express().use('/soc', hitl.router));
    expect((await me(port, { 'x-forwarded-proto': 'https' })).status).toBe(401);
    expect(matching(/gave null.*write app\.set\('trust proxy', 1\)/)).toHaveLength(1);
    const trusting = watched(nobody);
    const app = express().set('trust proxy', true).use('/soc', trusting.hitl.router);
    const served = await serve(app);
    expect((await me(served.port, { 'x-forwarded-proto': 'https' })).status).toBe(401);
    expect(trusting.matching(/gave null/)).toHaveLength(1);
    expect(trusting.matching(/trust proxy|SameSite/)).toEqual([]);
  });

  it('of a page of another site is named with what its cookie needs', async () => {
    const { hitl, matching } = watched({ ...nobody, http: { origins: ['https://app.example.com'] } });
    const { port } = await serve(express().use('/soc', hitl.router));
    expect((await me(port, { origin: 'https://app.example.com' })).status).toBe(401);
    expect(matching(/from https:\/\/app\.example\.com: .*SameSite=None; Secure/)).toHaveLength(1);
  });

  it('is not said to lack a cookie where one came', async () => {
    const { hitl, matching } = watched(nobody);
    const { port } = await serve(express().use('/soc', hitl.router));
    await me(port, { 'x-forwarded-proto': 'https', cookie: 'sid=1' });
    expect(matching(/gave null/)).toHaveLength(1);
    expect(matching(/No cookie/)).toEqual([]);
  });
});

it.each([
  ['a user whose id is a number', { id: 7 }],
  ['a number', 7],
])('auth.identify that gives %s is named with what to write', async (_what, given) => {
  const { hitl, matching } = watched({ auth: { identify: () => given as never } });
  const { port } = await serve(express().use('/soc', hitl.router));
  expect((await me(port)).status).toBe(503);
  expect(matching(/gave no user/)[0]?.facts.wrong).toBe(
    'the id is a number, and has to be a text: write String(id)',
  );
});

describe('a handshake that the app answers itself', () => {
  const asked = { path: ticket, headers: { 'x-user': 'alice' } };
  const login: RequestHandler = (_req, res) => void res.status(401).end();
  const page: RequestHandler = (_req, res) => void res.send('<!doctype html>');

  it.each([
    ['with 404, since the router is not mounted', 404, undefined],
    ['with a page for every address', 200, page],
  ])('%s is named once, with what to write', async (_what, status, handler) => {
    const { hitl, matching } = watched();
    const app = express();
    if (handler) app.use(handler).use('/soc', hitl.router);
    const { port, server } = await serve(app);
    hitl.attach(server);
    expect((await askOnce(port, asked)).status).toBe(status);
    expect((await askOnce(port, asked)).status).toBe(status);
    const line = `A socket at ${ticket} did not get to the hub, since the app answered with ${status}: write app.use(path, hitl.router), before what answers every address`;
    expect(matching(/did not get to the hub/)).toEqual([expect.objectContaining({ level: 'warn', line })]);
  });

  it('is no mistake where its login refuses, or where the hub does', async () => {
    const refusing = watched();
    const served = await serve(express().use(login).use('/soc', refusing.hitl.router));
    refusing.hitl.attach(served.server);
    expect((await askOnce(served.port, asked)).status).toBe(401);
    expect(refusing.matching(/did not get to the hub/)).toEqual([]);
    const hidden = watched({ auth: { authorize: () => 'not_found' } });
    const { port, server } = await serve(express().use('/soc', hidden.hitl.router));
    hidden.hitl.attach(server);
    expect((await askOnce(port, asked)).status).toBe(404);
    expect(hidden.matching(/did not get to the hub/)).toEqual([]);
  });
});

it('a hub that is used before its start says what to wait for', async () => {
  const { hitl } = watched({ store: memoryStore() });
  const message = { ticketId: 'T-1', user: { id: 'ana' }, content: 'hi' };
  await expect(hitl.hub.turns.start(message)).rejects.toMatchObject({
    code: 'unavailable',
    message: 'The store is not open: await hitl.start() first',
  });
});

describe('auth.identify', () => {
  it('that returns nothing is named once, and not after it has returned a user', async () => {
    const { hitl, matching } = watched({ auth: { identify: () => undefined } });
    const { port } = await serve(express().use('/soc', hitl.router));
    expect([(await me(port)).status, (await me(port)).status]).toEqual([401, 401]);
    expect(matching(/auth\.identify gave undefined/)).toHaveLength(1);

    const second = watched();
    const other = await serve(express().use('/soc', second.hitl.router));
    expect([(await me(other.port, { 'x-user': 'a' })).status, (await me(other.port)).status]).toEqual([
      200, 401,
    ]);
    expect(second.matching(/auth\.identify/)).toEqual([]);
  });

  it('that gives a user without id is named with what there was, and no value of it', async () => {
    const user = { email: 'ana@example.com', sub: 'u-1' };
    const { hitl, matching } = watched({ auth: { identify: () => user as never } });
    const { port } = await serve(express().use('/soc', hitl.router));
    expect([(await me(port)).status, (await me(port)).status]).toEqual([401, 401]);
    expect(matching(/without id.*email, sub/)).toHaveLength(1);
    expect(matching(/ana@example/)).toEqual([]);
  });

  it('that throws is logged with its stack, and answered 503 without it', async () => {
    const identify = function findLogin() {
      throw new Error('No sessions');
    };
    const { hitl, matching } = watched({ auth: { identify } });
    const { port } = await serve(express().use('/soc', hitl.router));
    const refused = await me(port);
    expect(refused.status).toBe(503);
    expect(await refused.text()).not.toContain('No sessions');
    expect(matching(/auth\.identify failed/)[0]?.facts).toEqual({
      error: 'No sessions',
      stack: expect.stringMatching(/findLogin.*first-hour/s),
    });
  });
});

it.each([
  ['true', true],
  ['undefined', undefined],
  ['null', null],
  ['text', 'yes'],
  ['object', { allow: true }],
])('auth.authorize that gives %s is named with what it has to return', async (what, given) => {
  const { hitl, matching } = watched({ auth: { authorize: () => given as never } });
  const served = await serve(express().use('/soc', hitl.router));
  hitl.attach(served.server);
  expect((await askOnce(served.port, { path: ticket, headers: { 'x-user': 'alice' } })).status).toBe(503);
  expect(matching(/auth\.authorize/).map(({ line }) => line)).toEqual([
    `auth.authorize gave ${what}, so access is refused: return 'allow', 'forbidden' or 'not_found'`,
  ]);
});

it.each([
  ['user', { user: () => 'alice' }, 'auth.identify'],
  ['auth.identity', { auth: { identity: () => 'alice', authorize: () => 'allow' } }, 'identify'],
  ['auth', {}, 'auth is missing'],
  ['store', { store: './data/hitl.db' }, "store: sqliteStore('./data/hitl.db')"],
  ['store', { store: null }, 'Must be a store'],
  ['orgins', { http: { orgins: [] } }, 'origins'],
])('the misspelt or mistaken option %s is refused with what was meant', (_name, wrong, meant) => {
  const auth = { identify: () => 'alice', authorize: () => 'allow' as const };
  const options = _name === 'auth' ? wrong : { auth, ...wrong };
  expect(messageOf(() => expressHitl(options as never))).toMatch(/^invalid_request: /);
  expect(messageOf(() => expressHitl(options as never))).toContain(meant);
});

describe('a schema of zod 3', () => {
  const schema = zod3.object({ ip: zod3.string() }) as unknown as z.ZodObject;

  it('as a kind and as a tool is refused with what to do', () => {
    const { hitl } = watched();
    const said = /zod 3; make it with zod 4/;
    const made = () => watched({ kinds: { block: defineKind({ payload: schema }) } });
    expect(messageOf(made)).toMatch(said);
    expect(messageOf(() => portOf(hitl.hub).hitl.defineTool('block', schema))).toMatch(said);
    expect(messageOf(() => hitl.tool({ name: 'block_ip', args: schema, run: () => {} } as never))).toMatch(
      said,
    );
  });
});

describe('durable', () => {
  it.each([
    ['a schema of zod 3', zod3.object({ n: zod3.number() }), /zod 3/],
    ['a map', new Map(), /^invalid_request: durable: state: /],
    ['an example', { n: 1 }, /^invalid_request: durable: state: /],
  ])('given %s as its state is refused when it is made', (_what, state, said) => {
    expect(messageOf(() => durable(async () => {}, { state: state as never }))).toMatch(said);
  });

  it('of an agent whose step has no function says how a step is written', async () => {
    const { hitl, matching } = watched();
    hitl.agent(durable(async (turn) => turn.step('look', undefined as never)));
    await hitl.start();
    const ended = new Promise((resolve) => hitl.hub.on('turn.ended', resolve));
    await hitl.hub.turns.start({ ticketId: 'T-1', user: { id: 'alice' }, content: 'look' });
    await ended;
    expect(matching(/agent failed/)[0]?.facts.error).toBe(
      'invalid_request: turn.step: the step "look" needs a function: turn.step(name, () => …)',
    );
  });

  it('of an agent whose step gives what JSON cannot represent names the step and the value', async () => {
    const { hitl, matching } = watched();
    hitl.agent(durable(async (turn) => turn.step('look', () => new Map())));
    await hitl.start();
    const ended = new Promise((resolve) => hitl.hub.on('turn.ended', resolve));
    await hitl.hub.turns.start({ ticketId: 'T-1', user: { id: 'alice' }, content: 'look' });
    await ended;
    expect(matching(/agent failed/)[0]?.facts.error).toMatch(
      /^invalid_request: What the step "look" returned is no JSON: .*Map/,
    );
  });
});

describe('an agent', () => {
  /** Runs it on one message of alice and gives how its turn ended. */
  async function run(agent: Agent) {
    const hub = watched({ agent });
    const served = await serve(express().use('/soc', hub.hitl.router));
    hub.hitl.attach(served.server);
    const client = await served.connect(ticket);
    client.socket.send(JSON.stringify({ type: 'message', id: 'f-1', content: 'block it' }));
    return { ...hub, ended: await client.next('turn_ended') };
  }

  it('that throws is logged once with its stack, and the ticket is sent how the turn ended', async () => {
    const { ended, matching } = await run(function lookUpAlert() {
      throw new Error('No such alert');
    });
    expect(ended).toMatchObject({ status: 'aborted', reason: 'error' });
    expect(JSON.stringify(ended)).not.toContain('No such alert');
    expect(matching(/agent failed/)).toEqual([
      expect.objectContaining({
        level: 'error',
        facts: expect.objectContaining({
          turnId: ended.turn_id,
          error: 'Error: No such alert',
          stack: expect.stringMatching(/lookUpAlert.*first-hour/s),
        }),
      }),
    ]);
  });

  it.each(['say', 'trace', 'plan', 'warn'] as const)(
    'that gives %s nothing to say fails with a sentence',
    async (verb) => {
      const { matching } = await run((turn) => turn[verb](undefined as unknown as string));
      expect(matching(/agent failed/)[0]?.facts.error).toMatch(
        /^invalid_request: A line of the agent is text, and .* was undefined/,
      );
    },
  );

  it('that does not wait for a line that was refused is named too', async () => {
    const { ended, matching } = await run((turn) => {
      void turn.say(undefined as unknown as string);
    });
    expect(ended.status).toBe('completed');
    expect(matching(/a line of it was refused/)).toHaveLength(1);
  });

  it('that is missing is named once, when a person writes', async () => {
    const { hitl, until, matching } = watched();
    const served = await serve(express().use('/soc', hitl.router));
    hitl.attach(served.server);
    const client = await served.connect(ticket);
    for (const id of ['f-1', 'f-2'])
      client.socket.send(JSON.stringify({ type: 'message', id, content: 'Is anybody there?' }));
    await client.next((frame) => frame.event === 'session_message_added');
    await client.next((frame) => frame.event === 'session_message_added');
    await until(/there is no agent to answer/);
    expect(matching(/there is no agent to answer.*hitl\.agent/)).toHaveLength(1);
  });
});

describe('the memory store', () => {
  const before = process.env.NODE_ENV;
  afterEach(() => {
    process.env.NODE_ENV = before;
  });

  it.each([
    ['chosen', memoryStore()],
    ['by default', undefined],
  ])('in production, %s, is one warning that names sqliteStore', (_how, store) => {
    process.env.NODE_ENV = 'production';
    const { logged } = watched({ store: store as never });
    expect(logged).toEqual([
      { level: 'warn', line: expect.stringMatching(/production.*restart forgets.*sqliteStore\(/), facts: {} },
    ]);
  });

  it('that was chosen elsewhere is no mistake', () => {
    expect(watched().logged).toEqual([]);
  });
});

describe('auth.inboxTickets', () => {
  it('that is missing is said by REST to the page and once in the log', async () => {
    const { hitl, matching } = watched();
    const { port } = await serve(express().use('/soc', hitl.router));
    const headers = { 'x-user': 'alice' };
    expect(await (await me(port, headers)).json()).toMatchObject({ inbox_tickets: false });
    for (let times = 0; times < 2; times += 1)
      await fetch(`http://127.0.0.1:${port}/soc/hitl/inbox`, { headers });
    expect(matching(/auth\.inboxTickets is not given/)).toHaveLength(1);
  });

  it('that is there is no mistake', async () => {
    const { hitl, matching } = watched({ auth: { inboxTickets: () => 'all' } });
    const { port } = await serve(express().use('/soc', hitl.router));
    expect(await (await me(port, { 'x-user': 'alice' })).json()).not.toHaveProperty('inbox_tickets');
    expect(matching(/inboxTickets/)).toEqual([]);
  });
});

it('two mounts of one hub both work', async () => {
  const { hitl, logged } = watched();
  const served = await serve(express().use('/soc', hitl.router).use('/ops', hitl.router));
  hitl.attach(served.server);
  const [soc, ops] = [await served.connect(ticket), await served.connect('/ops/ws/chat/ticket/T-1')];
  expect((await soc.next('welcome')).event).toBe('welcome');
  expect((await ops.next('welcome')).event).toBe('welcome');
  expect(logged.filter(({ level }) => level === 'warn')).toEqual([]);
});

it('a body parser of the app before the mount changes nothing for an answer', async () => {
  const { hitl } = watched();
  const app = express()
    .use(express.json(), express.urlencoded({ extended: true }))
    .use('/soc', hitl.router);
  const { port } = await serve(app);
  await hitl.start();
  const request = await portOf(hitl.hub).hitl.request({
    type: 'tool_approval',
    ticketId: 'T-1',
    userId: 'agent',
    sessionId: 'S-1',
    payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
  });
  const answered = await fetch(`http://127.0.0.1:${port}/soc/hitl/requests/${request.id}/respond`, {
    method: 'POST',
    headers: { 'x-user': 'alice', 'content-type': 'application/json' },
    body: JSON.stringify({ status: 'approved', revision: request.revision }),
  });
  expect(answered.status).toBe(200);
});
