import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestClient, TestFrame } from '../../lib/testing/test-client';
import { DemoProcess } from './demo-process';
import { isMessage } from './messages';
import { Visitor } from './visitor';

jest.setTimeout(30_000);

const room = (ticketId: string) => `/ws/chat/ticket/${ticketId}`;

/** What the simulated firewall received, line by line. */
function firewallLines(demo: DemoProcess): { ip: string; approvedBy: string }[] {
  const path = join(demo.dataDir, 'firewall.jsonl');
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** An answer that fills in every field. */
const wholeReport = {
  title: 'Beacon to a known server',
  summary: 'Seen at 09:14.\nIsolated at 09:20.',
  confidence: 0.8,
  accounts_affected: 2,
  contained: true,
  customer_informed: false,
  severity: 'high',
  tactics: ['Execution', 'Impact'],
  detected_on: '2026-03-01',
  shift_begins: '08:00',
  contained_at: '2026-03-01T09:20:00Z',
  contact: 'soc@example.com',
  runbook: 'https://example.com/runbooks/7',
  owner: null,
  asset: 4711,
  hosts: [{ name: 'ws-17', isolated: true }],
  location: { site: 'Berlin', room: '2.04' },
  labels: { shift: 'early' },
  comment: 'First draft',
};

describe('the demo', () => {
  let demo: DemoProcess;
  let alice: Visitor;
  let bob: Visitor;
  let nobody: Visitor;
  beforeAll(async () => {
    demo = await DemoProcess.start();
    alice = new Visitor(demo, { cookie: 'demo_user=alice' });
    bob = new Visitor(demo, { cookie: 'theme=dark; demo_user=bob' });
    nobody = new Visitor(demo, {});
  });
  afterEach(() => Promise.all([alice.leave(), bob.leave()]));
  afterAll(() => demo.discard());

  describe('at the door', () => {
    it('shows a login at / to whom it does not know, and sets the cookie at /login', async () => {
      expect(await (await nobody.fetch('/')).text()).toContain('/login?user=alice');
      const login = await nobody.fetch('/login?user=alice');
      expect([login.status, login.headers.get('location')]).toEqual([302, '/']);
      expect(login.headers.get('set-cookie')).toContain('demo_user=alice;');
      expect(await (await alice.fetch('/')).text()).toContain('/console/#/tickets/T-1001');
    });

    it('refuses a name that is none', async () => {
      expect((await nobody.fetch('/login?user=%0d%0aSet-Cookie')).status).toBe(400);
      expect((await nobody.fetch('/login')).status).toBe(400);
    });

    it('lets its pages load nothing but their own files, and run no script', async () => {
      const policy = (await alice.fetch('/')).headers.get('content-security-policy');
      expect(policy).toContain("default-src 'none'; style-src 'self'; img-src 'self';");
      expect(policy).not.toContain('unsafe');
      expect(await (await alice.fetch('/')).text()).not.toMatch(/<script|<style| on\w+=| style=/);
    });

    it.each(['/hitl/me', '/hitl/requests', '/tickets/T-1001/timeline', '/tickets/T-1001/sessions'])(
      'answers %s with 401 without a user and 200 to Alice',
      async (path) => {
        expect((await nobody.fetch(path)).status).toBe(401);
        expect((await alice.fetch(path)).status).toBe(200);
      },
    );

    it.each([
      ['nobody', 'T-1001', 401],
      ['Alice', 'T-9403', 403],
      ['Alice', 'T-1000', 404],
      ['Alice', 'T-1011', 404],
    ])('refuses a socket of %s in %s with %d', async (who, ticketId, status) => {
      expect(await (who === 'nobody' ? nobody : alice).knock(room(ticketId))).toMatchObject({ status });
    });

    it('refuses REST like the socket', async () => {
      expect((await alice.fetch('/tickets/T-9403/timeline')).status).toBe(403);
      expect((await alice.fetch('/tickets/T-1011/timeline')).status).toBe(404);
    });

    it('lets Alice into T-1001 to T-1010, each with its alert', async () => {
      const page = await (await alice.fetch('/')).text();
      expect(page).toContain('Alice');
      const ids = [...page.matchAll(/#\/tickets\/([^"]+)"/g)].map(([, id = '']) => id);
      expect(ids).toEqual(Array.from({ length: 10 }, (_, index) => `T-${1001 + index}`));
      for (const id of ids)
        expect(await (await alice.join(room(id))).next('snapshot')).toMatchObject({ ticket_id: id });
    });

    it('refuses the page of another site, which has the cookie but also an Origin', async () => {
      const lured = new Visitor(demo, { cookie: 'demo_user=alice', origin: 'https://evil.example' });
      expect(await lured.knock(room('T-1001'))).toMatchObject({
        status: 403,
        body: { error: { code: 'origin_refused' } },
      });
    });

    it('closes the sockets of who logs out with 4401', async () => {
      const carol = new Visitor(demo, { cookie: 'demo_user=carol' });
      const socket = await carol.join(room('T-1001'));
      const others = await alice.join(room('T-1001'));
      expect((await carol.fetch('/logout', { method: 'POST' })).status).toBe(303);
      expect(await socket.closed()).toMatchObject({ code: 4401 });
      expect(others.isOpen).toBe(true);
    });
  });

  describe('its agent', () => {
    it('asks before it blocks, at the step it has shown, and blocks what was approved', async () => {
      const [one, two] = [await alice.join(room('T-1001')), await bob.join(room('T-1001'))];
      await one.ask({ type: 'message', content: 'block 203.0.113.7' });
      const step = await two.next(isMessage('trace'));
      const { hitl } = await two.next('hitl_request_pending');
      expect(hitl).toMatchObject({
        type: 'tool_approval',
        user_id: 'alice',
        message_id: step.message.id,
        payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
      });
      const before = firewallLines(demo);
      await two.ask({ type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'approved' });
      const { message } = await one.next(isMessage('response'));
      expect(message.content).toBe('Done: 203.0.113.7 is blocked at the edge firewall. Approved by Bob.');
      expect(firewallLines(demo).slice(before.length)).toEqual([
        { at: expect.any(String), action: 'block', ip: '203.0.113.7', approvedBy: 'Bob' },
      ]);
      expect(await one.next('turn_ended')).toMatchObject({ status: 'completed' });
    });

    it('leaves undone what was denied, and repeats why', async () => {
      const one = await alice.join(room('T-1002'));
      await one.ask({ type: 'message', content: 'block 2001:db8::5' });
      const { hitl } = await one.next('hitl_request_pending');
      const before = firewallLines(demo);
      const answer = { status: 'denied', response: { comment: 'ours' } };
      await one.ask({ type: 'hitl_respond', request_id: hitl.id, ...answer });
      const { message } = await one.next(isMessage('response'));
      expect(message.content).toBe('2001:db8::5 was not blocked. Denied by Alice: “ours”.');
      expect(firewallLines(demo)).toEqual(before);
    });

    it.each(['block 999.1.1.1', 'block', 'block example.com'])(
      'says that %j names no address',
      async (content) => {
        const one = await alice.join(room('T-1003'));
        await one.ask({ type: 'message', content });
        expect((await one.next(isMessage('response'))).message.content).toContain('is not an IP address');
        await one.next('turn_ended');
        expect(one.all('hitl_request_pending')).toEqual([]);
      },
    );

    it('blocks the address that was put in the place of the one it asked about, and nothing that is none', async () => {
      const one = await alice.join(room('T-1003'));
      await one.ask({ type: 'message', content: 'block 203.0.113.7' });
      const { hitl } = await one.next('hitl_request_pending');
      expect(hitl.response_schema.properties.tool_args.properties.ip).toEqual({ type: 'string' });
      const before = firewallLines(demo);
      const edit = (toolArgs: object) =>
        bob.respond(hitl.id, { revision: 1, status: 'approved', response: { tool_args: toolArgs } });
      expect((await edit({ ip: 'everything' })).status).toBe(422);
      expect((await edit({ ip: '203.0.113.8' })).status).toBe(200);
      const { message } = await one.next(isMessage('response'));
      expect(message.content).toBe('Done: 203.0.113.8 is blocked at the edge firewall. Approved by Bob.');
      expect(firewallLines(demo).slice(before.length)).toMatchObject([{ ip: '203.0.113.8' }]);
    });

    it('asks for a report with a field of every sort, and repeats it as JSON', async () => {
      const one = await alice.join(room('T-1004'));
      await one.ask({ type: 'message', content: 'report' });
      const { hitl } = await one.next('hitl_request_pending');
      expect(hitl).toMatchObject({ type: 'incident_report', payload: { alert: 'T-1004' } });
      expect(Object.keys(hitl.response_schema.properties)).toEqual(Object.keys(wholeReport));
      const frame = { type: 'hitl_respond', request_id: hitl.id, status: 'approved' };
      const refused = await one.ask({ ...frame, response: { ...wholeReport, contact: 'nobody' } });
      expect(refused).toMatchObject({ event: 'error', code: 'invalid_response' });
      await one.ask({ ...frame, response: wholeReport });
      const { message } = await one.next(isMessage('response'));
      expect(JSON.parse(message.content)).toEqual(wholeReport);
    });

    it('asks a question with three options and repeats the answer', async () => {
      const one = await alice.join(room('T-1004'));
      await one.ask({ type: 'message', content: 'ask' });
      const { hitl } = await one.next('hitl_request_pending');
      expect(hitl.payload.options).toHaveLength(3);
      const response = { answer: hitl.payload.options[1] };
      await one.ask({ type: 'hitl_respond', request_id: hitl.id, status: 'approved', response });
      expect((await one.next(isMessage('response'))).message.content).toContain(response.answer);
    });

    it('shows its work as updates of one message', async () => {
      const one = await alice.join(room('T-1005'));
      await one.ask({ type: 'message', content: 'work 3' });
      await one.next('turn_ended');
      const updates = one.all('session_message_updated').map(({ message }) => message);
      expect(updates.map(({ content }) => content.match(/\d of \d/)?.[0])).toEqual([
        '1 of 3',
        '2 of 3',
        '3 of 3',
      ]);
      expect(new Set(updates.map(({ id }) => id)).size).toBe(1);
    });

    it.each(['work 0', 'work 51', 'work much'])('does not begin %j', async (content) => {
      const one = await alice.join(room('T-1005'));
      await one.ask({ type: 'message', content });
      expect((await one.next(isMessage('response'))).message.content).toContain('1 to 50 steps');
      expect(one.all('session_message_updated')).toEqual([]);
    });

    it('stops its work at once when it is cancelled', async () => {
      const one = await alice.join(room('T-1006'));
      const { turn_id: turnId } = await one.ask({ type: 'message', content: 'work 50' });
      await one.next('session_message_updated');
      await one.ask({ type: 'turn_cancel', turn_id: turnId });
      expect(await one.next('turn_ended')).toMatchObject({ turn_id: turnId, reason: 'cancelled' });
    });

    it('fails on the command to fail, and answers the next message', async () => {
      const one = await alice.join(room('T-1007'));
      await one.ask({ type: 'message', content: 'fail' });
      expect(await one.next('turn_ended')).toMatchObject({ status: 'aborted', reason: 'error' });
      await one.ask({ type: 'message', content: 'What do we know?' });
      expect((await one.next(isMessage('response'))).message.content).toContain('Files renamed in bulk');
      expect(await one.next('turn_ended')).toMatchObject({ status: 'completed' });
    });

    it('is Warren to clients of the classic dialect', async () => {
      const client = await alice.join(room('T-1008'), { dialect: 'classic' });
      client.send({ type: 'message', content: 'hello' });
      const frame = await client.next(({ type, user }) => type === 'message' && user?.id !== 'alice');
      expect(frame.user).toEqual({ id: 'warren', name: 'Warren' });
    });
  });

  it('takes an answer over REST once, and names to the second person who was first', async () => {
    const one = await alice.join(room('T-1009'));
    await one.ask({ type: 'message', content: 'block 2001:db8:40::9' });
    const { hitl } = await one.next('hitl_request_pending');
    const listed = await bob.read('/hitl/requests?status=pending&ticket_id=T-1009');
    expect(listed.items.map(({ id }: { id: string }) => id)).toEqual([hitl.id]);
    expect((await bob.respond(hitl.id, { revision: 1, status: 'denied' })).status).toBe(200);
    const late = await alice.respond(hitl.id, { revision: 1, status: 'approved' });
    expect(late.status).toBe(409);
    const { error }: TestFrame = await late.json();
    expect(error).toMatchObject({
      code: 'already_resolved',
      details: { hitl: { responded_by: { user_id: 'bob' } } },
    });
    expect((await one.next(isMessage('response'))).message.content).toContain('Denied by Bob');
  });

  it('has printed one line, its address', () => {
    expect(demo.lines).toEqual([expect.stringMatching(/http:\/\/localhost:\d+$/)]);
  });
});

describe('the demo with a token for a service', () => {
  const serviceToken = 'a secret of the spec';
  let demo: DemoProcess;
  let tester: Visitor;
  let alice: Visitor;
  beforeAll(async () => {
    demo = await DemoProcess.start({ serviceToken });
    tester = new Visitor(demo, { authorization: `Bearer ${serviceToken}` });
    alice = new Visitor(demo, { cookie: 'demo_user=alice' });
  });
  afterEach(() => alice.leave());
  afterAll(() => demo.discard());

  const ask = (who: Visitor, body: object) =>
    who.fetch('/hitl/requests', { method: 'POST', body: JSON.stringify(body) });
  const question = { ticket_id: 'T-1001', type: 'question', payload: { question: 'Is this our scanner?' } };

  it('lets the service ask with any policy and deadline, wait for the answer, and not answer itself', async () => {
    const policy = { approvals: 2, users: ['alice', 'bob'] };
    const asked = await ask(tester, { ...question, policy, expires_in: '1h' });
    expect(asked.status).toBe(201);
    const { hitl } = await asked.json();
    expect(hitl).toMatchObject({ user_id: 'tester', policy, expires_at: expect.any(String) });
    const response = { answer: 'Yes' };
    const answer = { revision: 1, status: 'approved', response };
    expect((await tester.respond(hitl.id, answer)).status).toBe(403);
    expect((await alice.respond(hitl.id, answer)).status).toBe(200);
    const bob = new Visitor(demo, { cookie: 'demo_user=bob' });
    expect((await bob.respond(hitl.id, answer)).status).toBe(200);
    expect(await tester.read(`/hitl/requests/${hitl.id}/wait`)).toMatchObject({ hitl: { response } });
  });

  it('lets the service ask for a report, and shows it in the ticket', async () => {
    const socket = await alice.join(room('T-1002'));
    const payload = { alert: 'Anything' };
    expect((await ask(tester, { ticket_id: 'T-1002', type: 'incident_report', payload })).status).toBe(201);
    const { hitl } = await socket.next('hitl_request_pending');
    expect(hitl).toMatchObject({ user_id: 'tester', payload });
    expect((await alice.respond(hitl.id, { status: 'approved', response: wholeReport })).status).toBe(200);
    expect(await tester.read(`/hitl/requests/${hitl.id}`)).toMatchObject({ hitl: { response: wholeReport } });
  });

  it.each(['T-1010', 'T-9403'])('lets the service ask in %s', async (ticketId) => {
    expect((await ask(tester, { ...question, ticket_id: ticketId })).status).toBe(201);
  });

  it.each(['/console/', '/console/index.html', '/openapi.json'])(
    'shows the service no page at %s',
    async (path) => {
      expect((await tester.fetch(path)).status).toBe(401);
    },
  );

  it('opens no socket to the service', async () => {
    expect(await tester.knock(room('T-1001'))).toMatchObject({ status: 401 });
  });

  it.each([
    'Bearer another secret',
    'Bearer ',
    `Basic ${serviceToken}`,
    serviceToken,
    `Bearer ${serviceToken} `.repeat(2),
  ])('does not take %j for the service', async (authorization) => {
    expect((await ask(new Visitor(demo, { authorization }), question)).status).toBe(401);
  });

  it('refuses a client that claims to be the service without its token', async () => {
    const person = new Visitor(demo, { cookie: 'demo_user=tester' });
    expect((await person.fetch('/hitl/me')).status).toBe(401);
  });
});

describe('the demo without a token for a service', () => {
  it('has no service', async () => {
    const demo = await DemoProcess.start();
    for (const authorization of ['Bearer ', 'Bearer undefined', 'Bearer']) {
      const visitor = new Visitor(demo, { authorization });
      expect((await visitor.fetch('/hitl/requests/none/wait')).status).toBe(401);
    }
    const person = new Visitor(demo, { cookie: 'demo_user=tester' });
    expect((await person.fetch('/hitl/me')).status).toBe(200);
    await demo.discard();
  });
});

describe('the demo, ended in the middle of a turn that waits for an approval,', () => {
  let demo: DemoProcess;
  let alice: Visitor;
  let socket: TestClient;
  let hitl: TestFrame;
  beforeEach(async () => {
    demo = await DemoProcess.start();
    alice = new Visitor(demo, { cookie: 'demo_user=alice' });
    socket = await alice.join(room('T-1001'));
    await socket.ask({ type: 'message', content: 'block 203.0.113.7' });
    ({ hitl } = await socket.next('hitl_request_pending'));
  });
  afterEach(async () => {
    await alice.leave();
    await demo.discard();
  });

  it('by kill -9, has everything when it is back, and the same turn does what is approved then, and says so, once', async () => {
    const turnId = hitl.turn_id;
    await demo.end('SIGKILL');
    expect(await socket.closed()).toMatchObject({ code: 1006 });
    const { epoch, seq } = socket.received.findLast((frame) => frame.seq !== undefined);
    demo = await demo.again();
    alice.place = demo;

    const back = await alice.join(`${room('T-1001')}?after=${epoch}:${seq}`);
    expect(await back.next('welcome')).toMatchObject({ resumed: true });
    const waits = ({ event, turn }: TestFrame) => event === 'turn_updated' && turn.status === 'waiting';
    expect(await back.next(waits)).toMatchObject({
      turn: { id: turnId, continued_at: expect.any(String), waits_for: { request_ids: [hitl.id] } },
    });
    expect(await alice.read(`/hitl/requests/${hitl.id}`)).toEqual({ hitl });
    expect(firewallLines(demo)).toEqual([]);

    expect((await alice.respond(hitl.id, { revision: 1, status: 'approved' })).status).toBe(200);
    const done = await back.next(isMessage('response'));
    expect(done.message).toMatchObject({
      turn_id: turnId,
      content: 'Done: 203.0.113.7 is blocked at the edge firewall. Approved by Alice.',
    });
    expect(await back.next('turn_ended')).toMatchObject({ turn_id: turnId, status: 'completed' });
    expect(firewallLines(demo).map(({ ip }) => ip)).toEqual(['203.0.113.7']);

    await back.ask({ type: 'message', content: 'What do we know?' });
    await back.next('turn_ended');
    const { items } = await alice.read('/tickets/T-1001/timeline');
    const said = items.filter(({ event }: TestFrame) => event === 'session_message_added');
    expect(said.filter(({ message }: TestFrame) => message.turn_id === turnId)).toHaveLength(3);
  });

  it('by kill -9 and answered by nobody, waits on after it was killed once more', async () => {
    for (let life = 0; life < 2; life += 1) {
      await demo.end('SIGKILL');
      demo = await demo.again();
      alice.place = demo;
    }
    const { requests, turns } = await (await alice.join(room('T-1001'))).next('snapshot');
    expect(requests).toEqual([hitl]);
    expect(turns).toMatchObject([{ id: hitl.turn_id }]);
  });

  it.each([
    ['SIGTERM', 1012],
    ['SIGINT', 1001],
  ] as const)('by %s, ends with 0 and the request stays stored', async (signal, closeCode) => {
    expect(await demo.end(signal)).toEqual({ code: 0, signal: null });
    expect(await socket.closed()).toMatchObject({ code: closeCode });
    demo = await demo.again();
    alice.place = demo;
    const back = await alice.join(room('T-1001'));
    expect(await back.next('snapshot')).toMatchObject({ turns: [{ id: hitl.turn_id }], requests: [hitl] });
    expect((await alice.respond(hitl.id, { status: 'denied' })).status).toBe(200);
    expect(await back.next('turn_ended')).toMatchObject({ turn_id: hitl.turn_id, status: 'completed' });
    const said = back.all('session_message_added').map(({ message }) => message.content);
    expect(said).toEqual(['203.0.113.7 was not blocked. Denied by Alice.']);
  });
});
