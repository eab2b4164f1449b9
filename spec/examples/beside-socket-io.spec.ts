import { io, type Socket } from 'socket.io-client';
import { createApp } from '../../examples/beside-socket-io/app';
import { isMessage } from './messages';
import { RunningApp } from './running-app';
import { Visitor } from './visitor';

describe('an app with Socket.IO beside the hub', () => {
  let app: RunningApp;
  let example: ReturnType<typeof createApp>;
  let alice: Visitor;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    example = createApp();
    app = await RunningApp.start(example);
    alice = new Visitor(app, { 'x-user': 'alice' });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.disconnect();
    await alice.leave();
    await app.stop();
    await example.io.close();
  });

  async function connectSocketIo(transports: string[]): Promise<Socket> {
    const socket = io(app.url, { transports, reconnection: false });
    sockets.push(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return socket;
  }

  it('serves both at once', async () => {
    const theirs = await connectSocketIo(['websocket']);
    const ours = await alice.join('/ws/chat/ticket/T-1');
    await ours.ask({ type: 'message', content: 'one' });
    expect(await theirs.emitWithAck('echo', 'two')).toBe('two');
    expect((await ours.next(isMessage('response'))).message.content).toBe('You wrote: one');
    await ours.close();
    expect(await theirs.emitWithAck('echo', 'three')).toBe('three');
  });

  it('lets Socket.IO begin with requests and upgrade', async () => {
    const theirs = await connectSocketIo(['polling', 'websocket']);
    const { engine } = theirs.io;
    // It may be done already when Socket.IO says that it is connected.
    if (engine.transport.name !== 'websocket')
      await new Promise((resolve) => engine.once('upgrade', resolve));
    expect(engine.transport.name).toBe('websocket');
    expect(await theirs.emitWithAck('echo', 'upgraded')).toBe('upgraded');
  });

  it('leaves tickets open when Socket.IO’s clients go', async () => {
    const ours = await alice.join('/ws/chat/ticket/T-1');
    const theirs = await connectSocketIo(['websocket']);
    theirs.disconnect();
    expect(await ours.ask({ type: 'message', content: 'still here' })).toMatchObject({ event: 'ack' });
  });

  it('ends an upgrade that is for neither', async () => {
    await expect(alice.knock('/elsewhere')).rejects.toThrow('socket hang up');
  });

  it('refuses a ticket with a status, untouched by Socket.IO', async () => {
    expect(await new Visitor(app, {}).knock('/ws/chat/ticket/T-1')).toMatchObject({ status: 401 });
  });
});
