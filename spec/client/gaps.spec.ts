import { type Envelope, emptyView, reduce } from '../../lib/client';
import { graceMs } from '../../lib/client/link';
import { portOf } from '../../lib/hub/hub';
import { ManualClock } from '../../lib/testing/manual-clock';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { cutAll, Guest, leaveAll } from './guest';

let hub: TestHub;
afterEach(async () => {
  leaveAll();
  await hub.close();
});

/** Loses the message of this content, the first `times` it comes. */
function losing(content: string, times: number) {
  let left = times;
  return (envelope: Envelope) => {
    if (envelope.event !== 'session_message_added' || envelope.message.content !== content) return false;
    left -= 1;
    return left >= 0;
  };
}

test('an envelope that got lost is missed when the next one comes, and replayed', async () => {
  hub = await startTestHub();
  const alice = await Guest.join(hub, { loses: losing('lost', 1) });
  await alice.client.send('one');
  await alice.client.send('lost');
  await alice.client.send('three');
  await alice.until(() => alice.contents().includes('three'), 'the last message');

  expect(alice.contents()).toEqual(['one', 'lost', 'three']);
  expect(alice.seqs()).toEqual([1, 2, 3, 4]);
  expect(alice.all('snapshot')).toHaveLength(1);
  expect(alice.states).toEqual(['live', 'resuming', 'live']);
});

test('in a quiet room a lost last envelope is noticed by the next pong', async () => {
  hub = await startTestHub({ http: { heartbeat: '30s' } });
  const clock = new ManualClock();
  const alice = await Guest.join(hub, { clock, loses: losing('lost', 1) });
  await alice.client.send('lost');
  clock.advance(30_000);
  expect(await alice.nth('pong')).toMatchObject({ seq: 2 });
  clock.advance(graceMs - 1);
  expect(alice.states).toEqual(['live']);
  clock.advance(1);
  expect(alice.states).toEqual(['live', 'resuming']);
  clock.advance(0);
  await alice.until(() => alice.contents().includes('lost'), 'the lost message');
  expect(alice.seqs()).toEqual([1, 2]);
});

test('a pong that overtakes an envelope is no gap', async () => {
  hub = await startTestHub();
  const clock = new ManualClock();
  const alice = await Guest.join(hub, { clock });
  const [client] = alice.sockets;
  client?.emit('message', Buffer.from('{"event":"pong","seq":2}'), false);
  await alice.client.send('on its way');
  await alice.nth('session_message_added');
  clock.advance(graceMs);
  expect(alice.states).toEqual(['live']);
});

test('an envelope that gets lost again and again ends in a snapshot, not in a circle', async () => {
  hub = await startTestHub();
  const alice = await Guest.join(hub, { loses: losing('lost', Number.POSITIVE_INFINITY) });
  await alice.client.send('one');
  await alice.client.send('lost');
  await alice.client.send('three');
  const snapshot = await alice.nth('snapshot', 1);
  expect(snapshot.messages.map(({ content }) => content)).toEqual(['one', 'lost', 'three']);
  await alice.state('live');
  expect(alice.all('welcome').map(({ resumed }) => resumed)).toEqual([false, true, false]);
});

test('a snapshot that got lost is asked for again', async () => {
  hub = await startTestHub({ http: { heartbeat: '30s' } });
  const clock = new ManualClock();
  let left = 1;
  const loses = ({ event }: Envelope) => event === 'snapshot' && left-- > 0;
  const alice = Guest.start(hub, { clock, loses });
  await alice.nth('welcome');
  expect(alice.client.state).toBe('connecting');
  clock.advance(30_000);
  await alice.nth('pong');
  clock.advance(graceMs);
  clock.advance(0);
  await alice.state('live');
});

test('text that is no envelope is handed on as it is, and does no harm', async () => {
  hub = await startTestHub();
  const alice = Guest.start(hub, { loses: () => false });
  const raw: string[] = [];
  alice.client.on('raw', (text) => raw.push(text));
  await alice.state('live');
  for (const text of ['{"mine":1}', '[]', 'null', '"event"', '{"event":7}'])
    hub.hub.reference.broadcastToTicket('T-1', text);
  hub.hub.reference.broadcastToTicket('T-1', '{"event":"of_a_later_version"}');
  await alice.until(
    () => alice.heard.some(({ event }) => String(event) === 'of_a_later_version'),
    'the unknown event',
  );
  expect(raw).toEqual(['{"mine":1}', '[]', 'null', '"event"', '{"event":7}']);
  expect(alice.states).toEqual(['live']);
});

test('a snapshot of several pages is emitted before the client is live, and begun again where it broke off', async () => {
  hub = await startTestHub();
  const ids: string[] = [];
  for (let n = 0; n < 20; n += 1) {
    const payload = { tool_name: 'block_ip', tool_args: { list: 'x'.repeat(250_000) } };
    const asked = { ticketId: 'T-1', sessionId: 's-1', userId: 'agent', type: 'tool_approval', payload };
    ids.push((await portOf(hub.hub).hitl.request(asked)).id);
  }
  let view = emptyView();
  let cut = false;
  const alice = await Guest.join(hub, {
    // The first time the connection breaks before the last page has come.
    loses: (envelope) => {
      if (cut || envelope.event !== 'snapshot_requests') return false;
      cut = true;
      cutAll(hub);
      return true;
    },
  });
  await alice.until(() => alice.client.state === 'live', 'it is live');
  expect(alice.all('snapshot').length).toBe(2);
  for (const envelope of alice.heard) view = reduce(view, envelope);
  expect(view.pending.map(({ id }) => id).sort()).toEqual([...ids].sort());
  expect(alice.client.position).toEqual(view.position);
});
