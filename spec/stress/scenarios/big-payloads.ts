/** Requests of 200 kB, many of them pending, newcomers who do not read and others who do: neighbours go on, and memory stays within its bounds. */
import { once } from 'node:events';
import WebSocket from 'ws';
import type { Figures, Scenario, Stage } from '../stage';
import { talkUntil } from '../talk';

const payload = 200_000;
const ticketId = 'big';
/** What one who does not read may hold at most: a page of requests (4 MiB), and a queue behind it (1 MiB). */
const perNewcomerMiB = 6;

async function play(stage: Stage): Promise<Figures> {
  const requests = stage.sized(24, 80);
  const newcomers = stage.sized(6, 24);
  const server = await stage.server({ maxClientsPerTicket: newcomers * 2 + 4, heartbeatMs: 600_000 });
  const join = async (userId: string) => {
    const client = stage.client({ port: () => server.port, ticketId, userId });
    await client.enter();
    return client;
  };
  const neighbours = [await join('talker'), await join('listener')] as const;
  for (let asked = 0; asked < requests; asked += 4)
    await stage.insist(neighbours[0], stage.message({ ask: 4, payload }));
  await stage.quiet(server);
  let isOver = false;
  const talk = talkUntil(stage, ...neighbours, () => isOver);
  const before = (await server.stats()).memory;
  let deaf: WebSocket[] = [];
  const { rss } = await server.peakDuring(async () => {
    deaf = await Promise.all(Array.from({ length: newcomers }, (_, index) => openDeaf(server.port, index)));
    // Those who read get everything, also beside those who do not.
    for (let index = 0; index < newcomers; index += 1) {
      const reader = await join(`reader-${index}`);
      await reader.goAway();
    }
  });
  const during = (await server.stats()).memory;
  isOver = true;
  const slowestMs = await talk;
  const snapshots = stage.ledger.shown.filter(({ who }) => who.startsWith('reader-'));
  for (const { who, pending } of snapshots)
    stage.check(pending.length === requests, `${who} was shown ${pending.length} requests`);
  stage.check(snapshots.length === newcomers, `${snapshots.length} newcomers were shown the requests`);
  const heldMiB = (during.heapUsed + during.external - before.heapUsed - before.external) / 2 ** 20;
  const addedMiB = (rss - before.rss) / 2 ** 20;
  stage.check(
    heldMiB < 16 + newcomers * perNewcomerMiB,
    `${Math.round(heldMiB)} MiB are held for ${newcomers} newcomers who do not read`,
  );
  stage.check(
    addedMiB < 128 + newcomers * perNewcomerMiB * 2,
    `${Math.round(addedMiB)} MiB more resident while ${newcomers} came who do not read`,
  );
  for (const each of deaf) each.terminate();
  // Answered while all of them are pending: each is resolved once.
  const ids = snapshots[0]?.pending ?? [];
  for (const id of ids) {
    const answer = await neighbours[0].ask(
      stage.answer(id, stage.random.pick(['approved', 'denied'] as const)),
    );
    stage.check(answer.event === 'ack', `the answer to ${id} was refused: ${answer.code}`);
  }
  await stage.audit(server);
  for (const each of neighbours) stage.check(each.counts.opened === 1, `${each.name} was disconnected`);
  return {
    'requests pending': requests,
    'bytes of each': payload,
    'newcomers who do not read': newcomers,
    'newcomers who read': newcomers,
    'MiB held for those who do not read': Math.round(heldMiB),
    'MiB more resident at the highest': Math.round(addedMiB),
    'slowest word between the neighbours, ms': Math.round(slowestMs),
  };
}

/** Joins and does not read a byte of what it is sent. */
async function openDeaf(port: number, index: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/chat/ticket/${ticketId}`, 'hitl.v1', {
    headers: { 'x-user': `deaf-${index}` },
    perMessageDeflate: false,
  });
  socket.on('error', () => {});
  await once(socket, 'open');
  socket.pause();
  return socket;
}

export const bigPayloads: Scenario = { name: 'big-payloads', play };
