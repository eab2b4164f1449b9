/** What an idle connection costs, and a ticket, beside a server that is nothing but `ws`; and that a ticket without clients costs nothing. */
import { crowd, cutAll, inWaves, openBare } from '../crowd';
import type { ServerProcess } from '../server-process';
import type { Stats } from '../server-report';
import type { Figures, Scenario, Stage } from '../stage';

/** Bytes per one of what was added: on the heap and beside it, and in all. */
interface Cost {
  heap: number;
  resident: number;
}

async function play(stage: Stage): Promise<Figures> {
  const size = stage.sized(200, 5_000);
  const bare = await bareConnection(stage, size);
  const shared = await connection(stage, size, 10);
  const alone = await connection(stage, size, 1);
  const empty = await emptyTicket(stage, size);
  const ticket = {
    heap: ((alone.heap - shared.heap) * 10) / 9,
    resident: ((alone.resident - shared.resident) * 10) / 9,
  };
  const own = { heap: alone.heap - ticket.heap, resident: alone.resident - ticket.resident };
  const times = (cost: Cost) => (cost.heap / bare.heap).toFixed(2);
  // Of few connections only what is left of them can be said for certain.
  if (stage.size === 'long') {
    stage.check(own.heap / bare.heap <= 1.3, `an idle connection costs ${times(own)} times one of bare ws`);
    stage.check(empty.heap < 100, `a ticket nobody is in costs ${empty.heap} bytes`);
  }
  return {
    connections: size,
    'a connection of bare ws': told(bare),
    'an idle connection': told(own),
    'an idle connection, times bare ws': times(own),
    'an idle ticket that somebody is in': told(ticket),
    'a connection with its tenth of a ticket, times bare ws': times(shared),
    'a ticket with a log that nobody is in': told(empty),
  };
}

async function bareConnection(stage: Stage, size: number): Promise<Cost> {
  const server = await stage.bareServer();
  await cutAll(await openBare(server, warmUp(size)));
  const before = await settled(server);
  const sockets = await openBare(server, size);
  const cost = costOf(before, await settled(server), size);
  await cutAll(sockets);
  await server.kill();
  return cost;
}

async function connection(stage: Stage, size: number, inEach: number): Promise<Cost> {
  const server = await stage.server();
  await comeAndGo(stage, server, warmUp(size), inEach, `first-${inEach}`);
  const before = await settled(server);
  const clients = crowd(stage, () => server.port, size, { inEach, name: 'idle', tickets: `idle-${inEach}` });
  await inWaves(clients, (client) => client.enter());
  const cost = costOf(before, await settled(server), size);
  await inWaves(clients, (client) => client.goAway());
  await server.kill();
  return cost;
}

/** A client joined each, sent a message, and left. */
async function emptyTicket(stage: Stage, size: number): Promise<Cost> {
  const server = await stage.server();
  await comeAndGo(stage, server, size, 1, 'first');
  const before = await settled(server);
  await comeAndGo(stage, server, size, 1, 'more');
  const after = await settled(server);
  const { actors } = await server.alive();
  stage.check(after.inHub.tickets === 0, `${after.inHub.tickets} tickets are still in the hub`);
  stage.check(actors === 0, `${actors} actors are still in memory`);
  await server.kill();
  return costOf(before, after, size);
}

/** What is made once, by the first who come, is no cost of a connection. */
function warmUp(size: number): number {
  return Math.ceil(size / 5);
}

async function comeAndGo(
  stage: Stage,
  server: ServerProcess,
  size: number,
  inEach: number,
  name: string,
): Promise<void> {
  const clients = crowd(stage, () => server.port, size, { inEach, name, tickets: name });
  await inWaves(clients, async (client) => {
    await client.enter();
    await stage.insist(client, stage.message({ say: 1 }));
    await client.goAway();
  });
  await server.idle();
}

/** Asked again, since what is freed in one moment is given back in the next. */
async function settled<T extends Stats>(server: { stats(): Promise<T> }): Promise<T> {
  await server.stats();
  return server.stats();
}

function costOf(before: Stats, after: Stats, count: number): Cost {
  const grown = (read: (stats: Stats) => number) => (read(after) - read(before)) / count;
  return {
    heap: grown(({ memory }) => memory.heapUsed + memory.external),
    resident: grown(({ memory }) => memory.rss),
  };
}

function told({ heap, resident }: Cost): string {
  return `${Math.round(heap)} bytes of heap and buffers, ${Math.round(resident)} resident`;
}

export const memory: Scenario = { name: 'memory', play };
