/** Clients disconnect, or fall silent, at every byte of their join; nothing of them stays, and no other client is disturbed. */
import WebSocket from 'ws';
import type { FaultProxy, Plan } from '../fault-proxy';
import type { Random } from '../random';
import type { Figures, Scenario, Stage } from '../stage';

const ticketId = 'doorway';
/** Of a handshake, and of all that a client is sent when it joins. */
const bytes = { up: 420, down: 2_500 };
const longestLoginMs = 30;

async function play(stage: Stage): Promise<Figures> {
  const joins = stage.sized(100, 10_000);
  // The witness lives where all the others join and leave, and must have the time to answer.
  const heartbeatMs = stage.sized(3_000, 5_000);
  const server = await stage.server({ heartbeatMs, maxClientsPerTicket: 1_000 });
  const witness = stage.client({ port: () => server.port, ticketId, userId: 'witness' });
  await witness.enter();
  // Something to be sent when a client joins.
  await stage.insist(witness, stage.message({ say: 5, ask: 2 }));
  await server.idle();
  const plans = stage.random.fork('plans');
  const proxy = await stage.proxy(server.port, () => anyPlan(plans));
  const before = await server.stats();
  const { actors } = await server.alive();
  for (let done = 0; done < joins; done += 50) {
    const wave = Array.from({ length: Math.min(50, joins - done) }, (_, index) => done + index);
    await Promise.all(wave.map((index) => comeAndGo(proxy, stage.random.fork(`join ${index}`), index)));
    await stage.insist(witness, stage.message());
  }
  // Those whose line went dead are noticed by their heartbeat, those who never said hello by the HTTP server.
  await witness.until(() => witness.presence.length === 1, 'to be alone');
  await proxy.close();
  await stage.audit(server);
  const { inHub, timers } = await server.rested(before.timers);
  const alive = await server.alive();
  stage.check(witness.counts.opened === 1, 'the witness was disconnected');
  stage.check(inHub.clients === 1 && inHub.tickets === 1, `still in: ${JSON.stringify(inHub)}`);
  stage.check(alive.connections === 1, `${alive.connections} connections are still in memory`);
  stage.check(alive.clients === 1, `${alive.clients} clients are still in memory`);
  stage.check(alive.actors === actors, `${alive.actors} actors, and it was ${actors}`);
  stage.check(timers <= before.timers, `${timers} timers, and it was ${before.timers}`);
  return { joins, ...proxy.counts };
}

/** Half of the ways to go are on the way in. */
function anyPlan(random: Random): Plan {
  const direction = random.pick(['up', 'down'] as const);
  const fault = {
    kind: random.pick(['cut', 'end', 'half-open'] as const),
    direction,
    afterBytes: random.int(0, bytes[direction]),
  };
  return { ...(random.chance(0.8) && { fault }), delayMs: random.chance(0.2) ? random.int(1, 20) : 0 };
}

/** One join, which its client gives up after a moment if the network has not done so before. */
async function comeAndGo(proxy: FaultProxy, random: Random, index: number): Promise<void> {
  const url = `ws://127.0.0.1:${proxy.port}/ws/chat/ticket/${ticketId}?tab=${index % 20}`;
  const headers = { 'x-user': `guest-${index % 7}`, 'x-login-ms': String(random.int(0, longestLoginMs)) };
  const socket = new WebSocket(url, 'hitl.v1', { headers });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => {
    const patience = setTimeout(() => socket.terminate(), random.int(0, 4 * longestLoginMs));
    socket.on('close', () => {
      clearTimeout(patience);
      resolve();
    });
  });
}

export const disconnectDuringJoin: Scenario = { name: 'disconnect-during-join', play };
