/** Turns as the app's own code starts, ends and reads them. */
import { Rig } from './rig';

let rig: Rig;
afterEach(() => rig.hub.close());

async function start(agent?: ConstructorParameters<typeof Rig>[0]): Promise<void> {
  rig = new Rig(agent);
  await rig.hub.start();
}

test('A message is answered though its user is not connected, in a session of theirs that goes on', async () => {
  await start({ agent: (turn) => turn.say(`you said ${turn.message.content}`) });
  const user = { id: 'ann', name: 'Ann' };
  const first = await rig.app.turns.start({ ticketId: 'T', user, content: 'one' });
  const second = await rig.app.turns.start({
    ticketId: 'T',
    user,
    content: 'two',
    sessionId: first.sessionId,
  });
  expect(second.sessionId).toBe(first.sessionId);
  await rig.hub.turns.idle();
  expect(await rig.story()).toContain('response: you said two');
  expect(await rig.app.turns.get(`${first.turnId}`)).toMatchObject({ status: 'completed', userId: 'ann' });
});

test('A turn is cancelled by its id; an unknown id is not found', async () => {
  await start({
    agent: ({ signal }) => new Promise<void>((done) => signal.addEventListener('abort', () => done())),
  });
  const { turnId = '' } = await rig.app.turns.start({ ticketId: 'T', user: { id: 'ann' }, content: 'go' });
  await rig.app.turns.cancel({ turnId });
  expect(await rig.app.turns.get(turnId)).toMatchObject({ status: 'aborted', reason: 'cancelled' });
  await expect(rig.app.turns.cancel({ turnId })).rejects.toMatchObject({ code: 'turn_ended' });
  await expect(rig.app.turns.get('x')).rejects.toMatchObject({ code: 'not_found' });
});

test.each<[string, object, string]>([
  ['a misspelt field', { ticketId: 'T', user: { id: 'a' }, contents: 'x' }, 'invalid_request'],
  ['no user', { ticketId: 'T', content: 'x' }, 'invalid_request'],
  ['no content', { ticketId: 'T', user: { id: 'a' } }, 'invalid_request'],
  ['an unknown session', { ticketId: 'T', user: { id: 'a' }, content: 'x', sessionId: 's' }, 'not_found'],
  ['white space alone', { ticketId: 'T', user: { id: 'a' }, content: ' ' }, 'empty_message'],
])('A message with %s is refused', async (_what, message, code) => {
  await start();
  await expect(rig.app.turns.start(message as never)).rejects.toMatchObject({ code });
});
