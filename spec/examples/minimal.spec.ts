import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApp } from '../../examples/minimal/app';
import { isMessage } from './messages';
import { RunningApp } from './running-app';
import { Visitor } from './visitor';

describe('the minimal app', () => {
  let app: RunningApp;
  let alice: Visitor;
  const sent: object[] = [];
  beforeEach(async () => {
    sent.length = 0;
    app = await RunningApp.start(createApp((args) => sent.push(args)));
    alice = new Visitor(app, { 'x-user': 'alice' });
  });
  afterEach(async () => {
    await alice.leave();
    await app.stop();
  });

  it('fits on one screen', () => {
    const source = readFileSync(join(__dirname, '../../examples/minimal/app.ts'), 'utf8');
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
  });

  it.each([
    ['approved', 'Sent.', [{ to: 'ops@example.com', text: 'Disk full' }]],
    ['denied', 'Not sent: denied.', []],
  ] as const)('does what was %s and says so', async (status, said, expected) => {
    const socket = await alice.join('/ws/chat/ticket/T-1');
    await socket.ask({ type: 'message', content: 'Disk full' });
    const { hitl } = await socket.next('hitl_request_pending');
    expect(sent).toEqual([]);
    expect((await alice.respond(hitl.id, { status })).status).toBe(200);
    expect((await socket.next(isMessage('response'))).message.content).toBe(said);
    expect(sent).toEqual(expected);
  });

  it('refuses a client without a name', async () => {
    expect(await new Visitor(app, {}).knock('/ws/chat/ticket/T-1')).toMatchObject({ status: 401 });
  });
});
