import { createApp } from '../../examples/session-login/app';
import { isMessage } from './messages';
import { RunningApp } from './running-app';
import { Visitor } from './visitor';

describe('an app with express-session', () => {
  let app: RunningApp;
  const visitors: Visitor[] = [];
  beforeEach(async () => {
    app = await RunningApp.start(createApp('a secret for tests'));
  });
  afterEach(async () => {
    await Promise.all(visitors.splice(0).map((visitor) => visitor.leave()));
    await app.stop();
  });

  /** Someone with a fresh session cookie, on the app's own pages. */
  async function logIn(user: string): Promise<Visitor> {
    const answer = await new Visitor(app, {}).fetch('/login', {
      method: 'POST',
      body: JSON.stringify({ user }),
    });
    expect(answer.status).toBe(204);
    const cookie = answer.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    const visitor = new Visitor(app, { cookie, origin: app.url });
    visitors.push(visitor);
    return visitor;
  }

  it('lets a socket in by its session, as the person who logged in', async () => {
    const socket = await (await logIn('alice')).join('/ws/chat/ticket/T-1');
    expect(await socket.next('welcome')).toMatchObject({ user: { id: 'alice' } });
    await socket.ask({ type: 'message', content: 'Hi' });
    expect((await socket.next(isMessage('response'))).message.content).toBe('Hello, alice.');
  });

  it('refuses sockets without a session, with a made-up one, and from another site', async () => {
    const { headers } = await logIn('alice');
    const forged = { cookie: 'connect.sid=s%3Aabc.def' };
    const from = async (some: Record<string, string>) => new Visitor(app, some).knock('/ws/chat/ticket/T-1');
    expect(await from({})).toMatchObject({ status: 401 });
    expect(await from({ ...headers, ...forged })).toMatchObject({ status: 401 });
    expect(await from({ ...headers, origin: 'https://evil.example' })).toMatchObject({ status: 403 });
  });

  it('closes the live sockets of a user who logs out with 4401, and no other user’s', async () => {
    const [alice, bob] = [await logIn('alice'), await logIn('bob')];
    const mine = await alice.join('/ws/chat/ticket/T-1');
    const other = await bob.join('/ws/chat/ticket/T-1');
    expect((await alice.fetch('/logout', { method: 'POST' })).status).toBe(204);
    expect(await mine.closed()).toMatchObject({ code: 4401 });
    expect(await alice.knock('/ws/chat/ticket/T-1')).toMatchObject({ status: 401 });
    expect(await other.ask({ type: 'message', content: 'Still here' })).toMatchObject({ event: 'ack' });
  });
});
