/** A refund desk with a page of its own, made of the hooks alone: this is its server, `page/` is what the browser gets. */
import { createServer } from 'node:http';
import { join } from 'node:path';
import { build } from 'esbuild';
import express, { type Request } from 'express';
import { type Agent, expressHitl } from 'express-hitl';
import { z } from 'zod';

/** The app, not yet listening. @param pay carries out what was approved */
export function createApp(pay = (refund: object) => console.log('Paid back', refund)) {
  const app = express();
  const hitl = expressHitl({
    auth: { identify: userOf, authorize: () => 'allow', inboxTickets: () => ['Lisbon', 'Turin'] },
  });
  hitl.tool({
    name: 'refund',
    // What people may make of the amount before they approve it.
    args: z.object({ order: z.string(), euros: z.int().min(1).max(100) }),
    run: pay,
  });
  hitl.agent(refundAgent(pay));

  app.get('/login/:user', (req, res) => res.cookie('user', req.params.user).redirect('/'));
  app.get('/page.js', async (_req, res) => res.type('js').send(await page));
  app.use(express.static(join(__dirname, 'page')));
  app.use('/desk', hitl.router);
  const page = bundle();
  const server = createServer(app);
  hitl.attach(server);
  return { server, hitl };
}

/** The cookie stands for the login your app has. */
function userOf(req: Request): string | undefined {
  return /\buser=(\w{1,20})/.exec(req.headers.cookie ?? '')?.[1];
}

function refundAgent(pay: (refund: object) => void): Agent {
  return async (turn) => {
    const [order] = /\d+/.exec(turn.message.content) ?? [];
    if (order === undefined) return void (await turn.say('Which order? Say for example: refund 1042'));
    const message = await turn.trace(`Order ${order} was paid with € 60 and came nine days late.`);
    const approval = await turn.approve({
      message,
      tool: 'refund',
      args: { order, euros: 60 },
      editable: true,
      expiresIn: '10m',
    });
    if (approval.status !== 'approved') return void (await turn.say(`No refund: ${approval.status}.`));
    pay(approval.args);
    await turn.say(`€ ${approval.args.euros} are on their way.`);
  };
}

/** Your own build does this: Vite, webpack or another. */
async function bundle(): Promise<string> {
  const entryPoints = [join(__dirname, 'page/main.tsx')];
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    minify: true,
    write: false,
    jsx: 'automatic',
  });
  return outputFiles.map(({ text }) => text).join();
}

if (require.main === module) {
  createApp().server.listen(3000, () => console.log('http://localhost:3000/login/alice'));
}
