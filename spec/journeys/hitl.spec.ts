import request from 'supertest';
import type { Agent, TurnRecord } from '../../lib/index';
import type { TestClient, TestFrame } from '../../lib/testing/test-client';
import { logOf, range, toLine, useStage } from './stage';

const block = { tool: 'block_ip', args: { ip: '203.0.113.7' } };

/** Asks, then says what came of it. */
const blocking: Agent = async (turn) => {
  const outcome = await turn.approve(block);
  const { status } = outcome;
  const comment = 'comment' in outcome && outcome.comment;
  await turn.say([status, comment, status === 'approved' && outcome.args.ip].filter(Boolean).join(', '));
};

describe('An agent that asks a human', () => {
  const stage = useStage();
  const said = (client: TestClient) =>
    logOf(client)
      .filter(({ event }) => event === 'session_message_added')
      .map(({ message }) => message.content);

  it('continues when a person in the ticket approves, with exactly what was shown', async () => {
    const hub = await stage().start({ agent: blocking });
    const alice = await hub.connect({ user: 'alice' });
    const bob = await hub.connect({ user: 'bob' });
    const { turn_id } = await alice.ask({ type: 'message', content: 'block it' });
    const { hitl } = await bob.next('hitl_request_pending');
    expect(hitl).toMatchObject({
      type: 'tool_approval',
      status: 'pending',
      user_id: 'alice',
      turn_id,
      revision: 1,
      payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
    });
    const ack = await bob.ask({
      type: 'hitl_respond',
      request_id: hitl.id,
      revision: hitl.revision,
      status: 'approved',
      response: { comment: 'known scanner' },
    });
    const resolved = await alice.next('hitl_request_resolved');
    expect(resolved.hitl).toEqual(ack.hitl);
    expect(resolved.hitl).toMatchObject({
      status: 'approved',
      digest: hitl.digest,
      responded_by: { user_id: 'bob', display_name: 'bob' },
      response: { comment: 'known scanner' },
    });
    await alice.next('turn_ended');
    expect(said(alice)).toEqual(['block it', 'approved, known scanner, 203.0.113.7']);
    expect(logOf(alice).map(toLine)).toEqual([
      'session_created',
      'turn_started',
      'session_message_added user: block it',
      'hitl_request_pending pending',
      'hitl_request_resolved approved',
      'session_message_added response: approved, known scanner, 203.0.113.7',
      'turn_ended completed',
    ]);
  });

  it('continues when a person denies over REST, and every open page sees it', async () => {
    const hub = await stage().start({ agent: blocking });
    const alice = await hub.connect({ user: 'alice' });
    const classic = await hub.connect({ user: 'carol', dialect: 'classic' });
    await alice.ask({ type: 'message', content: 'block it' });
    const { hitl } = await alice.next('hitl_request_pending');
    const respond = () =>
      request(hub.app)
        .post(`/hitl/requests/${hitl.id}/respond`)
        .set('x-user', 'bob')
        .send({ revision: 1, status: 'denied', response: { comment: 'not ours' } });
    expect((await respond().expect(200)).body.hitl).toMatchObject({ status: 'denied' });
    expect((await respond().expect(409)).body.error).toMatchObject({
      code: 'already_resolved',
      details: { hitl: { status: 'denied', responded_by: { user_id: 'bob' } } },
    });
    expect((await alice.next('hitl_request_resolved')).hitl.status).toBe('denied');
    expect((await classic.next('hitl_request_resolved')).hitl).toMatchObject({ status: 'denied' });
    await alice.next('turn_ended');
    expect(said(alice)).toEqual(['block it', 'denied, not ours']);
  });

  it('is shown to every client that joins later, on every device, until it is settled, and then to none', async () => {
    const hub = await stage().start({ agent: blocking });
    const alice = await hub.connect({ user: 'alice' });
    await alice.ask({ type: 'message', content: 'block it' });
    const { hitl } = await alice.next('hitl_request_pending');
    const bob = await hub.connect({ user: 'bob' });
    expect((await bob.next('snapshot')).requests).toEqual([hitl]);
    const classic = await hub.connect({ user: 'carol', dialect: 'classic' });
    expect((await classic.next('hitl_request_pending')).hitl.id).toBe(hitl.id);
    await bob.ask({ type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'approved' });
    await Promise.all([alice, bob, classic].map((client) => client.next('turn_ended')));
    const late = await hub.connect({ user: 'dave' });
    expect((await late.next('snapshot')).requests).toEqual([]);
  });

  it('gets one answer: of ten who see it two answer at once, one wins, and the other learns who', async () => {
    const hub = await stage().start({ agent: blocking });
    const clients = await Promise.all(range(1, 10).map((n) => hub.connect({ user: `user ${n}` })));
    const [first, second] = clients;
    if (!first || !second) throw new Error('ten clients are more than two');
    const rounds = 8;
    for (let round = 1; round <= rounds; round += 1) {
      void first.ask({ type: 'message', content: `round ${round}` }).catch(() => {});
      const pendings = await Promise.all(clients.map((client) => client.next('hitl_request_pending')));
      const { id } = pendings[0].hitl;
      expect(pendings.map(({ hitl }) => hitl.id)).toEqual(clients.map(() => id));

      const frame = { type: 'hitl_respond', request_id: id, revision: 1 };
      const answers = await Promise.all([
        first.ask({ ...frame, status: 'approved', response: { comment: 'first' } }),
        second.ask({ ...frame, status: 'denied', response: { comment: 'second' } }),
      ]);
      const won = answers.find(({ event }) => event === 'ack');
      const lost = answers.find(({ event }) => event === 'error');
      expect(lost).toMatchObject({ code: 'already_resolved', details: { hitl: won.hitl } });
      expect(won.hitl.responded_by.user_id).toBe(won === answers[0] ? 'user 1' : 'user 2');

      const ends = await Promise.all(clients.map((client) => client.next('turn_ended')));
      expect(new Set(ends.map(({ seq }) => seq)).size).toBe(1);
      for (const client of clients) {
        const settled = logOf(client).filter(
          ({ event, hitl }) => event === 'hitl_request_resolved' && hitl.id === id,
        );
        expect(settled.map(({ hitl }) => hitl)).toEqual([won.hitl]);
      }
    }
    const reference = logOf(first);
    expect(reference.map(({ seq }) => seq)).toEqual(range(1, reference.length));
    for (const client of clients) expect(logOf(client)).toEqual(reference);
    expect((await hub.store.requests({ status: 'pending' }, 200)).items).toEqual([]);
  });

  it('settles one request among several without touching the others', async () => {
    const hub = await stage().start({
      agent: async (turn) => {
        const decisions = await Promise.all(
          ['a', 'b', 'c'].map((name) => turn.approve({ tool: name, args: {} })),
        );
        await turn.say(decisions.map(({ status }) => status).join(' '));
      },
    });
    const alice = await hub.connect();
    await alice.ask({ type: 'message', content: 'all three' });
    const shown: TestFrame[] = [];
    for (let n = 0; n < 3; n += 1) shown.push((await alice.next('hitl_request_pending')).hitl);
    const answer = (index: number, status: string) =>
      alice.ask({ type: 'hitl_respond', request_id: shown[index].id, revision: 1, status });
    await answer(1, 'denied');
    const late = await hub.connect({ user: 'bob' });
    const { requests } = await late.next('snapshot');
    expect(new Set(requests.map(({ id }: TestFrame) => id))).toEqual(new Set([shown[0].id, shown[2].id]));
    await answer(2, 'approved');
    await answer(0, 'approved');
    await alice.next('turn_ended');
    expect(said(alice).at(-1)).toBe('approved denied approved');
  });

  it('withdraws a request when its turn is stopped; an answer then arrives too late', async () => {
    const hub = await stage().start({ agent: blocking });
    const alice = await hub.connect({ user: 'alice' });
    const bob = await hub.connect({ user: 'bob' });
    const { turn_id } = await alice.ask({ type: 'message', content: 'block it' });
    const { hitl } = await bob.next('hitl_request_pending');
    await alice.ask({ type: 'turn_cancel', turn_id });
    expect((await bob.next('hitl_request_resolved')).hitl).toMatchObject({
      status: 'cancelled',
      reason: 'its turn has ended',
    });
    expect(await bob.next('turn_ended')).toMatchObject({ reason: 'cancelled' });
    expect(
      await bob.ask({ type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'approved' }),
    ).toMatchObject({ code: 'already_resolved', details: { hitl: { status: 'cancelled' } } });
    expect(said(bob)).toEqual(['block it']);
  });

  it('continues when no answer arrives in time, as configured', async () => {
    const hub = await stage().start({
      agent: async (turn) => {
        const asked = turn.message.content === 'deny' ? { onExpiry: 'denied' as const } : {};
        const outcome = await turn.approve({ ...block, expiresIn: '15m', ...asked });
        await turn.say(`${outcome.status}: ${outcome.request.reason}`);
      },
    });
    const alice = await hub.connect();
    for (const content of ['expire', 'deny']) {
      await alice.ask({ type: 'message', content });
      const { hitl } = await alice.next('hitl_request_pending');
      expect(Date.parse(hitl.expires_at) - Date.parse(hitl.created_at)).toBe(15 * 60_000);
      await hub.advance(15 * 60_000);
      await alice.next('turn_ended');
      expect(
        await alice.ask({ type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'approved' }),
      ).toMatchObject({ code: 'already_resolved' });
    }
    expect(said(alice).filter((line) => line.includes(':'))).toEqual([
      'expired: nobody answered in time',
      'denied: nobody answered in time',
    ]);
  });

  it('is not answered from another ticket', async () => {
    const hub = await stage().start({ agent: blocking });
    const alice = await hub.connect({ user: 'alice' });
    const outsider = await hub.connect({ user: 'eve', ticketId: 'T-2' });
    await alice.ask({ type: 'message', content: 'block it' });
    const { hitl } = await alice.next('hitl_request_pending');
    expect(
      await outsider.ask({ type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'approved' }),
    ).toMatchObject({ code: 'not_found' });
    const [turn] = (await hub.store.state('T-1', 1)).turns;
    expect(turn satisfies TurnRecord | undefined).toMatchObject({ status: 'running' });
  });
});
