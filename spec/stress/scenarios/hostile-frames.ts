/** Frames that are too large, malformed or no frames at all, from many sockets, while a neighbour in the same ticket goes on talking. */
import { RawSocket } from '../../transport/raw-socket';
import { type Hostility, hostilities } from '../hostilities';
import type { Figures, Scenario, Stage } from '../stage';
import { talkUntil } from '../talk';

const ticketId = 'hostile';

async function play(stage: Stage): Promise<Figures> {
  const rounds = stage.sized(3, 200);
  const server = await stage.server({ maxClientsPerTicket: hostilities.length + 2, limited: true });
  const join = async (userId: string) => {
    const client = stage.client({ port: () => server.port, ticketId, userId });
    await client.enter();
    return client;
  };
  const neighbours = [await join('talker'), await join('listener')] as const;
  let isOver = false;
  const talk = talkUntil(stage, ...neighbours, () => isOver);
  let sent = 0;
  const before = (await server.stats()).memory;
  for (let round = 0; round < rounds; round += 1) {
    const random = stage.random.fork(`round ${round}`);
    await Promise.all(
      hostilities.map(async (hostility, index) => {
        const raw = await RawSocket.open(server.port);
        const path = `/ws/chat/ticket/${ticketId}?tab=${index}`;
        const headers = { 'X-User': `hostile-${index}`, 'Sec-WebSocket-Protocol': 'hitl.v1' };
        const { status } = await raw.ask({ path, headers });
        stage.check(status === 101, `${hostility.name}: the handshake was answered ${status}`);
        raw.socket.write(hostility.bytes(random.fork(index)));
        // Chance may have begun a frame whose end the server would wait for.
        if (hostility.answer === 'any') raw.socket.end();
        sent += 1;
        const code = await reaction(raw);
        stage.check(isExpected(hostility, code), `${hostility.name} was answered with ${code}`);
        raw.destroy();
      }),
    );
  }
  isOver = true;
  const slowestMs = await talk;
  await neighbours[0].until(() => neighbours[0].presence.length === 2, 'to be alone with its neighbour');
  const after = await server.rested(1);
  await stage.audit(server);
  for (const each of neighbours) stage.check(each.counts.opened === 1, `${each.name} was disconnected`);
  stage.check(after.inHub.clients === 2, `${after.inHub.clients} are still in`);
  const { connections } = await server.alive();
  stage.check(connections === 2, `${connections} connections are still in memory`);
  const grownMiB = (after.memory.heapUsed - before.heapUsed) / 2 ** 20;
  stage.check(grownMiB < 16, `the heap has grown by ${grownMiB} MiB`);
  return {
    'kinds of hostility': hostilities.length,
    'hostile sockets': sent,
    'slowest word between the neighbours, ms': Math.round(slowestMs),
    'heap grown, MiB': Math.round(grownMiB * 10) / 10,
  };
}

/** The close code it was answered with, or the code of the `error`, whichever came first; 1006 for an end without a word. */
async function reaction(raw: RawSocket): Promise<number | string> {
  let found: number | string | undefined;
  const look = () => {
    found ??= firstReaction(raw.received);
    return found !== undefined;
  };
  await new Promise<void>((resolve) => {
    const check = () => {
      if (look() || raw.isEnded) resolve();
    };
    raw.socket.on('data', check).on('close', check);
    check();
  });
  return found ?? 1006;
}

/** Goes through the frames from the server up to a close or an `error`; they are short and never masked. */
function firstReaction(bytes: Buffer): number | string | undefined {
  let at = 0;
  while (at + 2 <= bytes.length) {
    const opcode = bytes.readUInt8(at) & 0x0f;
    let length = bytes.readUInt8(at + 1);
    let head = 2;
    if (length === 126) {
      if (at + 4 > bytes.length) return undefined;
      length = bytes.readUInt16BE(at + 2);
      head = 4;
    } else if (length === 127) {
      if (at + 10 > bytes.length) return undefined;
      length = Number(bytes.readBigUInt64BE(at + 2));
      head = 10;
    }
    const body = bytes.subarray(at + head, at + head + length);
    if (body.length < length) return undefined;
    if (opcode === 8) return length >= 2 ? body.readUInt16BE(0) : 1005;
    const error = /^\{"event":"error".*?"code":"(\w+)"/.exec(body.toString());
    if (error?.[1]) return error[1];
    at += head + length;
  }
  return undefined;
}

function isExpected({ answer }: Hostility, code: number | string): boolean {
  return answer === 'any' || answer.includes(code);
}

export const hostileFrames: Scenario = { name: 'hostile-frames', play };
