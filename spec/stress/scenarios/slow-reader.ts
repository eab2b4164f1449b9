/** Some clients stop reading while much is sent: they are disconnected, cost a bounded amount of memory, delay no other client, and miss nothing in the end. */
import { performance } from 'node:perf_hooks';
import type { Figures, Scenario, Stage } from '../stage';

/** Bytes of one line; a client that does not read has its megabyte of them soon. */
const lineBytes = 100_000;
const ticketId = 'flood';

async function play(stage: Stage): Promise<Figures> {
  const slowOnes = stage.sized(2, 8);
  const lines = stage.sized(160, 600);
  const server = await stage.server({ maxClientsPerTicket: 20 });
  const join = async (userId: string, maySkip = false) => {
    const client = stage.client({ port: () => server.port, ticketId, userId, maySkip });
    await client.enter();
    return client;
  };
  const writer = await join('writer');
  const healthy = await join('healthy');
  const slow = await Promise.all(Array.from({ length: slowOnes }, (_, index) => join(`slow-${index}`, true)));
  // The buffers of the kernel and of the healthy are the same with and without slow ones: what they add is what counts.
  const without = await flood(stage, server, writer, healthy, lines);
  for (const each of slow) each.pause();
  const withSlow = await flood(stage, server, writer, healthy, lines);

  const inHub = (await server.stats()).inHub.clients;
  stage.check(inHub === 2, `${inHub} clients are in while ${slowOnes} do not read`);
  const addedMiB = (withSlow.peakRss - without.peakRss) / 2 ** 20;
  // Per slow one: its megabyte of queue, once as text and once as frame, and room for the collector to be late.
  stage.check(addedMiB < 32 + slowOnes * 4, `${Math.round(addedMiB)} MiB more for ${slowOnes} slow readers`);
  stage.check(healthy.counts.opened === 1, 'the healthy neighbour was disconnected');
  for (const each of slow) each.resume();
  await stage.audit(server);
  for (const each of slow)
    stage.check(each.counts.opened === 2, `${each.name} ${each.counts.opened} times in`);
  return {
    'slow readers': slowOnes,
    'MiB said': Math.round((lines * lineBytes) / 2 ** 20),
    'MiB more resident at the highest': Math.round(addedMiB),
    'slowest delivery to the healthy neighbour, ms': Math.round(withSlow.slowestMs),
    'the same without slow readers, ms': Math.round(without.slowestMs),
  };
}

/** So many lines, one turn after the other; how long the healthy one waited for a word at most. */
async function flood(
  stage: Stage,
  server: Awaited<ReturnType<Stage['server']>>,
  writer: Awaited<ReturnType<Stage['client']>>,
  healthy: Awaited<ReturnType<Stage['client']>>,
  lines: number,
): Promise<{ peakRss: number; slowestMs: number }> {
  let slowestMs = 0;
  const { rss } = await server.peakDuring(async () => {
    for (let said = 0; said < lines; said += 4) {
      const begun = performance.now();
      const from = healthy.seq;
      await stage.insist(writer, stage.message({ say: 4, size: lineBytes }));
      await healthy.until(() => healthy.seq >= from + 4, 'to hear it');
      slowestMs = Math.max(slowestMs, performance.now() - begun);
    }
  });
  return { peakRss: rss, slowestMs };
}

export const slowReader: Scenario = { name: 'slow-reader', play };
