/** Connections open and close, in very large number; afterwards the server has what it had before: handles, timers, actors, heap. */
import type { CheckingClient } from '../checking-client';
import { crowd, inWaves } from '../crowd';
import type { HubStats } from '../server-process';
import type { Figures, Scenario, Stage } from '../stage';

/** Bytes of heap that may be there more: compiled code, and what the collector leaves for later. */
const slackBytes = 3 * 2 ** 20;

async function play(stage: Stage): Promise<Figures> {
  const total = stage.sized(1_000, 100_000);
  const atOnce = stage.sized(50, 200);
  const server = await stage.server();
  const clients = crowd(stage, () => server.port, atOnce);
  // What is made once, by the first who come, is no leak.
  await turnOver(stage, clients, Math.ceil((total * 0.1) / atOnce));
  await server.idle();
  const before = { ...(await server.rested(0)), alive: await server.alive() };
  const begun = performance.now();
  await turnOver(stage, clients, Math.ceil(total / atOnce));
  const seconds = (performance.now() - begun) / 1000;
  await server.idle();
  const after = { ...(await server.rested(0)), alive: await server.alive() };
  await stage.audit(server);

  const connections = Math.ceil(total / atOnce) * atOnce;
  stage.check(after.inHub.clients === 0 && after.inHub.tickets === 0, `in: ${JSON.stringify(after.inHub)}`);
  for (const name of ['actors', 'clients', 'connections', 'sockets'] as const)
    stage.check(
      after.alive[name] <= before.alive[name],
      `${after.alive[name]} ${name} are in memory, ${before.alive[name]} before`,
    );
  stage.check(after.handles <= before.handles, `${after.handles} handles, ${before.handles} before`);
  stage.check(after.timers <= before.timers, `${after.timers} timers, ${before.timers} before`);
  const grown = after.memory.heapUsed - before.memory.heapUsed;
  stage.check(grown < slackBytes, `the heap has grown by ${grown} bytes over ${connections} connections`);
  return {
    connections,
    'connections per second': Math.round(connections / seconds),
    handles: `${before.handles} before, ${after.handles} after`,
    timers: `${before.timers} before, ${after.timers} after`,
    actors: `${before.alive.actors} before, ${after.alive.actors} after`,
    'heap, MiB': `${mebibytes(before)} before, ${mebibytes(after)} after`,
    'heap grown per connection, bytes': Math.round(grown / connections),
  };
}

/** Every client joins, some send a message, and every client leaves, in one way or another; so many times. */
async function turnOver(stage: Stage, clients: readonly CheckingClient[], times: number): Promise<void> {
  for (let round = 0; round < times; round += 1) {
    await inWaves(clients, async (client) => {
      await client.enter();
      if (stage.random.chance(0.01)) await stage.insist(client, stage.message());
      await client.goAway(stage.random.chance(0.5) ? 'cut' : 'close');
    });
  }
}

function mebibytes({ memory }: HubStats): number {
  return Math.round((memory.heapUsed / 2 ** 20) * 10) / 10;
}

export const churn: Scenario = { name: 'churn', play };
