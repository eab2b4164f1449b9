/** The smallest whole app: an agent that may not act before a human has said yes. */
import { createServer } from 'node:http';
import express from 'express';
import { expressHitl } from 'express-hitl';

/** The app, not yet listening. @param send carries out what was approved */
export function createApp(send = (args: object) => console.log('Sent', args)) {
  const app = express();
  const hitl = expressHitl({
    auth: { identify: (req) => req.get('x-user'), authorize: () => 'allow' },
    agent: async (turn) => {
      const mail = { to: 'ops@example.com', text: turn.message.content };
      const approval = await turn.approve({ tool: 'send_mail', args: mail });
      if (approval.status === 'approved') send(approval.args);
      await turn.say(approval.status === 'approved' ? 'Sent.' : `Not sent: ${approval.status}.`);
    },
  });
  app.use(hitl.router);
  const server = createServer(app);
  hitl.attach(server);
  return { server, hitl };
}

if (require.main === module) {
  createApp().server.listen(3000, () => console.log('http://localhost:3000'));
}
