/** Socket.IO and the hub on one server: each takes the upgrades of its own paths and leaves the other's alone. */
import { createServer } from 'node:http';
import express from 'express';
import { expressHitl } from 'express-hitl';
import { Server as SocketServer } from 'socket.io';

/** The app, not yet listening. */
export function createApp() {
  const app = express();
  const hitl = expressHitl({
    auth: { identify: (req) => req.get('x-user'), authorize: () => 'allow' },
    agent: (turn) => turn.say(`You wrote: ${turn.message.content}`),
  });
  app.use(hitl.router);

  const server = createServer(app);
  // By itself Socket.IO ends every upgrade that is not its own and unanswered after a second. Your middleware may take
  // longer to let a client join a ticket, so this is left to the listener below.
  const io = new SocketServer(server, { destroyUpgrade: false });
  io.on('connection', (socket) => {
    socket.on('echo', (text, reply) => reply(text));
  });
  hitl.attach(server);
  server.on('upgrade', (req, socket) => {
    if (!/^\/(socket\.io|ws)\//.test(req.url ?? '')) socket.destroy();
  });
  return { server, hitl, io };
}

if (require.main === module) {
  createApp().server.listen(3000, () => console.log('http://localhost:3000'));
}
