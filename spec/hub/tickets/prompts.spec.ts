/** Prompts sent again to clients with one panel, below any dialect: when, from what, and what trouble with the store does. */
import type { HubOptions } from '../../../lib/hub/port';
import { isPrompt } from '../../../lib/hub/tickets/broadcast';
import { diskFull, Ears, idle, Rig } from '../rig';

/** Of a client that shows one prompt at a time. */
class PanelEars extends Ears {
  readonly panel = { revisionOf: () => this.revision };
  revision = 1;

  /** The prompts it was sent again, and the position of the log. */
  get again(): [id: string, asOf: number][] {
    return this.heard.filter(isPrompt).map(({ prompt, asOf }) => [prompt.id, asOf]);
  }
}

let rig: Rig;
let reads: string[];
async function start(options: Partial<HubOptions> = {}): Promise<void> {
  rig = new Rig(options);
  await rig.hub.start();
  reads = [];
  rig.trouble.requests = ({ ticketId }) => reads.push(ticketId ?? '');
}
afterEach(() => rig.hub.close());

function join(userId: string, tabId = 'tab'): PanelEars {
  const ears = new PanelEars();
  rig.hub.register(rig.app.reference.newClientWithTabId('T', { id: userId }, tabId, ears));
  return ears;
}

async function ask(sessionId = 's', ticketId = 'T'): Promise<string> {
  rig.clock.advance(1);
  const asked = { ticketId, sessionId, userId: 'ann', type: 'question', payload: { question: 'Which?' } };
  return (await rig.hub.hitl.request(asked)).id;
}
const cancel = (id: string) => rig.hub.hitl.cancel(id, 'over');

test('The oldest pending one is sent after the resolved one, with the position of the log where that is true', async () => {
  await start();
  const ears = join('ann');
  const [one, two] = [await ask(), await ask()];
  await cancel(two);
  await rig.hub.settled();
  expect(ears.again).toEqual([[one, 3]]);
  const kinds = ears.heard.map((each) => (isPrompt(each) ? 'again' : 'event' in each && each.event));
  expect(kinds.filter((kind) => kind !== 'presence_changed')).toEqual([
    'hitl_request_pending',
    'hitl_request_pending',
    'hitl_request_resolved',
    'again',
  ]);
  await cancel(one);
  await rig.hub.settled();
  expect(ears.again).toHaveLength(1);
});

test('What resolves in one tick is followed by one prompt, and by one reading', async () => {
  await start();
  const ears = join('ann');
  const [one, ...rest] = [await ask(), await ask(), await ask(), await ask()];
  await Promise.all(rest.map(cancel));
  await rig.hub.settled();
  expect(ears.again).toEqual([[one, 7]]);
  expect(reads).toEqual(['T']);
});

test('Nothing is read where no client has a panel, nor in another ticket', async () => {
  await start();
  rig.join('ben');
  await ask();
  await cancel(await ask());
  join('ann');
  await cancel(await ask('s', 'other'));
  await rig.hub.settled();
  expect(reads).toEqual([]);
});

test('A store that cannot be read is logged and delays nothing; the next one that resolves is followed again', async () => {
  await start();
  const ears = join('ann');
  const [one, two, three] = [await ask(), await ask(), await ask()];
  rig.trouble.requests = diskFull;
  await cancel(three);
  await rig.hub.settled();
  expect(ears.again).toEqual([]);
  expect(rig.errors).toMatchObject([{ message: 'A pending prompt could not be sent again', ticketId: 'T' }]);
  delete rig.trouble.requests;
  await cancel(two);
  await rig.hub.settled();
  expect(ears.again.map(([id]) => id)).toEqual([one]);
});

test('With the scope session the oldest of each session is found, however many of others are before it', async () => {
  await start({ classic: { scope: 'session' } });
  const ears = join('ann');
  const others: string[] = [];
  for (let n = 0; n < 60; n += 1) others.push(await ask('other'));
  const [one, two] = [await ask('own'), await ask('own')];
  await Promise.all([cancel(two), cancel(others[59] ?? '')]);
  await rig.hub.settled();
  expect(new Set(ears.again.map(([id]) => id))).toEqual(new Set([one, others[0]]));
});

test('A hub that closes sends what it noted before its store is closed', async () => {
  await start();
  const ears = join('ann');
  const [one, two] = [await ask(), await ask()];
  const cancelled = cancel(two);
  await rig.hub.close();
  await cancelled;
  await idle();
  expect(ears.again.map(([id]) => id)).toEqual([one]);
  expect(rig.errors).toEqual([]);
});

test('An answer without a revision means the oldest that a panel of this person shows in this ticket', async () => {
  await start();
  const [first, second, bens] = [join('ann', 'one'), join('ann', 'two'), join('ben')];
  const id = await ask();
  await rig.hub.hitl.amend(id, { question: 'Now?' });
  const answer = (userId: string) =>
    rig.hub.hitl.respond(id, { by: { id: userId }, status: 'approved', response: { answer: 'this' } });
  const stale = { code: 'stale_revision' };
  first.revision = 2;
  bens.revision = 2;
  await expect(answer('ann')).rejects.toMatchObject(stale);
  await expect(answer('dora')).rejects.toMatchObject(stale);
  second.revision = 2;
  expect(await answer('ann')).toMatchObject({ status: 'approved', respondedBy: { userId: 'ann' } });
});
