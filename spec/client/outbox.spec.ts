import type { Envelope } from '../../lib/client';
import { maxUnderWay, maxWaiting, Outbox } from '../../lib/client/outbox';
import { maxFrameBytes } from '../../lib/protocol/client-frames';
import { memoryStore } from '../../lib/store/memory/memory-store';
import type { Store } from '../../lib/store/store';
import { ManualClock } from '../../lib/testing/manual-clock';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { maxFramesInFlight } from '../../lib/transport/core/seat';
import { cutAll, Guest, leaveAll } from './guest';

let hub: TestHub;
afterEach(async () => {
  leaveAll();
  await hub.close();
});

const approve = async (turn: { approve(o: object): Promise<unknown> }) => {
  await turn.approve({ tool: 'block_ip', args: { ip: '203.0.113.7' } });
};

test('a frame is answered by what became of it', async () => {
  hub = await startTestHub({ agent: approve });
  const alice = await Guest.join(hub);
  const { message_id, session_id, turn_id } = await alice.client.send('block it');
  const { message } = await alice.nth('session_message_added');
  expect(message).toMatchObject({ id: message_id, session_id, turn_id, content: 'block it' });

  const { hitl } = await alice.nth('hitl_request_pending');
  expect((await alice.client.claim(hitl.id)).hitl.claimed_by?.user_id).toBe('alice');
  expect((await alice.client.release(hitl.id)).hitl.claimed_by).toBeUndefined();
  const answer = { status: 'approved', revision: hitl.revision, response: { comment: 'ok' } } as const;
  expect((await alice.client.respond(hitl.id, answer)).hitl).toMatchObject({
    status: 'approved',
    response: { comment: 'ok' },
  });
  await alice.nth('turn_ended');
});

test('a turn is cancelled, and a person is seen typing', async () => {
  hub = await startTestHub({ agent: approve });
  const alice = await Guest.join(hub);
  const bob = await Guest.join(hub, { user: 'bob' });
  bob.client.typing();
  expect((await alice.nth('typing')).user.id).toBe('bob');
  const { turn_id = '' } = await alice.client.send('block it');
  expect(await alice.client.cancelTurn(turn_id)).toMatchObject({ turn_id });
  expect(await bob.nth('turn_ended')).toMatchObject({ turn_id, reason: 'cancelled' });
});

test('a request is taken back', async () => {
  hub = await startTestHub({ agent: approve });
  const alice = await Guest.join(hub);
  await alice.client.send('block it');
  const { hitl } = await alice.nth('hitl_request_pending');
  const ack = await alice.client.cancelRequest(hitl.id, 'a mistake');
  expect(ack.hitl).toMatchObject({ status: 'cancelled', reason: 'a mistake' });
});

test('a refusal rejects with its code and details', async () => {
  hub = await startTestHub({ agent: approve });
  const alice = await Guest.join(hub);
  await alice.client.send('block it');
  const { hitl } = await alice.nth('hitl_request_pending');
  await alice.client.respond(hitl.id, { status: 'denied', revision: 1 });
  const late = alice.client.respond(hitl.id, { status: 'approved', revision: 1 });
  await expect(late).rejects.toMatchObject({
    name: 'TicketError',
    code: 'already_resolved',
    details: { hitl: { id: hitl.id, status: 'denied', responded_by: { user_id: 'alice' } } },
  });
  expect(alice.client.waiting).toBe(0);
});

test('frames given before there is a connection and while there is none are carried out once each, in order', async () => {
  hub = await startTestHub();
  const alice = Guest.start(hub);
  const first = alice.client.send('0');
  await first;
  cutAll(hub);
  await alice.state('resuming');
  const contents = Array.from({ length: 99 }, (_, index) => String(index + 1));
  await Promise.all(contents.map((content) => alice.client.send(content)));
  await alice.until(() => alice.contents().length >= 100, '100 messages');
  expect(alice.contents()).toEqual(['0', ...contents]);
});

test('a frame whose answer was lost is sent again under its id and is carried out once', async () => {
  hub = await startTestHub({ agent: approve });
  const isFirst: Record<string, boolean> = {};
  const losesFirstAck = (envelope: Envelope) => {
    if (envelope.event !== 'ack') return false;
    const isLost = isFirst[envelope.re] === undefined;
    isFirst[envelope.re] = false;
    // The answer is on its way when the connection breaks.
    if (isLost) cutAll(hub);
    return isLost;
  };
  const alice = await Guest.join(hub, { loses: losesFirstAck });

  const { message_id } = await alice.client.send('block it', { id: 'frame-1' });
  expect(isFirst).toEqual({ 'frame-1': false });
  expect(alice.all('ack').map(({ re }) => re)).toEqual(['frame-1']);
  const { hitl } = await alice.nth('hitl_request_pending');
  const answered = await alice.client.respond(hitl.id, { status: 'approved', revision: 1 });
  expect(answered.hitl.status).toBe('approved');
  await alice.nth('turn_ended');
  expect(alice.all('session_message_added').map(({ message }) => message.id)).toEqual([message_id]);
  expect(alice.all('hitl_request_resolved')).toHaveLength(1);
});

test('so is the cancelling of a turn', async () => {
  hub = await startTestHub({ agent: approve });
  let losing = false;
  const loses = ({ event }: Envelope) => {
    if (event !== 'ack' || !losing) return false;
    losing = false;
    cutAll(hub);
    return true;
  };
  const alice = await Guest.join(hub, { loses });
  const { turn_id = '' } = await alice.client.send('block it');
  losing = true;
  expect(await alice.client.cancelTurn(turn_id)).toMatchObject({ turn_id });
  expect(losing).toBe(false);
  expect(alice.all('welcome')).toHaveLength(2);
});

test('an app may send a frame of its own again, and gets the first answer', async () => {
  hub = await startTestHub();
  const alice = await Guest.join(hub);
  const [one, two] = [alice.client.send('hi', { id: 'job-7' }), alice.client.send('hi', { id: 'job-7' })];
  const first = await one;
  expect(await two).toBe(first);
  const { re, message_id } = await alice.client.send('hi', { id: 'job-7' });
  expect({ re, message_id }).toEqual({ re: 'job-7', message_id: first.message_id });
  await alice.client.send('done');
  await alice.until(() => alice.contents().includes('done'), 'the last message');
  expect(alice.contents()).toEqual(['hi', 'done']);
});

test('what a hub that is closing has not taken is given to the next one', async () => {
  const kept = memoryStore();
  await kept.open();
  let hold = Promise.resolve();
  /** Nothing is committed while `hold` is pending; over the restart the store stays open. */
  const store: Store = Object.assign(Object.create(kept), {
    close: async () => {},
    commit: async (...args: Parameters<Store['commit']>) => {
      await hold;
      return kept.commit(...args);
    },
  });
  hub = await startTestHub({ makeStore: () => store, agent: approve });
  const alice = await Guest.join(hub);
  await alice.client.send('a turn that has to be ended first');
  await alice.nth('hitl_request_pending');

  let release = () => {};
  hold = new Promise((resolve) => {
    release = resolve;
  });
  const restarted = hub.restart();
  const sent = alice.client.send('late');
  await alice.until(() => alice.all('error').length > 0, 'error');
  expect(alice.all('error')).toMatchObject([{ code: 'closing' }]);
  release();
  await restarted;
  expect(await sent).toMatchObject({ event: 'ack' });
  expect(alice.all('welcome')).toHaveLength(2);
});

describe('a server that has had too many frames', () => {
  /** An outbox with three frames sent, and what it sent. */
  function threeSent() {
    const clock = new ManualClock();
    const outbox = new Outbox(clock);
    const sent: string[] = [];
    outbox.open((text) => sent.push(JSON.parse(text).id));
    const answers = ['a', 'b', 'c'].map((id) => outbox.add({ id, type: 'message' }));
    const refuse = (more: object) =>
      outbox.settle({ event: 'error', code: 'rate_limited', message: '', ...more });
    const acknowledge = (re: string) => outbox.settle({ event: 'ack', re });
    return { clock, outbox, sent, answers, refuse, acknowledge };
  }

  test('gets the refused frame again, and new ones, when it wants to', async () => {
    const { clock, outbox, sent, answers, refuse, acknowledge } = threeSent();
    refuse({ re: 'b', details: { retry_after_ms: 700 } });
    acknowledge('a');
    void outbox.add({ id: 'd', type: 'message' });
    clock.advance(699);
    expect(sent).toEqual(['a', 'b', 'c']);
    clock.advance(1);
    expect(sent).toEqual(['a', 'b', 'c', 'b', 'd']);
    for (const id of ['b', 'c', 'd']) acknowledge(id);
    expect(await Promise.all(answers)).toMatchObject([{ re: 'a' }, { re: 'b' }, { re: 'c' }]);
    expect(outbox.size).toBe(0);
  });

  test('gets all that have no answer again, if it does not say which it was', async () => {
    const { clock, outbox, sent, answers, refuse, acknowledge } = threeSent();
    acknowledge('a');
    refuse({});
    refuse({});
    acknowledge('c');
    clock.advance(1_000);
    expect(sent).toEqual(['a', 'b', 'c', 'b']);
    acknowledge('b');
    await Promise.all(answers);
    expect(clock.pending).toBe(0);
    expect(outbox.size).toBe(0);
  });

  test('has carried out every frame in the end, and has not closed the connection', async () => {
    hub = await startTestHub({ limits: { frames: { perConnection: 20, per: '100ms' } } });
    const alice = await Guest.join(hub);
    const contents = Array.from({ length: 60 }, (_, index) => `${index}`);
    await Promise.all(contents.map((content) => alice.client.send(content)));
    expect(alice.all('error').map(({ code }) => code)).toContain('rate_limited');
    await alice.until(() => alice.contents().length >= 60, '60 messages');
    expect(alice.contents().toSorted()).toEqual(contents.toSorted());
    expect(alice.states).toEqual(['live']);
  });

  test('gets nothing when the connection is gone in the meantime', () => {
    const { clock, outbox, sent, refuse } = threeSent();
    refuse({ re: 'b' });
    outbox.shut();
    expect(clock.pending).toBe(0);
    outbox.open((text) => sent.push(JSON.parse(text).id));
    expect(sent).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });
});

describe('limits', () => {
  test('a frame too many is refused, and those that wait reach a server that takes fewer at once', async () => {
    expect(maxUnderWay).toBeLessThan(maxFramesInFlight);
    expect(maxWaiting).toBeGreaterThan(maxFramesInFlight);
    hub = await startTestHub();
    const alice = Guest.start(hub);
    const sent = Array.from({ length: maxWaiting }, (_, index) => alice.client.send(`${index}`));
    expect(alice.client.waiting).toBe(maxWaiting);
    await expect(alice.client.send('too many')).rejects.toMatchObject({ code: 'queue_full' });
    const acks = await Promise.all(sent);
    expect(new Set(acks.map(({ message_id }) => message_id)).size).toBe(maxWaiting);
    await expect(alice.client.send('room again')).resolves.toMatchObject({ event: 'ack' });
  });

  test('a frame that would end the connection is refused here', async () => {
    hub = await startTestHub();
    const alice = await Guest.join(hub);
    const frame = JSON.stringify({ id: 'f', type: 'message', content: '' });
    const room = maxFrameBytes - frame.length;
    // Two bytes each: it is bytes that count.
    const tooLarge = alice.client.send('é'.repeat(Math.floor(room / 2) + 1), { id: 'f' });
    await expect(tooLarge).rejects.toMatchObject({ code: 'too_large' });
    await expect(alice.client.send('x'.repeat(room), { id: 'f' })).resolves.toMatchObject({ re: 'f' });
    expect(alice.states).toEqual(['live']);
  });

  test('typing while away is forgotten', async () => {
    hub = await startTestHub();
    const clock = new ManualClock();
    const alice = await Guest.join(hub, { clock });
    const bob = await hub.connect({ user: 'bob' });
    cutAll(hub);
    await Promise.all([alice.state('resuming'), bob.closed()]);
    alice.client.typing();
    expect(alice.client.waiting).toBe(0);
    const again = await hub.connect({ user: 'bob' });
    clock.advance(0);
    await alice.state('live');
    await alice.client.send('here');
    await again.next('session_message_added');
    expect(again.all('typing')).toEqual([]);
  });
});
