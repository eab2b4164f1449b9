/** Messages that grow, over real sockets: who joins, resumes, reads slowly, or speaks the classic dialect. */
import { emptyView, reduce } from '../../../lib/client';
import type { Turn } from '../../../lib/hub/turns/turn';
import type { TestClient, TestFrame } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { maxQueuedFrames, pressureBytes } from '../../../lib/transport/core/connection';
import { gate } from '../../hub/rig';
import { StreamClient } from '../stream-client';

let hub: TestHub;
/** The turn that waits to be spoken in. */
let turn: Turn;
let over: ReturnType<typeof gate<void>>;
afterEach(async () => {
  over?.open();
  await hub?.close();
});

/** A hub whose turn the test speaks in, and the one who asked for it. */
async function start(options: TestHubOptions = {}): Promise<TestClient> {
  const begun = gate<Turn>();
  over = gate<void>();
  hub = await startTestHub({
    agent: async (its) => {
      begun.open(its);
      await over.opened;
    },
    ...options,
  });
  const bob = await hub.connect({ user: 'bob' });
  await bob.ask({ type: 'message', content: 'go' });
  turn = await begun.opened;
  return bob;
}

/** The text that a client shows of the last line. */
function shown(frames: readonly TestFrame[]): string | undefined {
  const view = frames.reduce(reduce, emptyView());
  return view.timeline.at(-1)?.content;
}
const isAdded = (content: string) => (frame: TestFrame) =>
  frame.event === 'session_message_added' && frame.message.content === content;
const isShown = (client: TestClient, text: string) => () => shown(client.received) === text;
const parsed = (client: StreamClient) =>
  client.events.filter(({ name }) => name === 'message').map(({ data }) => JSON.parse(data));

test('it is read along by everybody, piece by piece, and is the same message for all in the end', async () => {
  const bob = await start();
  const carol = await hub.connect({ user: 'carol' });
  const stream = turn.stream();
  for (const word of ['Blocked ', '203.0.113.7 ', 'for ', 'a day.']) {
    await stream.write(word);
    const so = (frame: TestFrame) => frame.text === word || frame.message?.content === word;
    await Promise.all([bob.next(so), carol.next(so)]);
  }
  const { content } = await stream.end();
  await Promise.all([bob, carol].map((client) => client.next((frame) => frame.streamed === true)));
  expect([bob, carol].map((client) => shown(client.received))).toEqual([content, content]);
  expect(bob.all('message_delta').map(({ offset, text }) => [offset, text])).toEqual([
    [8, '203.0.113.7 '],
    [20, 'for '],
    [24, 'a day.'],
  ]);
});

test('who joins in the middle has all of it so far with one delta, and then each', async () => {
  const bob = await start();
  const stream = turn.stream();
  await stream.write('committed');
  await bob.next(isAdded('committed'));
  for (const word of [', one', ', two', ', three']) {
    await stream.write(word);
    await bob.next((frame) => frame.text === word);
  }
  const carol = await hub.connect({ user: 'carol' });
  const { messages } = await carol.next('snapshot');
  expect(messages.at(-1)).toMatchObject({ content: 'committed', is_streaming: true });
  expect(await carol.next('message_delta')).toMatchObject({ offset: 9, text: ', one, two, three' });
  await stream.write(', four');
  expect(await carol.next('message_delta')).toMatchObject({ offset: 26, text: ', four' });
  await stream.end();
  await carol.next('session_message_updated');
  expect(shown(carol.received)).toBe('committed, one, two, three, four');
});

test('who resumes in the middle has what was missed of it with one delta', async () => {
  const bob = await start();
  const stream = turn.stream();
  await stream.write('committed');
  const { epoch, seq } = await bob.next(isAdded('committed'));
  await stream.write(', heard');
  await bob.next('message_delta');
  await bob.close();
  await stream.write(', missed');
  const again = await hub.connect({ user: 'bob', after: `${epoch}:${seq}` });
  expect(await again.next('message_delta')).toMatchObject({ offset: 9, text: ', heard, missed' });
  expect(shown([...bob.received, ...again.received])).toBe('committed, heard, missed');
});

test('it grows over server-sent events as well, also for who joins in the middle', async () => {
  const bob = await start();
  const stream = turn.stream();
  await stream.write('a line\n');
  await bob.next(isAdded('a line\n'));
  await stream.write('and more');
  await bob.next('message_delta');
  const carol = await StreamClient.join(hub, { user: 'carol' });
  await carol.next('snapshot');
  await carol.until(() => shown(parsed(carol)) === 'a line\nand more', 'the text so far');
  await stream.write('\n\r\n.');
  await stream.end();
  await carol.until(() => shown(parsed(carol)) === 'a line\nand more\n\r\n.', 'all of it');
  carol.cut();
});

test('a client that does not read is spared deltas and is not closed, and has all of it when it reads again', async () => {
  const bob = await start();
  const slow = await hub.connect({ user: 'slow' });
  await slow.next('presence_changed');
  slow.socket.pause();
  // So much that no network takes it: notices fill what there is for it.
  const filler = 'x'.repeat(200_000);
  for (let n = 0; n < 60; n += 1) {
    hub.hub.reference.sendStatusToTicket('T-1', filler);
    await bob.next('notice');
  }
  const streams = Array.from({ length: 4 }, () => turn.stream());
  const pieces = maxQueuedFrames;
  for (let n = 0; n < pieces; n += 1) {
    await Promise.all(streams.map((stream) => stream.write('word ')));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const whole = 'word '.repeat(pieces);
  await Promise.all(streams.map((stream) => stream.end()));
  expect(hub.hub.reference.getClientCount('T-1')).toBe(2);
  slow.socket.resume();
  await slow.next((frame) => frame.streamed === true && shown(slow.received) === whole);
  expect(slow.all('message_delta').length).toBeLessThan(pieces);
  expect(bob.all('message_delta').length).toBeGreaterThan(pieces);
  expect(whole.length * 4).toBeLessThan(pressureBytes);
  expect(slow.isOpen).toBe(true);
});

test('sixteen at once, of one turn, are each whole, and each tick is one write with one delta of each', async () => {
  const bob = await start();
  const words = Array.from({ length: 16 }, (_each, n) => `${n} `);
  const streams = words.map(() => turn.stream());
  for (const [n, stream] of streams.entries()) await stream.write(words[n] ?? '');
  await bob.next(isAdded('15 '));
  const ticks = 200;
  for (let tick = 0; tick < ticks; tick += 1) {
    for (const [n, stream] of streams.entries()) void stream.write(words[n] ?? '');
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(streams.map((stream) => stream.end()));
  const whole = words.map((word) => word.repeat(ticks + 1));
  await bob.next((frame) => frame.message?.content === whole.at(-1));
  const { timeline } = bob.received.reduce(reduce, emptyView());
  expect(timeline.slice(-16).map(({ content }: { content: string }) => content)).toEqual(whole);
  const ofOne = bob.all('message_delta').filter(({ message_id }) => message_id === timeline.at(-1)?.id);
  expect(ofOne.length).toBeLessThanOrEqual(ticks);
});

test('a client that joins while much grows is not taken for a slow one', async () => {
  const bob = await start();
  const streams = Array.from({ length: 16 }, () => turn.stream());
  let isJoining = true;
  const growing = (async () => {
    while (isJoining) {
      for (const stream of streams) void stream.write('.');
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await bob.next('message_delta');
  for (let n = 0; n < 5; n += 1) {
    const carol = await hub.connect({ user: 'carol', tab: `${n}` });
    await carol.next('snapshot');
    for (let seen = 0; seen < 50; seen += 1) await carol.next('message_delta');
    expect(carol.isOpen).toBe(true);
  }
  isJoining = false;
  await growing;
});

test('a cancelled one is whole as far as it came before its turn ends, for all', async () => {
  const bob = await start();
  const stream = turn.stream();
  await stream.write('so ');
  await bob.next(isAdded('so '));
  void stream.write('far');
  await bob.ask({ type: 'turn_cancel', turn_id: turn.id });
  expect(await bob.next('session_message_updated')).toMatchObject({
    message: { content: 'so far' },
    streamed: true,
  });
  expect(await bob.next('turn_ended')).toMatchObject({ reason: 'cancelled' });
});

test('after a crash it is what was committed, and grows no more, in a view that goes on and over REST', async () => {
  const bob = await start();
  const { ticketId, sessionId } = turn;
  const stream = turn.stream();
  await stream.write('committed');
  const { epoch, seq } = await bob.next(isAdded('committed'));
  await stream.write(', and not');
  await bob.next('message_delta');
  expect(isShown(bob, 'committed, and not')()).toBe(true);
  const messages = async () => {
    const path = `/tickets/${ticketId}/sessions/${sessionId}/messages`;
    const answer = await fetch(`${hub.url}${path}`, { headers: { 'x-user': 'bob' } });
    return (await answer.json()).items;
  };
  expect((await messages()).at(-1)).toMatchObject({ content: 'committed', is_streaming: true });
  await hub.crash();
  const again = await hub.connect({ user: 'bob', after: `${epoch}:${seq}` });
  await again.next('turn_ended');
  const view = [...bob.received, ...again.received].reduce(reduce, emptyView());
  expect(view.timeline.at(-1)).toMatchObject({ content: 'committed' });
  expect(view.timeline.at(-1)).not.toHaveProperty('is_streaming');
  const fresh = await hub.connect({ user: 'carol' });
  expect((await fresh.next('snapshot')).messages.at(-1)).toEqual(view.timeline.at(-1));
  expect((await messages()).at(-1)).toEqual({ ...view.timeline.at(-1), revisions: [] });
});

test('a classic client is sent its beginning, all of it so far now and then, and its chat frame once it is whole', async () => {
  const bob = await start();
  const old = await hub.connect({ user: 'old', dialect: 'classic' });
  await old.next('status');
  const stream = turn.stream();
  await stream.write('Blocked');
  await bob.next(isAdded('Blocked'));
  await stream.write(' it');
  await bob.next('message_delta');
  await hub.advance('3s');
  await stream.write('.');
  const { id, sessionId, turnId } = await stream.end();
  const frame = await old.next('message');
  expect(frame).toMatchObject({ content: 'Blocked it.', message_id: id, user: { id: 'agent' } });
  const told = old.received.filter((each) => each.event?.startsWith('session_message'));
  expect(told.map(({ event, message }) => [event, message.content])).toEqual([
    ['session_message_added', 'Blocked'],
    ['session_message_updated', 'Blocked it'],
    ['session_message_updated', 'Blocked it.'],
  ]);
  const fields = ['event', 'timestamp', 'session_id', 'turn_id', 'message'];
  for (const each of told) expect(Object.keys(each)).toEqual(fields);
  const { timestamp: _timestamp, ...last } = told.at(-1);
  expect(last.message).toEqual({
    ...{ id, session_id: sessionId, turn_id: turnId, type: 'response', content: 'Blocked it.' },
    created_at: told[0].message.created_at,
  });
  expect(old.all('message_delta')).toEqual([]);
});
