import { createApp } from '../../examples/existing-express-ws/app';
import { isMessage } from './messages';
import { RunningApp } from './running-app';
import { Visitor } from './visitor';

describe('an app that runs express-ws itself', () => {
  let app: RunningApp;
  let alice: Visitor;
  beforeEach(async () => {
    app = await RunningApp.start(createApp());
    alice = new Visitor(app, { 'x-user': 'alice' });
  });
  afterEach(async () => {
    await alice.leave();
    await app.stop();
  });

  it('retains its own WebSocket route', async () => {
    const socket = await alice.join('/echo', { dialect: 'classic' });
    socket.send('as before');
    expect(await socket.next()).toBe('as before');
  });

  it('gets tickets on a route of its choice, and REST where it mounts the router', async () => {
    const socket = await alice.join('/chat/T-1');
    expect(await socket.next('welcome')).toMatchObject({ ticket_id: 'T-1', user: { id: 'alice' } });
    await socket.ask({ type: 'message', content: 'Go' });
    const { hitl } = await socket.next('hitl_request_pending');
    const { items } = await alice.read('/api/hitl/requests?status=pending');
    expect(items).toEqual([hitl]);
    const response = { answer: 'Yes' };
    await socket.ask({ type: 'hitl_respond', request_id: hitl.id, status: 'approved', response });
    expect((await socket.next(isMessage('response'))).message.content).toBe('You said Yes.');
  });

  it('refuses with a close code, since the handshake is over', async () => {
    expect(await (await alice.join('/chat/unknown')).closed()).toMatchObject({ code: 4404 });
    const nobody = new Visitor(app, {});
    expect(await (await nobody.join('/chat/T-1')).closed()).toMatchObject({ code: 4401 });
  });
});
