/** Offers of HTTP/2, plain requests, handshakes without a user, halves and noise, from many connections, while neighbours in a ticket go on talking. */
import { RawSocket } from '../../transport/raw-socket';
import type { Random } from '../random';
import type { HubStats } from '../server-process';
import type { Figures, Scenario, Stage } from '../stage';
import { type Stranger, strangers } from '../strangers';
import { talkUntil } from '../talk';

const ticketId = 'public';

async function play(stage: Stage): Promise<Figures> {
  const rounds = stage.sized(4, 200);
  const server = await stage.server({ counts: true });
  const join = async (userId: string) => {
    const client = stage.client({ port: () => server.port, ticketId, userId });
    await client.enter();
    return client;
  };
  const neighbours = [await join('talker'), await join('listener')] as const;
  const before = await server.stats();
  let isOver = false;
  const talk = talkUntil(stage, ...neighbours, () => isOver);
  let came = 0;
  for (let round = 0; round < rounds; round += 1) {
    const random = stage.random.fork(`round ${round}`);
    await Promise.all(
      strangers.map((stranger, index) => visit(stage, server.port, stranger, random.fork(index))),
    );
    came += strangers.length;
  }
  isOver = true;
  const slowestMs = await talk;
  // Some have joined, and went at once.
  await neighbours[0].until(() => neighbours[0].presence.length === 2, 'to be alone with its neighbour');
  const isRested = ({ handles, requests: { begun, closed } }: HubStats) =>
    handles <= before.handles && begun - closed === 2;
  const after = await server.statsOnce(isRested);
  await stage.audit(server);
  for (const each of neighbours) stage.check(each.counts.opened === 1, `${each.name} was disconnected`);
  stage.check(after.inHub.clients === 2, `${after.inHub.clients} are in`);
  stage.check(after.handles <= before.handles, `${after.handles} handles, and ${before.handles} before`);
  const { begun, closed } = after.requests;
  // Those of the two neighbours close with their sockets.
  stage.check(begun - closed === 2, `${begun} requests have begun and ${closed} responses have closed`);
  const { connections } = await server.alive();
  stage.check(connections === 2, `${connections} connections are in memory`);
  return {
    'kinds of strangers': strangers.length,
    'connections of strangers': came,
    'requests the app was asked': begun,
    'slowest word between the neighbours, ms': Math.round(slowestMs),
  };
}

async function visit(stage: Stage, port: number, stranger: Stranger, random: Random): Promise<void> {
  const raw = await RawSocket.open(port);
  try {
    for (const [index, piece] of stranger.pieces(random).entries()) {
      raw.socket.write(piece);
      const expected = stranger.answers?.[index];
      if (!expected) continue;
      const { status, body } = await raw.answer();
      stage.check(
        status === expected.status && body.includes(expected.says ?? ''),
        `${stranger.name} was answered ${status}: ${body.slice(0, 200)}`,
      );
    }
    if (!stranger.goes) return;
    // In good order, or breaking off; what it has sent may have got there or not.
    if (random.chance(0.5)) raw.socket.end();
    else raw.socket.resetAndDestroy();
  } catch (error) {
    stage.check(false, `${stranger.name}: ${String(error)}`);
  } finally {
    if (!stranger.goes) raw.destroy();
  }
}

export const strangersScenario: Scenario = { name: 'strangers', play };
