/** A server that is `ws` and nothing else, in a process of its own: what ours is measured against. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { backlog } from './backlog';
import { Peak, serveCommands, stats } from './server-report';

const server = createServer();
const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data) => socket.send(data));
});
const peak = new Peak();

server.listen({ port: 0, host: '127.0.0.1', backlog }, () => {
  serveCommands((server.address() as AddressInfo).port, {
    stats,
    peakBegin: () => peak.begin(),
    peakEnd: () => peak.end(),
  });
});
