/** Connected clients as the app sees them: listed, counted, noticed and disconnected. */
import { Rig } from './rig';

let rig: Rig;
beforeEach(async () => {
  rig = new Rig();
  await rig.hub.start();
});
afterEach(() => rig.hub.close());

test('They are listed and counted, all or by ticket and person', () => {
  rig.join('ann');
  rig.join('ann', 'other');
  rig.join('ben', 'tab', 'U');
  const { clients } = rig.app;
  const shown = (query?: Parameters<typeof clients.list>[0]) =>
    clients.list(query).map(({ user, tabId, ticketId }) => `${user.id} ${tabId} ${ticketId}`);
  expect(shown()).toEqual(['ann tab T', 'ann other T', 'ben tab U']);
  expect(shown({ userId: 'ann' })).toEqual(['ann tab T', 'ann other T']);
  expect(shown({ ticketId: 'U' })).toEqual(['ben tab U']);
  expect([clients.count(), clients.count({ ticketId: 'T' }), clients.count({ ticketId: 'X' })]).toEqual([
    3, 2, 0,
  ]);
});

test('A notice goes to a ticket or to one client', () => {
  const ann = rig.join('ann');
  const ben = rig.join('ben');
  const { clients } = rig.app;
  clients.notify({ ticketId: 'T', content: 'The gateway is back' });
  clients.notify({ clientId: ben.client.clientId, content: 'Careful', level: 'warning' });
  rig.hub.rooms.flush();
  const notice = expect.objectContaining({ event: 'notice', kind: 'status', content: 'The gateway is back' });
  expect(ann.ears.heard).toContainEqual(notice);
  expect(ben.ears.heard).toContainEqual(notice);
  expect(ben.ears.told).toEqual([expect.objectContaining({ kind: 'warning', content: 'Careful' })]);
  expect(() => clients.notify({ clientId: 'nobody', content: 'x' })).toThrow(
    expect.objectContaining({ code: 'client_not_found' }),
  );
});

test.each<[string, object]>([
  ['neither a ticket nor a client', { content: 'x' }],
  ['both', { ticketId: 'T', clientId: 'c', content: 'x' }],
  ['no content', { ticketId: 'T' }],
  ['a level that is none', { ticketId: 'T', content: 'x', level: 'loud' }],
  ['an unknown field', { ticketId: 'T', content: 'x', kind: 'status' }],
])('A notice with %s is refused', (_what, notice) => {
  expect(() => rig.app.clients.notify(notice as never)).toThrow(
    expect.objectContaining({ code: 'invalid_request' }),
  );
});

test('Those are disconnected to whom everything applies that is named, with the code', () => {
  const ann = rig.join('ann');
  const other = rig.join('ann', 'tab', 'U');
  const ben = rig.join('ben');
  const { clients } = rig.app;
  expect(clients.disconnect({ userId: 'ann', ticketId: 'T' })).toBe(1);
  expect([ann.ears.closed, other.ears.closed]).toEqual([['session_ended'], []]);
  expect(clients.disconnect({ where: ({ user }) => user.id === 'ben', code: 'forbidden' })).toBe(1);
  expect(ben.ears.closed).toEqual(['forbidden']);
  expect(clients.disconnect({ clientId: other.client.clientId })).toBe(1);
  expect(clients.count()).toBe(0);
});

test('No client is disconnected by a call that does not say which', () => {
  rig.join('ann');
  expect(rig.app.clients.disconnect({ userId: undefined })).toBe(0);
  for (const which of [{}, { code: 'restart' as const }])
    expect(() => rig.app.clients.disconnect(which)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        message: expect.stringContaining('where: () => true'),
      }),
    );
  expect(rig.app.clients.count()).toBe(1);
});
