/** Approvals by mail: a channel writes mails with signed links into a folder, which stands for the mail server your app has. */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import express from 'express';
import { expressHitl, sqliteStore } from 'express-hitl';

const leads = ['ann', 'bob'];

/** The app, not yet listening. @param pay carries out what was approved */
export function createApp(folder = './mail-approval', pay = (args: object) => console.log('Paid', args)) {
  // A mail that is sent again takes the place of itself: its name is the delivery's id.
  const mail = async (id: string, to: string, text: string) => {
    await mkdir(join(folder, 'mails'), { recursive: true });
    await writeFile(join(folder, 'mails', `${id}.${to}.txt`), `To: ${to}@example.com\n\n${text}\n`);
  };
  const hitl = expressHitl({
    store: sqliteStore(join(folder, 'hitl.db')),
    auth: {
      identify: (req) => req.get('x-user'), // stands for the login your app has
      authorize: () => 'allow',
      findUser: (id) => ({ id }), // who opens a link
    },
    links: {
      secret: process.env.LINK_SECRET ?? randomBytes(32).toString('hex'),
      baseUrl: 'http://localhost:3000',
    },
    channels: {
      mail: {
        async present({ id, request: { requestedBy }, link }) {
          for (const userId of leads)
            await mail(id, userId, `${requestedBy} asks you: ${await link({ userId, expiresIn: '8h' })}`);
        },
        async settle({ id, request: { status } }) {
          for (const lead of leads) await mail(id, lead, `Nothing left to do: it is ${status}.`);
        },
      },
    },
    agent: async (turn) => {
      const args = { invoice: turn.message.content };
      const approval = await turn.approve({ tool: 'pay', args, policy: { users: leads } });
      if (approval.status === 'approved') pay(approval.args);
      await turn.say(approval.status === 'approved' ? 'Paid.' : `Not paid: ${approval.status}.`);
    },
  });
  const app = express().use(hitl.router);
  const server = createServer(app);
  hitl.attach(server);
  return { server, hitl };
}

if (require.main === module) {
  createApp().server.listen(3000, () => console.log('http://localhost:3000'));
}
