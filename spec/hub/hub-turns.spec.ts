/** Turns as the app's own code starts, ends and reads them. */
import { putTurn, stuck } from '../transport/put-turn';
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

test('Turns are listed by ticket, status and version, page by page', async () => {
  await start();
  const run = { generation: 1, leg: 0, tries: 0, triedAt: 0 };
  const first = await putTurn(rig.kept, { ticketId: 'T', run: { ...run, version: 'april' } });
  const second = await putTurn(rig.kept, { ...stuck, ticketId: 'T' });
  const third = await putTurn(rig.kept, { ticketId: 'U' });
  const { turns } = rig.app;
  const page = await turns.list({ limit: 2 });
  expect(page.items).toEqual([first, second]);
  const cursor = `${page.nextCursor}`;
  expect(await turns.list({ limit: 2, cursor })).toEqual({ items: [third] });
  expect((await turns.list({ ticketId: 'T', status: 'stuck' })).items).toEqual([second]);
  expect((await turns.list({ version: 'april' })).items).toEqual([first]);
  await expect(turns.list({ state: 'stuck' } as never)).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(turns.list({ limit: 201 })).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(turns.list({ ticketId: '' })).rejects.toMatchObject({ code: 'invalid_id' });
  await expect(turns.list({ cursor: 'x' })).rejects.toMatchObject({ code: 'invalid_frame' });
});

test('Versions are those of turns that have not ended, with how many there are and since when', async () => {
  await start();
  const run = { generation: 1, leg: 0, tries: 0, triedAt: 0 };
  const april = await putTurn(rig.kept, { run: { ...run, version: 'april' } });
  await putTurn(rig.kept, { ...stuck, run: { ...run, version: 'april' } });
  const may = await putTurn(rig.kept, { run: { ...run, version: 'may' } });
  const expected = [
    { version: 'april', turns: 2, since: april.queuedAt },
    { version: 'may', turns: 1, since: may.queuedAt },
  ];
  expect(await rig.app.turns.versions()).toEqual(expected);
  await rig.app.turns.cancel({ turnId: may.id });
  expect(await rig.app.turns.versions()).toEqual(expected.slice(0, 1));
});

test('The app cancels a turn that waits, though no process has it', async () => {
  await start();
  const { id } = await putTurn(rig.kept);
  await rig.app.turns.cancel({ turnId: id });
  expect(await rig.app.turns.get(id)).toMatchObject({ status: 'aborted', reason: 'cancelled' });
  await expect(rig.app.turns.cancel({ turnId: id })).rejects.toMatchObject({ code: 'turn_ended' });
});

test.each(['retry', 'startOver'] as const)(
  '%s asks the rule for a person, and none for the app',
  async (change) => {
    await start({ rules: { mayCancelTurn: ({ user }) => user.id === 'lead' } });
    const { turns } = rig.app;
    const { id: turnId } = await putTurn(rig.kept);
    await expect(turns[change]({ turnId, by: { id: 'bob' } })).rejects.toMatchObject({ code: 'not_allowed' });
    await expect(turns[change]({ turnId, by: { id: 'lead' } })).rejects.toMatchObject({ code: 'turn_stuck' });
    await expect(turns[change]({ turnId })).rejects.toMatchObject({ code: 'turn_stuck' });
    await expect(turns[change]({ turnId: 'none' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(turns[change]({ id: turnId } as never)).rejects.toMatchObject({ code: 'invalid_request' });
  },
);

test('What a durable turn asked has its asker after a restart, and what another turn asked has lost it', async () => {
  await start();
  const waiting = await putTurn(rig.kept, { ticketId: 'T' });
  const wedged = await putTurn(rig.kept, { ...stuck, ticketId: 'T' });
  const { run: _run, ...plain } = await putTurn(rig.kept, { ticketId: 'T', status: 'running' });
  await rig.kept.commit([{ ticketId: 'T', at: plain.queuedAt, turns: [plain], envelopes: [] }]);
  const ask = (turnId: string) =>
    rig.hub.hitl.request({
      ...{ ticketId: 'T', sessionId: 's-T', turnId, userId: 'alice' },
      ...{ type: 'question', payload: { question: 'Well?' } },
    });
  const asked = await Promise.all([waiting.id, wedged.id, plain.id].map(ask));
  await rig.hub.close();
  await rig.newHub().start();
  const askers = await Promise.all(asked.map(async ({ id }) => (await rig.hub.hitl.get(id)).asker));
  expect(askers).toEqual([undefined, undefined, 'gone']);
});
