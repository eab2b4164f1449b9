/** Peers that are there and answer nothing: each is dropped after its second heartbeat and not before, and no other peer is. */
import { once } from 'node:events';
import WebSocket from 'ws';
import type { Figures, Scenario, Stage } from '../stage';

const ticketId = 'silence';

async function play(stage: Stage): Promise<Figures> {
  const heartbeatMs = 2_000;
  const silentOnes = stage.sized(20, 500);
  const server = await stage.server({ heartbeatMs, maxClientsPerTicket: silentOnes + 2 });
  const healthy = stage.client({ port: () => server.port, ticketId, userId: 'healthy' });
  await healthy.enter();
  // Says nothing to a ping either, but sends frames: it is heard of.
  const talker = await open(server.port, 'talker');
  const talk = setInterval(() => talker.send('{"type":"ping"}'), heartbeatMs / 2);
  const silent = await Promise.all(
    Array.from({ length: silentOnes }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, stage.random.int(0, heartbeatMs)));
      const socket = await open(server.port, `silent-${index}`);
      const begun = performance.now();
      const [code] = await once(socket, 'close');
      return { code, ms: performance.now() - begun };
    }),
  );
  for (const { code, ms } of silent) {
    stage.check(code === 1006, `a silent peer was closed with ${code}`);
    stage.check(ms >= heartbeatMs * 0.9, `a silent peer was dropped after ${Math.round(ms)} ms`);
    stage.check(ms <= 2 * heartbeatMs + 2_000, `a silent peer was kept for ${Math.round(ms)} ms`);
  }
  await healthy.until(() => healthy.presence.length === 2, 'to see that they are gone');
  stage.check(talker.readyState === WebSocket.OPEN, 'one that talks and does not pong was dropped');
  stage.check(healthy.counts.opened === 1, 'the healthy neighbour was disconnected');
  const { inHub } = await server.stats();
  stage.check(inHub.clients === 2, `${inHub.clients} are still in`);
  clearInterval(talk);
  talker.terminate();
  const times = silent.map(({ ms }) => ms);
  return {
    'silent peers': silentOnes,
    'heartbeat, ms': heartbeatMs,
    'dropped after, ms': `${Math.round(Math.min(...times))} to ${Math.round(Math.max(...times))}`,
  };
}

async function open(port: number, userId: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/chat/ticket/${ticketId}`, 'hitl.v1', {
    headers: { 'x-user': userId },
    autoPong: false,
  });
  socket.on('error', () => {});
  await once(socket, 'open');
  return socket;
}

export const noPong: Scenario = { name: 'no-pong', play };
