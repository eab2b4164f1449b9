/** Inboxes as the app's own code reads them: by a query with names, and what it refuses. */
import { Rig } from '../rig';

let rig: Rig;
beforeEach(async () => {
  rig = new Rig();
  await rig.hub.start();
});
afterEach(() => rig.hub.close());

const ask = (type: string, payload: Record<string, unknown>, ticketId = 'T') =>
  rig.hub.hitl.request({ ticketId, sessionId: 's', userId: 'agent', type, payload });
const ann = { user: { id: 'ann' }, tickets: 'all' } as const;

test('It is narrowed by kind, tool and ticket, ordered, and read page by page', async () => {
  const question = await ask('question', { question: 'Go?' });
  rig.clock.advance(1);
  const tool = await ask('tool_approval', { tool_name: 'block_ip', tool_args: {} });
  rig.clock.advance(1);
  const other = await ask('question', { question: 'Why?' }, 'U');
  const { inbox } = rig.app;
  const ids = async (query: object = {}) =>
    (await inbox.list({ ...ann, ...query })).items.map(({ id }) => id);
  expect(await ids()).toEqual([question.id, tool.id, other.id]);
  expect(await ids({ kind: 'question' })).toEqual([question.id, other.id]);
  expect(await ids({ tool: 'block_ip' })).toEqual([tool.id]);
  expect(await ids({ ticketId: 'U', order: 'newest' })).toEqual([other.id]);
  const { nextCursor = '' } = await inbox.list({ ...ann, limit: 2 });
  expect(await ids({ limit: 2, cursor: nextCursor })).toEqual([other.id]);
  expect(await inbox.count({ ...ann, ticketId: 'T' })).toMatchObject({ total: 2, byTool: { block_ip: 1 } });
});

test.each<[string, object]>([
  ['without a user', { tickets: 'all' }],
  ['without tickets', { user: { id: 'ann' } }],
  ['with a misspelt field', { ...ann, toolName: 'block_ip' }],
  ['with too many at once', { ...ann, limit: 201 }],
])('A query %s is refused', async (_what, query) => {
  await expect(rig.app.inbox.list(query as never)).rejects.toMatchObject({ code: 'invalid_request' });
});
