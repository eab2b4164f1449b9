/** A turn that is really stuck, steered over HTTP: tried again with code that fits and that does not, started over, cancelled. */
import request from 'supertest';
import { passUntil, type StuckHub, startStuckHub } from '../stuck-hub';

let stage: StuckHub;
afterEach(() => stage.hub.close());

const post = (change: string) =>
  request(stage.hub.server).post(`/hitl/turns/${stage.turnId}/${change}`).set('x-user', 'carol').send({});

test('It says which call was recorded and what came instead, and is stuck once more while the code does not fit', async () => {
  stage = await startStuckHub();
  const { hub, turnId } = stage;
  const get = await request(hub.server).get('/hitl/turns?status=stuck').set('x-user', 'carol').expect(200);
  expect(get.body.items).toMatchObject([
    {
      id: turnId,
      ticket_id: 'T-1',
      status: 'stuck',
      intent: 'block the address',
      problem: { reason: 'changed', recorded: expect.stringContaining('lookup') },
    },
  ]);
  expect(get.body.items[0].problem.instead.join()).toContain('geolocate');
  const watcher = await hub.connect({ user: 'dave' });
  const again = stage.next('turn.stuck');
  await post('retry').expect(200);
  await passUntil(hub, again);
  const isOfTurn = (status: string) => (frame: { event?: string; turn?: { status: string } }) =>
    frame.event === 'turn_updated' && frame.turn?.status === status;
  expect(await watcher.next(isOfTurn('running'))).toMatchObject({ turn_id: turnId });
  const stuck = await watcher.next(isOfTurn('stuck'));
  expect(stuck.turn).toMatchObject({ problem: { reason: 'changed' } });
  // As often as people like.
  const third = stage.next('turn.stuck');
  await post('retry').expect(200);
  await passUntil(hub, third);
  expect(stage.effects).toEqual(['lookup']);
});

test('Once the code fits again it goes on where it was, and does nothing twice', async () => {
  stage = await startStuckHub();
  stage.deploy('april');
  const ended = stage.next('turn.ended');
  const { body } = await post('retry').expect(200);
  expect(['running', 'completed']).toContain(body.turn.status);
  expect(body.turn).not.toHaveProperty('problem');
  expect(await passUntil(stage.hub, ended)).toMatchObject({ id: stage.turnId, status: 'completed' });
  expect(stage.effects).toEqual(['lookup']);
  expect((await post('retry').expect(409)).body.error.code).toBe('turn_ended');
});

test('Started over, the new code runs from its top, and the answer to the same question is used again', async () => {
  stage = await startStuckHub();
  const { hub } = stage;
  const ended = stage.next('turn.ended');
  const watcher = await hub.connect({ user: 'dave' });
  await post('start_over').expect(200);
  expect(await passUntil(hub, ended)).toMatchObject({ status: 'completed' });
  expect(stage.effects).toEqual(['lookup', 'geolocate']);
  const said = await watcher.next(({ message }) => message?.type === 'response');
  expect(said.message.content).toBe('may: approved');
  expect((await hub.hub.requests.list()).items).toHaveLength(1);
});

test('Cancelled, it ends, and the agent is not called', async () => {
  stage = await startStuckHub();
  const ended = stage.next('turn.ended');
  expect((await post('cancel').expect(200)).body.turn).toMatchObject({
    status: 'aborted',
    reason: 'cancelled',
  });
  await ended;
  expect(stage.effects).toEqual(['lookup']);
});
