/** A batch on real sockets of ws 8 and of the ws 7 that express-ws brings, counted where they meet the network. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { AddressInfo, Socket as NetSocket } from 'node:net';
import WebSocket, { WebSocketServer } from 'ws';
import { Batch } from '../../../lib/transport/core/batch';

const ws7: { Server: typeof WebSocketServer } = createRequire(require.resolve('express-ws'))('ws');
const versions = [
  ['8', WebSocketServer],
  ['7', ws7.Server],
] as const;

let server: WebSocketServer;
let client: WebSocket;
/** What the client was sent, in order: texts, pings and the close. */
let heard: string[];

/** The server's end of a new connection. */
async function connect(Server: typeof WebSocketServer, compressed = false): Promise<WebSocket> {
  const mine: string[] = [];
  heard = mine;
  server = new Server({ port: 0, host: '127.0.0.1', perMessageDeflate: compressed && { threshold: 0 } });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: compressed });
  client.on('message', (data) => mine.push(data.toString()));
  client.on('ping', () => mine.push('(ping)'));
  client.on('close', (code) => mine.push(`(closed with ${code})`));
  const [[socket]] = await Promise.all([once(server, 'connection'), once(client, 'open')]);
  return socket;
}

afterEach(async () => {
  client.terminate();
  await new Promise((resolve) => server.close(resolve));
});

/** The writes that reach the network while `work` runs. */
function writesOf(socket: WebSocket, work: () => void): number {
  const { _socket: stream } = socket as unknown as { _socket: NetSocket };
  const write = jest.spyOn(stream, 'write');
  work();
  const { length } = write.mock.calls;
  write.mockRestore();
  return length;
}

/** Resolves when all that was sent before has arrived. */
async function arrived(socket: WebSocket): Promise<void> {
  socket.send('(end)');
  while (heard.at(-1) !== '(end)') await once(client, 'message');
  heard.pop();
}

describe.each(versions)('over ws %s', (_version, Server) => {
  test('all frames go out in one write, and arrive one by one', async () => {
    const socket = await connect(Server);
    const texts = ['a', '', 'grüße 🙂', 'z'];
    const gone = new Promise<void>((resolve) => {
      expect(writesOf(socket, () => new Batch(texts).writeTo(socket, resolve))).toBe(1);
    });
    await gone;
    await arrived(socket);
    expect(heard).toEqual(texts);
  });

  test.each([125, 126, 65_535, 65_536])(
    'a frame of %i bytes has the right length before it',
    async (size) => {
      const socket = await connect(Server);
      const texts = ['before', 'x'.repeat(size), 'after'];
      new Batch(texts).writeTo(socket);
      await arrived(socket);
      expect(heard).toEqual(texts);
    },
  );

  test('what ws sends itself stays in order, and nothing comes after the close', async () => {
    const socket = await connect(Server);
    socket.send('1');
    new Batch(['2', '3']).writeTo(socket);
    socket.ping();
    new Batch(['4']).writeTo(socket);
    socket.close(4409);
    new Batch(['too late']).writeTo(socket);
    await once(client, 'close');
    expect(heard).toEqual(['1', '2', '3', '(ping)', '4', '(closed with 4409)']);
  });

  test('where messages are compressed, each goes through ws, behind those that it still compresses', async () => {
    const socket = await connect(Server, true);
    const much = 'x'.repeat(100_000);
    socket.send(much);
    const done = jest.fn();
    expect(writesOf(socket, () => new Batch(['1', '2']).writeTo(socket, done))).toBe(0);
    await arrived(socket);
    expect(heard).toEqual([much, '1', '2']);
    expect(done).toHaveBeenCalledTimes(1);
  });

  test('a message that is half sent is not cut into', async () => {
    const socket = await connect(Server);
    socket.send('half ', { fin: false });
    new Batch(['and half']).writeTo(socket);
    await arrived(socket);
    expect(heard).toEqual(['half and half']);
  });

  test('on a socket that is gone, nothing is thrown and no callback stays pending', async () => {
    const socket = await connect(Server);
    socket.terminate();
    await new Promise<void>((resolve) => new Batch(['1', '2']).writeTo(socket, resolve));
    expect(heard).not.toContain('1');
  });
});

test('frames are made once for all sockets', async () => {
  const socket = await connect(WebSocketServer);
  const { _socket: stream } = socket as unknown as { _socket: NetSocket };
  const write = jest.spyOn(stream, 'write');
  const batch = new Batch(['a', 'b']);
  batch.writeTo(socket);
  batch.writeTo(socket);
  const [[first], [second]] = write.mock.calls as unknown as [[Buffer], [Buffer]];
  expect(second).toBe(first);
  await arrived(socket);
  expect(heard).toEqual(['a', 'b', 'a', 'b']);
});
