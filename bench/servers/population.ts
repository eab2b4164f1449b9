/** A hub with many tickets and requests in it, without sockets: what joining, answering and resuming cost, and what is in memory. */
import { createLogger, transports } from 'winston';
import { portOf } from '../../lib/hub/hub';
import { expressHitl, memoryStore, sqliteStore } from '../../lib/index';
import { costOf, memory, serve } from './serving';

const [file = '', synchronous] = process.argv.slice(3);
const options = synchronous === 'normal' ? ({ synchronous } as const) : {};
const store = file === 'memory' ? memoryStore() : sqliteStore(file, options);
const hitl = expressHitl({
  store,
  auth: { identify: () => null, authorize: () => 'forbidden' },
  limits: { clientsPerTicket: 1_000, clientsPerUserInTicket: 1_000, clientsPerUser: 1_000_000 },
  logger: createLogger({ silent: true, transports: [new transports.Console()] }),
});
const { hub } = hitl;
/** How a client is reached that listens to nothing. */
const nowhere = { deliver: () => true, send: () => true, close: () => {} };
/** Requests asked at once. */
const atOnce = 1_000;
let made = 0;

const join = (ticketId: string, name: string) => {
  const client = hub.reference.newClient(ticketId, { id: name }, nowhere);
  hub.reference.register(client);
  return client;
};

const ask = (ticketId: string) =>
  hub.requests.open({
    ticketId,
    sessionId: 'session',
    requestedBy: 'agent',
    kind: 'tool_approval',
    tool: 'block_ip',
    args: { ip: '203.0.113.7' },
  });

const answer = (id: string) =>
  hub.requests.answer({ requestId: id, by: { id: 'ann' }, status: 'approved', revision: 1 });

async function inGroups<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let at = 0; at < count; at += atOnce) {
    const size = Math.min(atOnce, count - at);
    results.push(...(await Promise.all(Array.from({ length: size }, (_each, index) => work(at + index)))));
  }
  return results;
}

/** Microseconds of CPU of one more client that comes and goes, `others` being in the ticket. */
async function joinLeave({ others, times }: { others: number; times: number }): Promise<number> {
  made += 1;
  const ticketId = `crowd-${made}`;
  const crowd = Array.from({ length: others }, (_each, index) => join(ticketId, `other-${index}`));
  const { cpu } = await costOf(async () => {
    for (let n = 0; n < times; n += 1) {
      hub.reference.unregister(join(ticketId, 'one more'));
      await portOf(hub).settled();
    }
  });
  for (const client of crowd) hub.reference.unregister(client);
  return cpu / times;
}

/** So many more tickets, each with a pending request and, if asked, somebody in it. */
async function populate({ tickets, withClients }: { tickets: number; withClients: boolean }) {
  const first = made;
  made += tickets;
  const ids: string[] = [];
  const cost = await costOf(async () => {
    const asked = await inGroups(tickets, async (index) => {
      const ticketId = `T-${first + index}`;
      if (withClients) join(ticketId, 'somebody');
      return ask(ticketId);
    });
    ids.push(...asked.map(({ id }) => id));
  });
  return { ids, perSecond: (tickets / cost.cpu) * 1e6, ...(await memory()) };
}

async function leaveAll() {
  const { cpu } = await costOf(async () => void hub.clients.disconnect({ where: () => true }));
  return { cpu, ...(await memory()) };
}

/** Answers these, which are not in memory unless they are among the last. */
async function revive({ ids }: { ids: string[] }) {
  const cost = await costOf(
    async () => void (await inGroups(ids.length, (index) => answer(ids[index] as string))),
  );
  return { perSecond: (ids.length / cost.cpu) * 1e6 };
}

/** Microseconds of CPU of joining, answering and resuming, each in tickets of their own, whatever else there is. */
async function each({ times }: { times: number }) {
  const first = made;
  made += times;
  const ticketOf = (index: number) => `T-${first + index}`;
  const asked = await inGroups(times, (index) => ask(ticketOf(index)));
  const per = async (work: (index: number) => Promise<unknown>) =>
    (await costOf(async () => void (await inGroups(times, work)))).cpu / times;
  const joining = await per(async (index) => {
    const client = join(ticketOf(index), 'ann');
    await portOf(hub).opening(client.ticketId);
  });
  const answering = await per((index) => answer(asked[index]?.id ?? ''));
  const positions = await inGroups(times, (index) => portOf(hub).position(ticketOf(index)));
  const resuming = await per((index) => {
    const epoch = positions[index]?.epoch ?? '';
    return portOf(hub).opening(ticketOf(index), { epoch, seq: 1 });
  });
  return { joining, answering, resuming };
}

/** Fills the file with pending requests as the hub writes them, copies of one but for their ids and tickets. */
async function fill({ requests }: { requests: number }) {
  const { id } = await ask('T-fill');
  const stored = await store.request(id);
  if (!stored) throw new Error('The first request was not kept');
  const text = JSON.stringify(stored);
  for (let at = 0; at < requests; at += atOnce) {
    const commits = Array.from({ length: Math.min(atOnce, requests - at) }, (_each, index) => {
      const n = at + index;
      const ticketId = `T-${n % 100_000}`;
      const copy = JSON.parse(text.replaceAll(id, `request-${n}`).replaceAll('T-fill', ticketId));
      return { ticketId, at: 1, requests: [{ ...copy, version: 0 }], envelopes: [] };
    });
    const results = await store.commit(commits);
    if (!results.every(({ ok }) => ok)) throw new Error('Not kept');
  }
}

async function main(): Promise<void> {
  const begun = performance.now();
  await hitl.start();
  const ready = { startMs: performance.now() - begun, rss: process.memoryUsage().rss };
  const close = () => hitl.close();
  serve(ready, { joinLeave, populate, leaveAll, revive, each, fill, memory, close });
}
void main();
