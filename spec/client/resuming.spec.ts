import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryStore } from '../../lib/store/memory/memory-store';
import { sqliteStore } from '../../lib/store/sqlite/sqlite-store';
import { ManualClock } from '../../lib/testing/manual-clock';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { cutAll, Guest, leaveAll } from './guest';

let hub: TestHub;
afterEach(async () => {
  leaveAll();
  await hub.close();
});

/** 1 to n. */
const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

test('a client that loses its socket resumes and is sent every envelope once, in order', async () => {
  hub = await startTestHub();
  const alice = await Guest.join(hub);
  await alice.client.send('before');
  await alice.nth('session_message_added');

  cutAll(hub);
  await alice.state('resuming');
  const bob = await hub.connect({ user: 'bob' });
  await bob.ask({ type: 'message', content: 'meanwhile' });
  await alice.state('live');
  await bob.ask({ type: 'message', content: 'after' });
  await alice.until(() => alice.contents().includes('after'), 'the message after');

  expect(alice.contents()).toEqual(['before', 'meanwhile', 'after']);
  expect(alice.seqs()).toEqual(upTo(alice.client.position?.seq ?? 0));
  expect(alice.states).toEqual(['live', 'resuming', 'live']);
  expect(alice.all('welcome').map(({ resumed }) => resumed)).toEqual([false, true]);
});

test('it is live again only when it has been sent what it missed', async () => {
  hub = await startTestHub();
  const clock = new ManualClock();
  const alice = await Guest.join(hub, { clock });
  const told: string[][] = [];
  alice.client.on('state', (state) => {
    if (state === 'live') told.push(alice.contents());
  });
  cutAll(hub);
  await alice.state('resuming');
  const bob = await hub.connect({ user: 'bob' });
  await bob.ask({ type: 'message', content: 'meanwhile' });
  clock.advance(0);
  await alice.state('live');
  expect(told).toEqual([['meanwhile']]);
});

test('it resumes over a restart of the server on the same file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'express-hitl-'));
  try {
    hub = await startTestHub({ makeStore: () => sqliteStore(join(folder, 'hitl.db')) });
    const alice = await Guest.join(hub);
    await alice.client.send('before');
    const { epoch } = await alice.nth('session_message_added');
    await hub.restart();
    await alice.until(() => alice.all('welcome').length === 2, 'the second welcome');
    await alice.state('live');
    await alice.client.send('after');
    await alice.until(() => alice.contents().includes('after'), 'the message after');

    expect(alice.all('welcome')[1]).toMatchObject({ resumed: true, epoch });
    expect(alice.all('snapshot')).toHaveLength(1);
    expect(alice.seqs()).toEqual(upTo(alice.client.position?.seq ?? 0));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('where the log is another one it begins again with a snapshot', async () => {
  hub = await startTestHub({ makeStore: () => memoryStore() });
  const alice = await Guest.join(hub);
  await alice.client.send('forgotten');
  const first = await alice.nth('session_message_added');
  await hub.restart();
  const snapshot = await alice.nth('snapshot', 1);
  await alice.state('live');
  expect(snapshot.epoch).not.toBe(first.epoch);
  expect(snapshot.messages).toEqual([]);
  expect(alice.client.position).toEqual({ epoch: snapshot.epoch, seq: 0 });
});

test('a client that begins at a stored position is sent only what came after it', async () => {
  hub = await startTestHub();
  const alice = await Guest.join(hub);
  await alice.client.send('one');
  await alice.nth('session_message_added');
  const { position } = alice.client;
  if (!position) throw new Error('no position');
  alice.leave();
  const bob = await hub.connect({ user: 'bob' });
  await bob.ask({ type: 'message', content: 'two' });

  const later = await Guest.join(hub, { after: position });
  expect(later.contents()).toEqual(['two']);
  expect(later.states).toEqual(['live']);
});
