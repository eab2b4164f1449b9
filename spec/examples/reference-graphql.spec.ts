import { createApp } from '../../examples/reference-graphql/app';
import { portOf } from '../../lib/hub/hub';
import { RunningApp } from './running-app';
import { Visitor } from './visitor';

/** As the reference's page asks them. */
const queries = {
  ticket: 'query GetTicket($id: ID!) { ticket(id: $id) { id status title createdAt } }',
  sessions: `query GetTicketSessions($ticketId: ID!) {
    ticketSessions(ticketId: $ticketId) {
      id ticketID status source userID user { id name icon } query slackURL intent createdAt updatedAt
    }
  }`,
  session: `query GetSession($id: ID!) {
    session(id: $id) { id ticketID status userID user { id name icon } query slackURL intent createdAt updatedAt }
  }`,
  sessionMessages: `query GetSessionMessages($sessionId: ID!) {
    sessionMessages(sessionId: $sessionId) {
      id sessionID type content createdAt updatedAt revisions { content updatedAt }
    }
  }`,
  messages: `query GetTicketSessionMessages($ticketId: ID!, $source: String, $type: String, $limit: Int, $offset: Int) {
    ticketSessionMessages(ticketId: $ticketId, source: $source, type: $type, limit: $limit, offset: $offset) {
      id sessionID turnID ticketID type content createdAt updatedAt author { userID displayName slackUserID }
    }
  }`,
  requests: `query ($ticketId: ID!, $status: String) {
    ticketHITLRequests(ticketId: $ticketId, status: $status) { id sessionID type status payload userID createdAt }
  }`,
  request: 'query ($id: ID!) { hitlRequest(id: $id) { id status } }',
  resolve: `mutation ($id: ID!, $approved: Boolean!, $answer: String, $comment: String) {
    resolveHITLRequest(id: $id, approved: $approved, answer: $answer, comment: $comment) {
      id sessionID type status payload response userID createdAt respondedAt
    }
  }`,
};

describe('the reference’s ticket page', () => {
  let app: RunningApp;
  let hub: ReturnType<typeof createApp>['hitl']['hub'];
  const blocked: object[] = [];
  const visitors: Visitor[] = [];
  beforeEach(async () => {
    blocked.length = 0;
    const created = createApp((args) => blocked.push(args));
    hub = created.hitl.hub;
    app = await RunningApp.start(created);
  });
  afterEach(async () => {
    await Promise.all(visitors.splice(0).map((visitor) => visitor.leave()));
    await app.stop();
  });

  /** A user who has logged in, on the app's own page. */
  async function logIn(user: string): Promise<Visitor> {
    const { headers } = await new Visitor(app, {}).fetch(`/login/${user}`);
    const cookie = headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    const visitor = new Visitor(app, { cookie, origin: app.url });
    visitors.push(visitor);
    return visitor;
  }
  const chat = (visitor: Visitor) => visitor.join('/ws/chat/ticket/T-1001', { dialect: 'classic' });
  async function ask(visitor: Visitor, query: keyof typeof queries, variables: object) {
    const body = JSON.stringify({ query: queries[query], variables });
    const response = await visitor.fetch('/graphql', { method: 'POST', body });
    expect(response.status).toBe(200);
    return response.json();
  }
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);

  it('chats, is asked over its socket, answers over GraphQL, and what was approved is done', async () => {
    const alice = await logIn('alice');
    const socket = await chat(alice);
    socket.send({ type: 'message', content: 'block 203.0.113.7' });
    const { hitl } = await socket.next('hitl_request_pending');
    const { data } = await ask(alice, 'resolve', {
      id: hitl.id,
      approved: true,
      answer: 'the panel sends one along',
      comment: 'known',
    });
    expect(data.resolveHITLRequest).toEqual({
      id: hitl.id,
      sessionID: hitl.session_id,
      type: 'tool_approval',
      status: 'approved',
      payload: '{"tool_name":"block_ip","tool_args":{"ip":"203.0.113.7"}}',
      response: '{"comment":"known"}',
      userID: 'alice',
      createdAt: time,
      respondedAt: time,
    });
    await socket.next('turn_ended');
    expect(blocked).toEqual([{ ip: '203.0.113.7' }]);
    const again = await ask(alice, 'resolve', { id: hitl.id, approved: false });
    expect(again).toMatchObject({ data: null, errors: [{ extensions: { code: 'already_resolved' } }] });
  });

  it('is drawn from its queries: the ticket, its sessions, what was said, and what waits', async () => {
    const [alice, bob] = [await logIn('alice'), await logIn('bob')];
    const [first, second] = [await chat(alice), await chat(bob)];
    first.send({ type: 'message', content: 'block 203.0.113.7' });
    const { hitl } = await first.next('hitl_request_pending');
    second.send({ type: 'message', content: 'help' });
    const question = (await second.next('hitl_request_pending')).hitl;
    const ticketId = 'T-1001';

    expect((await ask(alice, 'ticket', { id: ticketId })).data.ticket).toMatchObject({
      id: ticketId,
      status: 'open',
    });
    const { ticketSessions } = (await ask(alice, 'sessions', { ticketId })).data;
    expect(ticketSessions).toHaveLength(2);
    const own = ticketSessions.find(({ userID }: { userID: string }) => userID === 'alice');
    expect(own).toEqual({
      id: hitl.session_id,
      ticketID: ticketId,
      status: 'running',
      source: 'web',
      userID: 'alice',
      user: { id: 'alice', name: 'alice', icon: null },
      query: null,
      slackURL: null,
      intent: null,
      createdAt: time,
      updatedAt: time,
    });
    expect((await ask(alice, 'session', { id: own.id })).data.session).toMatchObject({ userID: 'alice' });
    const { sessionMessages } = (await ask(alice, 'sessionMessages', { sessionId: own.id })).data;
    expect(sessionMessages).toMatchObject([
      { type: 'user', content: 'block 203.0.113.7', revisions: [] },
      {
        type: 'trace',
        content: '203.0.113.7 is a known scanner',
        revisions: [{ content: 'Looking up 203.0.113.7' }],
      },
    ]);
    const said = async (more: object = {}) =>
      (await ask(alice, 'messages', { ticketId, ...more })).data.ticketSessionMessages;
    const byContent = (a: { content: string }, b: { content: string }) => (a.content < b.content ? -1 : 1);
    expect((await said({ type: 'user' })).toSorted(byContent)).toMatchObject([
      { content: 'block 203.0.113.7', ticketID: ticketId, author: { userID: 'alice', slackUserID: null } },
      { content: 'help', author: { displayName: 'bob' } },
    ]);
    expect(await said({ offset: 1, limit: 1 })).toHaveLength(1);
    expect(await said({ source: 'slack' })).toEqual([]);
    const waiting = (await ask(alice, 'requests', { ticketId, status: 'pending' })).data.ticketHITLRequests;
    expect(waiting.map(({ id }: { id: string }) => id).toSorted()).toEqual([hitl.id, question.id].toSorted());

    expect(await ask(bob, 'resolve', { id: question.id, approved: true, answer: 'phishing' })).toMatchObject({
      data: { resolveHITLRequest: { response: '{"answer":"phishing"}' } },
    });
    await second.next('turn_ended');
    expect((await said({ type: 'response' })).map(({ content }: { content: string }) => content)).toEqual([
      'Noted: phishing.',
    ]);
    // In the scope of the session no user's panel is another's.
    expect(first.all('hitl_request_pending').map((frame) => frame.hitl.id)).toEqual([hitl.id]);
  });

  it('answers what was amended, and reads more than a page of messages', async () => {
    const alice = await logIn('alice');
    const socket = await chat(alice);
    socket.send({ type: 'message', content: 'block 203.0.113.7' });
    const { hitl } = await socket.next('hitl_request_pending');
    await portOf(hub).hitl.amend(hitl.id, { tool_name: 'block_ip', tool_args: { ip: '203.0.113.8' } });
    await socket.next((frame) => frame.hitl?.payload?.tool_args.ip === '203.0.113.8');
    await ask(alice, 'resolve', { id: hitl.id, approved: true });
    await socket.next('turn_ended');
    expect(blocked).toEqual([{ ip: '203.0.113.8' }]);

    for (let n = 0; n < 205; n += 1)
      await hub.say('T-1001', { content: `${n}`, source: 'slack', user: { id: 'ana' } });
    const { data } = await ask(alice, 'messages', { ticketId: 'T-1001', source: 'slack' });
    const contents = data.ticketSessionMessages.map(({ content }: { content: string }) => content);
    expect(contents).toEqual(Array.from({ length: 205 }, (_, n) => `${n}`));
  });

  it('gives nothing to a user who may not see it, and nothing without a login', async () => {
    const [alice, guest] = [await logIn('alice'), await logIn('guest')];
    const socket = await chat(alice);
    socket.send({ type: 'message', content: 'help' });
    const { hitl } = await socket.next('hitl_request_pending');
    const { id, session_id: sessionId } = hitl;
    for (const [query, variables] of [
      ['ticket', { id: 'T-1001' }],
      ['sessions', { ticketId: 'T-1001' }],
      ['session', { id: sessionId }],
      ['sessionMessages', { sessionId }],
      ['messages', { ticketId: 'T-1001' }],
      ['requests', { ticketId: 'T-1001' }],
      ['request', { id }],
      ['resolve', { id, approved: true, answer: 'malware' }],
    ] as const) {
      const { errors } = await ask(guest, query, variables);
      expect([query, errors?.[0]?.extensions]).toEqual([query, { code: 'not_found' }]);
    }
    expect((await ask(alice, 'request', { id })).data.hitlRequest.status).toBe('pending');
    const stranger = new Visitor(app, { origin: app.url });
    expect(
      (await stranger.fetch('/graphql', { method: 'POST', body: '{"query":"{ __typename }"}' })).status,
    ).toBe(401);
    expect((await alice.fetch('/graphql', { method: 'POST', body: '{}' })).status).toBe(400);
  });
});
