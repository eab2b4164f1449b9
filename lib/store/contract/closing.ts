/** Part of the store contract: what a store does before it is open and after it is closed. */
import type { Store } from '../store';
import { expect } from './expect';
import type { Subject } from './subject';

/** Every method that needs an open store, called. */
const calls: Record<Exclude<keyof Store, 'open' | 'close'>, (store: Store) => Promise<unknown>> = {
  commit: (store) => store.commit([]),
  position: (store) => store.position('ticket'),
  log: (store) => store.log('ticket', 0, 10),
  trim: (store) => store.trim('ticket', 10, 0),
  state: (store) => store.state('ticket', 10),
  session: (store) => store.session('s'),
  sessionByTab: (store) => store.sessionByTab('ticket', 'ann', 'tab'),
  sessions: (store) => store.sessions('ticket', 10),
  turn: (store) => store.turn('t'),
  turns: (store) => store.turns({}, 10),
  openTurns: (store) => store.openTurns('s'),
  dueTurns: (store) => store.dueTurns(0, 10),
  nextDueTurn: (store) => store.nextDueTurn(0),
  turnVersions: (store) => store.turnVersions(),
  journal: (store) => store.journal('t', 0, 10),
  turnState: (store) => store.turnState('t'),
  unfinishedTurns: (store) => store.unfinishedTurns(),
  message: (store) => store.message('m'),
  messages: (store) => store.messages('s', 10),
  request: (store) => store.request('r'),
  requestByKey: (store) => store.requestByKey('ticket', 'k'),
  requestsOfTurn: (store) => store.requestsOfTurn('t'),
  claims: (store) => store.claims('ticket', 'ann'),
  requests: (store) => store.requests({}, 10),
  inbox: (store) => store.inbox({ userId: 'ann', groups: [], tickets: 'all' }, {}, 'oldest', 10),
  inboxCounts: (store) => store.inboxCounts({ userId: 'ann', groups: [], tickets: 'all' }, {}),
  dueRequests: (store) => store.dueRequests(0, 10),
  nextDue: (store) => store.nextDue(0),
  audit: (store) => store.audit({ ticketId: 't' }, 1),
  grant: (store) => store.grant('g'),
  liveGrants: (store) => store.liveGrants(['c'], 0, 10),
  grants: (store) => store.grants({}, 10),
  grantUses: (store) => store.grantUses('g', 10),
  dropGrants: (store) => store.dropGrants(0, 10),
  deliveries: (store) => store.deliveries('c', 10),
  noteDelivery: (store) =>
    store.noteDelivery({ channel: 'c', requestId: 'r', event: 'present', version: 1 }, 'delivered'),
  deadDeliveries: (store) => store.deadDeliveries(10),
  processedFrame: (store) => store.processedFrame('ann', 'f'),
};

export function closingObligations({ test, store, unopened }: Subject): void {
  for (const [name, call] of Object.entries(calls))
    test(`${name} works while it is open and rejects before and after`, async () => {
      const unavailable = { name: 'HubError', code: 'unavailable' };
      await expect(call(await unopened())).rejects.toMatchObject(unavailable);
      await call(store());
      await store().close();
      await expect(call(store())).rejects.toMatchObject(unavailable);
    });

  test('may be closed twice, or without having been open, and stays closed', async () => {
    await store().close();
    await store().close();
    await expect(store().open()).rejects.toMatchObject({ code: 'unavailable' });
    const other = await unopened();
    await other.close();
    await expect(other.open()).rejects.toMatchObject({ code: 'unavailable' });
  });
}
