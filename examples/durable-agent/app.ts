/** An app with a durable agent: kill it while a card waits, start it again, answer, and the same turn goes on. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import { expressHitl, sqliteStore, type User } from 'express-hitl';
import { saveJournal } from 'express-hitl/testing';
import { isolationAgent } from './agent';

/** Pretends to be a model and a fleet of hosts. */
const services = {
  findHost: async (text: string) => ({ host: /[\w-]+-\d+/.exec(text)?.[0] ?? 'ws-17', owner: 'Dana' }),
  isolate: async (host: string) => console.log(`isolated ${host}`),
  countConnections: async () => 0,
};

export function createApp(dataDir: string) {
  mkdirSync(dataDir, { recursive: true });
  const you: User = { id: 'you', name: 'You' };
  const store = sqliteStore(join(dataDir, 'hitl.db'));
  const hitl = expressHitl({
    store,
    auth: { identify: () => you, authorize: () => 'allow', inboxTickets: () => 'all' },
  });
  hitl.agent(isolationAgent(services));
  const app = express();
  // In your app: for operators only, since a journal has what steps returned.
  app.get('/journals/:turnId', async (req, res) => {
    res.json(await saveJournal(store, req.params.turnId));
  });
  app.use(hitl.router);
  return { app, hitl };
}

if (require.main === module) {
  const { app, hitl } = createApp(process.env.DATA_DIR || './data');
  const server = app.listen(Number(process.env.PORT || 3000), () => {
    console.log(`http://localhost:${(server.address() as { port: number }).port}/console/#/tickets/T-1`);
  });
  hitl.attach(server);
}
