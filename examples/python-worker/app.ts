/** An app whose agent is a program of its own, in Python: the service option says which caller it is. */
import { createServer } from 'node:http';
import express from 'express';
import { expressHitl, memoryStore, type Store, sqliteStore } from 'express-hitl';

export function createApp(token: string, store: Store = memoryStore()) {
  const app = express();
  const hitl = expressHitl({
    store,
    auth: {
      identify: (req) => req.get('x-user'),
      authorize: () => 'allow',
      identifyService: (req) =>
        req.get('authorization') === `Bearer ${token}`
          ? { id: 'restarter', name: 'Restarter', tickets: ['OPS-1'] }
          : null,
    },
  });
  app.use('/soc', hitl.router);
  const server = createServer(app);
  hitl.attach(server);
  return { server, hitl };
}

if (require.main === module) {
  const token = process.env.WORKER_TOKEN;
  if (!token) throw new Error('Set WORKER_TOKEN');
  createApp(token, sqliteStore('./data/python-worker.db')).server.listen(3000);
}
