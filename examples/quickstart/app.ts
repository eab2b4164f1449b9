/** The quick start: one agent, one ticket, and a page where its request waits for an answer as soon as one opens it. */
import { createServer } from 'node:http';
import express from 'express';
import { type Agent, type ExpressHitlOptions, expressHitl } from 'express-hitl';

const you = { id: 'you', name: 'You' };

/** The app, not yet listening. @param options what a test says beside */
export function createApp(options: Partial<ExpressHitlOptions> = {}) {
  const app = express();
  const hitl = expressHitl({
    // Everybody is this person; your app asks its login: (req) => req.user
    auth: { identify: () => you, authorize: () => 'allow', inboxTickets: () => 'all' },
    agent,
    ...options,
  });
  app.use('/soc', hitl.router);
  app.get('/', (_req, res) => res.redirect('/soc/console/#/tickets/T-1'));
  const server = createServer(app);
  hitl.attach(server);
  // So that something waits: what a person might have written.
  server.once('listening', () =>
    hitl.hub.turns.start({ ticketId: 'T-1', user: you, content: 'Many failed logins from 203.0.113.7' }),
  );
  return { server, hitl };
}

const agent: Agent = async (turn) => {
  await turn.trace('312 failed logins in ten minutes, none before today.');
  const approval = await turn.approve({
    tool: 'block_ip',
    args: { ip: '203.0.113.7', hours: 24 },
    display: { title: 'Block 203.0.113.7 for a day?', risk: 'medium' },
  });
  if (approval.status !== 'approved') return turn.say(`Not blocked: ${approval.status}.`);
  // Here your code blocks `approval.args.ip`: exactly what was seen and approved.
  return turn.say(`Blocked ${approval.args.ip}.`);
};

if (require.main === module) {
  createApp().server.listen(3000, () => console.log('Open http://localhost:3000'));
}
