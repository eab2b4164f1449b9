/** One server after the other is drained under load and replaced: turns get done, no client misses anything, and not all reconnect at once. */
import type { CheckingClient } from '../checking-client';
import { crowd, inWaves } from '../crowd';
import type { Figures, Scenario, Stage } from '../stage';

/** The time over which clients come back is looked at in so many parts. */
const parts = 10;

async function play(stage: Stage): Promise<Figures> {
  const drains = stage.sized(2, 4);
  const size = stage.sized(40, 1_000);
  const overMs = stage.sized(1_500, 10_000);
  let server = await stage.server();
  const proxy = await stage.proxy(server.port);
  const clients = crowd(stage, () => proxy.port, size);
  await inWaves(clients, (client) => client.enter());
  let isOver = false;
  const talkers = clients.filter((_, index) => index % stage.sized(4, 20) === 0);
  const talks = talkers.map((client, index) => talk(stage, client, index, () => isOver));
  let fullest = 0;
  const tookMs: number[] = [];
  for (let drain = 0; drain < drains; drain += 1) {
    await new Promise((resolve) => setTimeout(resolve, stage.random.int(50, 500)));
    // Every other time a turn waits for a person who does not answer, so that the drain takes all the time it has.
    const [, waiting] = clients;
    if (drain % 2 === 1 && waiting) await stage.insist(waiting, stage.message({ wait: true }));
    const begun = performance.now();
    await server.drain(overMs);
    server = await stage.server();
    proxy.targetPort = server.port;
    const isBack = (client: CheckingClient) => client.enteredAt > begun && client.isLive;
    await Promise.all(
      clients.map((client) => client.until(() => isBack(client), 'to be back after the drain', 300_000)),
    );
    const inPart = new Map<number, number>();
    for (const { enteredAt } of clients) {
      const part = Math.floor(((enteredAt - begun) / overMs) * parts);
      inPart.set(part, (inPart.get(part) ?? 0) + 1);
    }
    fullest = Math.max(fullest, ...[...inPart.values()].map((count) => count / size));
    tookMs.push(performance.now() - begun);
  }
  isOver = true;
  await Promise.all(talks);
  const logs = await stage.audit(server);

  const ended = logs.flatMap(({ items }) => items.filter(({ event }) => event === 'turn_ended'));
  const aborted = ended.filter(({ status }) => status !== 'completed').length;
  stage.check(aborted === Math.floor(drains / 2), `${aborted} turns were aborted`);
  // Those whose time comes before the next server is up wait for it, and are more; an even share is a tenth.
  stage.check(
    fullest < stage.sized(0.8, 0.4),
    `${Math.round(fullest * 100)} % came back in a tenth of the time`,
  );
  const closes = clients.flatMap((client) => [...client.closes.keys()]);
  stage.check(
    closes.every((code) => code === 1012),
    `closed with ${[...new Set(closes)]}`,
  );
  return {
    drains,
    clients: size,
    'turns completed': ended.length - aborted,
    'turns that waited for nobody, aborted': aborted,
    'messages acked': stage.ledger.acked.length,
    'time to come back over, ms': overMs,
    'all back after, ms': `${Math.round(Math.min(...tookMs))} to ${Math.round(Math.max(...tookMs))}`,
    'came back in the fullest tenth of that time, %': Math.round(fullest * 100),
  };
}

async function talk(
  stage: Stage,
  client: CheckingClient,
  index: number,
  isOver: () => boolean,
): Promise<void> {
  const random = stage.random.fork(`talk ${index}`);
  for (let round = 0; !isOver() && round < 100_000; round += 1) {
    await stage.insist(client, stage.message({ say: random.int(0, 2), thinkMs: random.int(0, 100) }));
    await new Promise((resolve) => setTimeout(resolve, random.int(100, 300)));
  }
}

export const rollingDrain: Scenario = { name: 'rolling-drain', play };
