/** An app that runs express-ws already and goes on doing so: the hub becomes one more of its WebSocket routes. */
import { createServer } from 'node:http';
import express from 'express';
import { expressHitl } from 'express-hitl';
import expressWs from 'express-ws';

/** The app, not yet listening. */
export function createApp() {
  const hitl = expressHitl({
    auth: {
      identify: (req) => req.get('x-user'),
      authorize: ({ ticketId }) => (ticketId.startsWith('T-') ? 'allow' : 'not_found'),
    },
    agent: async (turn) => {
      const asked = await turn.ask({ question: 'Shall I go on?', options: ['Yes', 'No'] });
      await turn.say(`You said ${asked.status === 'answered' ? asked.answer : 'nothing'}.`);
    },
  });

  const server = createServer();
  const { app } = expressWs(express(), server, { wsOptions: { maxPayload: 65_536 } });
  server.on('request', app);

  // What the app had before.
  app.ws('/echo', (socket) => {
    socket.on('message', (text) => socket.send(String(text)));
  });

  // No `hitl.attach` here: express-ws takes every upgrade of the server itself, and before any middleware runs. So what
  // is a status elsewhere, 404 for an unknown ticket for example, is a close code here.
  app.ws('/chat/:ticketId', hitl.sockets.ticket);
  app.use('/api', hitl.router);
  // What `attach` begins elsewhere: the store is opened, and deadlines count before the first client comes.
  void hitl.start();
  return { server, hitl };
}

if (require.main === module) {
  createApp().server.listen(3000, () => console.log('http://localhost:3000'));
}
