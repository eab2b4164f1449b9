/** A server for the reference's ticket page: its socket in the classic dialect, and its GraphQL queries and mutation on top of the hub. */
import { createServer } from 'node:http';
import express, { type Request } from 'express';
import { type Agent, expressHitl, HubError, memoryStore, type User } from 'express-hitl';
import { type GraphQLError, graphql } from 'graphql';
import { resolversOf, type Ticket } from './resolvers';
import { schema } from './schema';

const tickets = new Map<string, Ticket>(
  ['T-1001', 'T-1002'].map((id) => [
    id,
    { id, title: `Alert ${id}`, status: 'open', createdAt: '2026-02-03T10:00:00Z' },
  ]),
);

/** The app, not yet listening. @param block carries out what was approved */
export function createApp(block = (args: object) => console.log('Blocked', args)) {
  const app = express();
  const store = memoryStore();
  const hitl = expressHitl({
    store,
    auth: {
      identify: userOf,
      authorize: ({ ticketId, user }) => {
        if (!tickets.has(ticketId)) return 'not_found';
        return mayUse(ticketId, user) ? 'allow' : 'forbidden';
      },
    },
    agent: triage(block),
    agentName: { id: 'warren', name: 'Warren' },
    classic: { scope: 'session' },
  });
  const rootValue = resolversOf({ hub: hitl.hub, store, tickets, mayUse });

  app.get('/login/:user', (req, res) =>
    res.cookie('user', req.params.user, { sameSite: 'lax' }).sendStatus(204),
  );
  app.post('/graphql', express.json(), async (req, res) => {
    const user = userOf(req);
    // Only JSON is parsed, so that no form of another site gets this far.
    const { query, variables } = req.body ?? {};
    if (!user) return void res.status(401).json({ errors: [{ message: 'Authentication required' }] });
    if (typeof query !== 'string')
      return void res.status(400).json({ errors: [{ message: 'Send a query' }] });
    const result = await graphql({
      schema,
      source: query,
      variableValues: variables,
      rootValue,
      contextValue: { user },
    });
    res.json({ ...result, ...(result.errors && { errors: result.errors.map(told) }) });
  });
  app.use(hitl.router);
  const server = createServer(app);
  hitl.attach(server);
  return { server, hitl };
}

/** What a client is sent of an error: the hub's own with their code, of others nothing that it did not send. */
function told(error: GraphQLError) {
  const { message, path, locations, originalError } = error;
  if (!originalError) return { message, path, locations };
  if (originalError instanceof HubError)
    return { message: originalError.message, path, extensions: { code: originalError.code } };
  return { message: 'Internal error', path, extensions: { code: 'internal' } };
}

/** The cookie stands for the login your app has. */
function userOf(req: Request): User | undefined {
  const id = /\buser=(\w{1,20})/.exec(req.headers.cookie ?? '')?.[1];
  return id === undefined ? undefined : { id, name: id };
}

/** Here your app says who works on what. */
function mayUse(_ticketId: string, user: User): boolean {
  return user.id !== 'guest';
}

function triage(block: (args: object) => void): Agent {
  return async (turn) => {
    const [ip] = /\d+(?:\.\d+){3}/.exec(turn.message.content) ?? [];
    if (ip === undefined) {
      const asked = await turn.ask({
        question: 'Which kind of incident is it?',
        options: ['phishing', 'malware'],
      });
      return void (await turn.say(asked.status === 'answered' ? `Noted: ${asked.answer}.` : 'Left open.'));
    }
    const message = await turn.trace(`Looking up ${ip}`);
    await turn.update(message, `${ip} is a known scanner`);
    const approval = await turn.approve({ tool: 'block_ip', args: { ip }, message });
    if (approval.status === 'approved') block(approval.args);
    await turn.say(approval.status === 'approved' ? `${ip} is blocked.` : `Not blocked: ${approval.status}.`);
  };
}

if (require.main === module) {
  createApp().server.listen(3000, () => console.log('http://localhost:3000'));
}
