/** What everybody in a ticket is sent of a durable turn that waits, goes on, and gets stuck; with its listeners, over real sockets and a SQLite file. */
import type { HubEvent } from '../../lib/hub/hub-events';
import { durable } from '../../lib/index';
import { passUntil, startStuckHub } from '../transport/stuck-hub';
import { logOf, range, toLine, useStage } from './stage';

describe('A durable turn', () => {
  const stage = useStage();

  it('is sent to everybody as it waits and goes on; a classic client is sent what a plain turn sends', async () => {
    const agent = durable(
      async (turn) => {
        const { status } = await turn.approve({ tool: 'block_ip', args: { ip: '203.0.113.7' } });
        await turn.say(status);
      },
      { version: 'may' },
    );
    const hub = await stage().start({ prepare: (hitl) => void hitl.agent(agent) });
    const events: HubEvent[] = [];
    hub.hub.on('turn.*', (event) => void events.push(event));
    const alice = await hub.connect({ user: 'alice' });
    const classic = await hub.connect({ user: 'carl', dialect: 'classic' });
    const { turn_id } = await alice.ask({ type: 'message', id: 'm-1', content: 'Block it' });
    const { hitl } = await alice.next('hitl_request_pending');

    const waiting = await passUntil(hub, alice.next('turn_updated'));
    const { started_at } = waiting.turn;
    const view = {
      id: turn_id,
      session_id: waiting.session_id,
      status: 'waiting',
      started_at,
      version: 'may',
    };
    const waits_for = { since: waiting.turn.waits_for.since, request_ids: [hitl.id] };
    expect(waiting).toMatchObject({ turn_id, turn: { ...view, waits_for } });
    expect(Object.keys(waiting.turn).sort()).toEqual([...Object.keys(view), 'waits_for'].sort());
    expect(Date.parse(waits_for.since)).toBeGreaterThanOrEqual(Date.parse(started_at));
    const bob = await hub.connect({ user: 'bob' });
    expect((await bob.next('snapshot')).turns).toEqual([waiting.turn]);

    const answer = { type: 'hitl_respond', id: 'r-1', request_id: hitl.id, status: 'approved' };
    await bob.ask({ ...answer, revision: hitl.revision });
    const going = await alice.next('turn_updated');
    expect(going.turn).toMatchObject({ id: turn_id, status: 'running', started_at, version: 'may' });
    expect(going.turn).not.toHaveProperty('waits_for');
    await alice.next('turn_ended');
    await classic.next('turn_ended');

    const log = logOf(alice);
    expect(log.map(({ seq }) => seq)).toEqual(range(1, log.length));
    expect(log.map(toLine)).toEqual([
      'session_created',
      'turn_started',
      'session_message_added user: Block it',
      'hitl_request_pending pending',
      'turn_updated',
      'hitl_request_resolved approved',
      'turn_updated',
      'session_message_added response: approved',
      'turn_ended completed',
    ]);
    expect(classic.received.map(({ event }) => event)).not.toContain('turn_updated');
    expect(JSON.stringify(classic.received)).not.toMatch(/waits_for|"version"|"waiting"|continued_at/);
    const started = classic.received.find(({ event }) => event === 'turn_started');
    expect(Object.keys(started?.turn)).toEqual(['id', 'session_id', 'status', 'started_at']);
    expect(events.map(({ event }) => event)).toEqual(['turn.started', 'turn.waiting', 'turn.ended']);
    expect(events[1]).toMatchObject({ requestIds: [hitl.id], turn: { id: turn_id, status: 'waiting' } });
  });

  it('that is stuck says why, also to who comes in later, and to listeners', async () => {
    const events: HubEvent[] = [];
    const { hub, turnId } = await startStuckHub({}, async (options) => {
      const { prepare } = options;
      return stage().start({
        ...options,
        prepare: (hitl) => {
          prepare?.(hitl);
          hitl.hub.on('turn.stuck', (event) => void events.push(event));
        },
      });
    });
    const alice = await hub.connect({ user: 'alice' });
    const { turns } = await alice.next('snapshot');
    const problem = { reason: 'changed', recorded: expect.any(String), instead: expect.any(Array) };
    expect(turns).toMatchObject([{ id: turnId, status: 'stuck', problem }]);
    expect(events).toMatchObject([
      { event: 'turn.stuck', ticketId: 'T-1', reason: 'changed', problem: turns[0].problem.message },
    ]);
    const stored = await hub.store.log('T-1', 0, 1_000);
    const told = stored.items.findLast(({ event }) => event === 'turn_updated');
    expect(told).toMatchObject({ turn_id: turnId, turn: turns[0] });
  });
});
