/** The private parts of `ws` are where we look for them; a sentence says which are gone when a release moves them. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import WebSocket, { WebSocketServer } from 'ws';
import { limitFrames, streamBelow } from '../../lib/insides/ws';
import { maxFrameBytes } from '../../lib/protocol/client-frames';

/** The server's side of a real socket, while `look` looks at it. */
async function withSocket(
  options: { maxPayload?: number; perMessageDeflate?: boolean },
  look: (socket: WebSocket) => void,
): Promise<void> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    const [socket] = await once(server, 'connection');
    if (client.readyState !== WebSocket.OPEN) await once(client, 'open');
    look(socket);
  } finally {
    client.terminate();
    server.close();
    await once(server, 'close');
  }
}

/** A failure that says what a reader of a red test has to know. */
function assertThere(isThere: boolean, sentence: string): void {
  if (!isThere) throw new Error(sentence);
}

test('the stream below an idle socket is found', () =>
  withSocket({}, (socket) =>
    assertThere(
      streamBelow(socket) !== undefined,
      'ws has moved _sender or _socket: frames are no longer sent in one write (lib/insides/ws.ts)',
    ),
  ));

test('where ws compresses, frames go through its own sender', () =>
  withSocket({ perMessageDeflate: true }, (socket) => expect(streamBelow(socket)).toBeUndefined()));

test('nothing of another kind of socket is taken for a stream', () => {
  expect(streamBelow({ readyState: WebSocket.OPEN })).toBeUndefined();
});

test('the larger limit of the app’s own server is lowered to ours', () =>
  withSocket({}, (socket) => {
    const wrong = limitFrames(socket);
    assertThere(
      wrong !== 'unknown',
      'ws has moved _receiver._maxPayload: our frame limit is not set (lib/insides/ws.ts)',
    );
    expect(wrong).toBe('larger');
    expect(limitFrames(socket)).toBeUndefined();
  }));

test('a limit that is ours or smaller stays', () =>
  withSocket({ maxPayload: maxFrameBytes }, (socket) => expect(limitFrames(socket)).toBeUndefined()));

test('a socket whose limit cannot be seen is reported', () => {
  expect(limitFrames({})).toBe('unknown');
});
