/** The options of the plugin: what they are by default, and which cannot be. */
import express from 'express';
import { createLogger, transports } from 'winston';
import { HubError } from '../../../lib/errors';
import { expressHitl } from '../../../lib/transport/express/express-hitl';
import { ticketPath } from '../raw-socket';
import { type HitlTestOptions, makeHitl, Served } from '../serve';

test.each<[what: string, options: HitlTestOptions]>([
  ['no room for anybody', { limits: { clientsPerTicket: 0 } }],
  ['half a client', { limits: { clientsPerTicket: 1.5 } }],
  ['a number of clients that is none', { limits: { clientsPerTicket: Number.NaN } }],
  ['no room for a person', { limits: { clientsPerUserInTicket: 0 } }],
  ['a part of a client of a person', { limits: { clientsPerUser: 2.5 } }],
  ['a heartbeat beyond what a timer can wait', { http: { heartbeat: '25d' } }],
  ['a heartbeat without end', { http: { heartbeat: Number.POSITIVE_INFINITY } }],
  ['a handshake timeout of nothing', { http: { handshakeTimeout: 0 } }],
  ['an origin that is none', { http: { origins: ['example.com'] } }],
  ['a host alone as an origin', { http: { origins: ['localhost'] } }],
])('%s is refused at once as invalid_request', (_what, options) => {
  expect(() => makeHitl(options)).toThrow(HubError);
  expect(() => makeHitl(options)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
});

test('without a store it warns that a restart forgets, and works', async () => {
  const warnings: string[] = [];
  const logger = createLogger({ transports: [new transports.Console({ silent: true })] });
  jest.spyOn(logger, 'warn').mockImplementation(((line: string) => void warnings.push(line)) as never);
  const hitl = expressHitl({ auth: { identify: () => 'alice', authorize: () => 'allow' }, logger });
  expect(warnings).toEqual([expect.stringContaining('restart')]);
  const app = express();
  app.use(hitl.router);
  const served = await Served.start(app);
  hitl.attach(served.server);
  const client = await served.connect(ticketPath);
  expect(await client.next('welcome')).toMatchObject({ heartbeat_ms: 30_000 });
  expect(await client.ask({ type: 'message', content: 'hi' })).toMatchObject({ event: 'ack' });
  await hitl.close();
  await served.close();
});

test('A33: the agent speaks under the name that the app gives it', async () => {
  const agentUser = { id: 'warren', name: 'Warren' };
  const hitl = makeHitl({ agentName: agentUser, agent: (turn) => turn.say('hello') });
  const app = express();
  app.use(hitl.router);
  const served = await Served.start(app);
  hitl.attach(served.server);
  const client = await served.connect(ticketPath, { dialect: 'classic' });
  client.send({ type: 'message', content: 'hi' });
  expect(await client.next((frame) => frame.content === 'hello')).toMatchObject({ user: agentUser });
  await hitl.close();
  await served.close();
});

test('B23: a person is shown by name, and acts by id', async () => {
  const hitl = makeHitl({ auth: { identify: () => ({ id: 'u-1', name: 'Ana Díaz' }) } });
  const app = express();
  app.use(hitl.router);
  const served = await Served.start(app);
  hitl.attach(served.server);
  const client = await served.connect(ticketPath, { dialect: 'classic' });
  client.send({ type: 'message', content: 'hi' });
  expect((await client.next('message')).user).toEqual({ id: 'u-1', name: 'Ana Díaz' });
  expect((await client.next('session_message_added')).message.author).toEqual({
    user_id: 'u-1',
    display_name: 'Ana Díaz',
  });
  await hitl.close();
  await served.close();
});
