/** Files as the commit in their names wrote them: read now, they have everything that the layout before read in them. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Driver from 'better-sqlite3';
import type { RequestRecord } from '../../../lib/protocol/records';
import { sqliteStore } from '../../../lib/store/sqlite/sqlite-store';
import type { InboxOwner, Store } from '../../../lib/store/store';

const before: { sqliteStore: typeof sqliteStore } = require('../fixtures/layout-5.js');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hitl-earlier-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const owners: readonly InboxOwner[] = [
  { userId: 'ann', groups: [], tickets: 'all' },
  { userId: 'bob', groups: ['analyst'], tickets: 'all' },
  { userId: 'bob', groups: ['analyst', 'lead'], tickets: [] },
  { userId: 'agent', groups: [], tickets: ['T-1', 'T-2'] },
];

/** In one order, whatever that of the list is. */
const byId = (records: readonly RequestRecord[]) => records.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** All that a file has of these tickets. */
async function everything(store: Store, path: string) {
  const names = (sql: string) => new Driver(path, { readonly: true }).prepare<[], string>(sql).pluck().all();
  const tickets = names('SELECT id FROM tickets ORDER BY id');
  const requests = byId((await store.requests({}, 200)).items);
  const states = [];
  for (const ticketId of tickets) {
    const state = await store.state(ticketId, 200);
    const log = await store.log(ticketId, 0, 1_000);
    const audit = await store.audit({ ticketId }, 200);
    const grants = await store.grants({ ticketId }, 200);
    states.push({ ...state, requests: byId(state.requests), log, audit, grants });
  }
  const each = [];
  for (const { id, key, ticketId, turnId } of requests)
    each.push({
      stored: await store.request(id),
      byKey: key && (await store.requestByKey(ticketId, key)),
      ofTurn: turnId && (await store.requestsOfTurn(turnId)),
      audit: await store.audit({ ticketId, requestId: id }, 200),
      claims: [...(await store.claims(ticketId, 'ann')), ...(await store.claims(ticketId, 'bob'))].toSorted(),
    });
  const inboxes = [];
  for (const owner of owners)
    inboxes.push({
      items: byId((await store.inbox(owner, {}, 'urgent', 200)).items),
      tools: byId((await store.inbox(owner, { toolName: 'block_ip' }, 'oldest', 200)).items),
      counts: await store.inboxCounts(owner, {}),
    });
  const sessions = names('SELECT id FROM sessions ORDER BY id');
  return {
    tickets,
    requests,
    states,
    each,
    inboxes,
    sessions: await Promise.all(sessions.map((id) => store.session(id))),
    messages: await Promise.all(sessions.map((id) => store.messages(id, 200))),
    turns: await store.turns({}, 200),
    due: await store.dueRequests(Number.MAX_SAFE_INTEGER, 200),
    mail: await store.deliveries('mail', 200),
    dead: await store.deadDeliveries(200),
    grants: await store.grants({}, 200),
  };
}

test.each(['requests-523823c', 'everything-523823c'])(
  '%s is read as the layout before read it',
  async (name) => {
    const [then, now] = ['then.db', 'now.db'].map((file) => join(folder, file));
    if (!then || !now) throw new Error('two were named');
    writeFileSync(then, gunzipSync(readFileSync(join(__dirname, `../fixtures/${name}.db.gz`))));
    copyFileSync(then, now);
    const found = [];
    for (const store of [before.sqliteStore(then), sqliteStore(now)]) {
      await store.open();
      found.push(JSON.parse(JSON.stringify(await everything(store, found.length === 0 ? then : now))));
      await store.close();
    }
    expect(found[1]).toEqual(found[0]);
    const { requests, mail, dead, grants, each } = found[0] ?? {};
    expect(requests.length).toBeGreaterThan(9);
    expect(grants.items.length).toBeGreaterThan(0);
    expect(each.some(({ claims }: { claims: string[] }) => claims.length > 0)).toBe(true);
    // What channels could not deliver is in the second.
    expect([mail.length > 0, dead.length > 0]).toEqual(Array(2).fill(name.startsWith('everything')));
  },
);
