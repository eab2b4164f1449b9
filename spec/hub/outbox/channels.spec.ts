/** Channels: what is delivered to them of a request, in what order, how often, and what becomes of it when they fail, hang or the process dies. */
import { portOf } from '../../../lib/hub/hub';
import type { Channel, Delivery, OpenDelivery } from '../../../lib/hub/outbox/channel';
import { DeliveryRefused } from '../../../lib/hub/outbox/channel';
import { maxChannels } from '../../../lib/hub/outbox/channels';
import {
  attemptMs,
  longestWaitMs,
  maxAtOnce,
  maxAttempts,
  retryMs,
  waitMs,
} from '../../../lib/hub/outbox/courier';
import { range } from '../../../lib/store/contract/subject';
import { startTestHub } from '../../../lib/testing/test-hub';
import { until } from '../../transport/until';
import { gate, idle, Rig } from '../rig';

/** A channel that records what is delivered to it. */
class Board implements Channel {
  readonly told: (Delivery & { event: string })[] = [];
  /** Done in place of taking it. */
  trouble: (delivery: Delivery) => unknown = () => {};

  present = (delivery: OpenDelivery) => this.take('present', delivery);
  update = (delivery: OpenDelivery) => this.take('update', delivery);
  settle = (delivery: Delivery) => this.take('settle', delivery);

  get events(): string[] {
    return this.told.map(({ event }) => event);
  }

  private async take(event: string, delivery: Delivery): Promise<void> {
    this.told.push({ ...delivery, event });
    await this.trouble(delivery);
  }
}

const down = () => {
  throw new Error('it is down');
};
const never = () => new Promise(() => {});
const ann = { id: 'ann', name: 'Ann' };

let rig: Rig;
let mail: Board;
let chat: Board;
beforeEach(async () => {
  mail = new Board();
  chat = new Board();
  rig = new Rig({ channels: { mail, chat } });
  await rig.hub.start();
});
afterEach(() => rig.hub.close());

const ask = (more: object = {}) =>
  rig.hub.hitl.request({
    ticketId: 'T',
    sessionId: 's',
    userId: 'rita',
    type: 'tool_approval',
    payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
    ...more,
  });
const approve = (id: string) =>
  rig.hub.hitl.respond(id, { by: ann, status: 'approved', revision: 1, response: {} });
const claim = (id: string) => rig.hub.hitl.claim(id, ann);
const waits = async (channel = 'mail') => rig.kept.deliveries(channel, 100);
/** Moves to the next try of whatever waits longest. */
const pass = async (ms: number) => {
  rig.clock.advance(ms);
  await idle();
};

test('Each channel receives a request, its change and its end, with ids of their own, and nothing is left', async () => {
  const { id } = await ask();
  await idle();
  await claim(id);
  await idle();
  await approve(id);
  await idle();
  for (const board of [mail, chat]) {
    expect(
      board.told.map(({ event, attempt, request }) => [event, attempt, request.id, request.status]),
    ).toEqual([
      ['present', 1, id, 'pending'],
      ['update', 1, id, 'pending'],
      ['settle', 1, id, 'approved'],
    ]);
    expect(board.told[1]?.request.claim).toBeDefined();
  }
  const ids = [...mail.told, ...chat.told].map((each) => each.id);
  expect(new Set(ids).size).toBe(6);
  for (const each of ids) expect(each).toMatch(/^[\w-]{1,200}$/);
  expect([await waits(), await waits('chat'), await rig.hub.channels.failed()]).toEqual([[], [], []]);
});

test('A request that makes way for another is retired while the other is shown', async () => {
  const first = await ask({ key: 'k' });
  await idle();
  const second = await ask({
    key: 'k',
    supersede: true,
    payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.8' } },
  });
  await idle();
  const told = mail.told.map(({ event, request }) => [event, request.id, request.status]);
  expect(told[0]).toEqual(['present', first.id, 'pending']);
  expect(told.slice(1).toSorted()).toEqual(
    [
      ['present', second.id, 'pending'],
      ['settle', first.id, 'superseded'],
    ].toSorted(),
  );
});

test('A channel without `update` leaves its card as it is, and receives the end', async () => {
  const { present, settle } = mail;
  await rig.hub.close();
  rig = new Rig({ channels: { mail: { present, settle } } });
  await rig.hub.start();
  const { id } = await ask();
  await idle();
  await claim(id);
  await idle();
  expect(await waits()).toEqual([]);
  await rig.hub.hitl.cancel(id, 'not needed');
  await idle();
  expect(mail.events).toEqual(['present', 'settle']);
});

test('A delivery that fails is tried again with increasing delay and the same id, and the next one follows', async () => {
  mail.trouble = down;
  await ask();
  await idle();
  for (const attempts of [1, 2, 3]) {
    const [delivery] = await waits();
    const wait = (delivery?.dueAt ?? 0) - rig.clock.now();
    const limit = 1_000 * 2 ** (attempts - 1);
    expect(delivery).toMatchObject({ event: 'present', attempts });
    expect(wait).toBeGreaterThanOrEqual(limit / 2);
    expect(wait).toBeLessThanOrEqual(limit);
    await pass(wait - 1);
    expect(mail.told).toHaveLength(attempts);
    await pass(1);
    expect(mail.told).toHaveLength(attempts + 1);
  }
  expect(new Set(mail.told.map(({ id }) => id)).size).toBe(1);
  expect(mail.told.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  mail.trouble = () => {};
  await pass(longestWaitMs);
  expect(await waits()).toEqual([]);
});

test('No wait is longer than an hour', () => {
  expect([waitMs(1, 0), waitMs(4, 0), waitMs(13, 0), waitMs(maxAttempts, 0)]).toEqual([
    1_000, 8_000, 3_600_000, 3_600_000,
  ]);
  expect(waitMs(maxAttempts, 0.999)).toBeGreaterThanOrEqual(longestWaitMs / 2);
});

test('One that fails or hangs holds up neither the other nor the hub', async () => {
  mail.trouble = never;
  for (let n = 0; n < maxAtOnce + 3; n += 1) await ask();
  await idle();
  expect([mail.told.length, chat.told.length]).toEqual([maxAtOnce, maxAtOnce + 3]);
  await pass(attemptMs - 1);
  expect(mail.told).toHaveLength(maxAtOnce);
  expect(mail.told[0]?.signal.aborted).toBe(false);
  await pass(1);
  expect(mail.told).toHaveLength(maxAtOnce + 3);
  expect(mail.told[0]?.signal.reason).toMatchObject({ code: 'unavailable' });
  expect((await waits()).map(({ attempts }) => attempts).toSorted()).toEqual([
    0,
    0,
    0,
    ...Array(maxAtOnce).fill(1),
  ]);
});

test('One request is never in delivery twice: a change in the meantime follows, and only the newest', async () => {
  const sent = gate();
  mail.trouble = () => sent.opened;
  const { id } = await ask();
  await idle();
  await claim(id);
  await rig.hub.hitl.release(id, ann);
  await claim(id);
  await idle();
  expect(mail.events).toEqual(['present']);
  sent.open();
  await idle();
  expect(mail.events).toEqual(['present', 'update']);
  expect(mail.told[1]?.request.claim).toBeDefined();
  expect(chat.events.slice(0, 2)).toEqual(['present', 'update']);
});

test('A request that ended before it was shown is retired, not shown', async () => {
  mail.trouble = down;
  const { id } = await ask();
  await idle();
  await claim(id);
  await idle();
  expect(mail.events).toEqual(['present', 'present']);
  expect(mail.told[1]?.id).not.toBe(mail.told[0]?.id);
  mail.trouble = () => {};
  await approve(id);
  await idle();
  await pass(longestWaitMs);
  expect(mail.events).toEqual(['present', 'present', 'settle']);
});

test('One that is refused is given up at once, logged once, listed, and tried again with the next change', async () => {
  mail.trouble = () => {
    throw new DeliveryRefused('nobody lives here');
  };
  const { id } = await ask();
  await idle();
  await pass(longestWaitMs);
  expect(mail.events).toEqual(['present']);
  const dead = { channel: 'mail', requestId: id, event: 'present', attempts: 1 };
  expect(await rig.hub.channels.failed()).toMatchObject([
    { ...dead, error: 'DeliveryRefused: nobody lives here' },
  ]);
  expect(rig.errors).toMatchObject([{ message: 'A delivery is given up', ...dead }]);
  mail.trouble = () => {};
  await approve(id);
  await idle();
  expect(mail.events).toEqual(['present', 'settle']);
  expect(await rig.hub.channels.failed()).toEqual([]);
});

test('One that fails on and on is given up after a bounded number of tries', async () => {
  mail.trouble = down;
  await ask();
  await idle();
  for (let n = 0; n < maxAttempts + 3; n += 1) await pass(longestWaitMs);
  expect(mail.told).toHaveLength(maxAttempts);
  expect(await rig.hub.channels.failed()).toMatchObject([
    { attempts: maxAttempts, error: 'Error: it is down' },
  ]);
  expect(rig.errors).toHaveLength(1);
  expect(rig.clock.pending).toBe(0);
});

test('What a newer delivery has taken the place of while it was tried is not published as failed', async () => {
  const seen: boolean[] = [];
  rig.app.on('delivery.failed', ({ willRetry }) => void seen.push(willRetry));
  const broken = gate();
  mail.trouble = async () => {
    await broken.opened;
    down();
  };
  const { id } = await ask();
  await idle();
  await claim(id);
  mail.trouble = () => {};
  broken.open();
  await idle();
  expect(mail.events).toEqual(['present', 'present']);
  expect([seen, await waits()]).toEqual([[], []]);
});

test('A failure of a request that cannot be read is logged, and tried again like any', async () => {
  const seen: string[] = [];
  rig.app.on('delivery.failed', ({ delivery }) => void seen.push(delivery.error));
  rig.trouble.request = () => {
    throw new Error('disk gone');
  };
  await ask();
  await idle();
  expect(rig.errors).toMatchObject(
    ['mail', 'chat'].map((channel) => ({ message: 'A failed delivery could not be published', channel })),
  );
  delete rig.trouble.request;
  await pass(1_000);
  expect([mail.events, seen]).toEqual([['present'], []]);
});

test('A store that fails is asked again, and what was delivered is not delivered twice', async () => {
  let failures = 2;
  const fail = () => {
    failures -= 1;
    if (failures >= 0) throw new Error('disk full');
  };
  rig.trouble.noteDelivery = fail;
  await ask();
  await idle();
  expect(await waits()).toHaveLength(1);
  await pass(retryMs);
  expect([mail.events, await waits(), await waits('chat')]).toEqual([['present'], [], []]);
  failures = 2;
  rig.trouble.deliveries = fail;
  await ask();
  await idle();
  expect(mail.events).toEqual(['present']);
  await pass(retryMs);
  expect(mail.events).toEqual(['present', 'present']);
});

test('Closing aborts a delivery under way, and the next start delivers it', async () => {
  mail.trouble = never;
  const { id } = await ask();
  await idle();
  await rig.hub.close();
  expect(mail.told[0]?.signal.reason).toMatchObject({ code: 'closing' });
  expect(await waits()).toMatchObject([{ requestId: id, attempts: 0 }]);
  mail.trouble = () => {};
  await rig.newHub().start();
  await idle();
  expect(mail.events).toEqual(['present', 'present']);
  expect(mail.told[1]?.id).toBe(mail.told[0]?.id);
  expect(await waits()).toEqual([]);
});

test('Links are made for what can be answered, where the hub has them', async () => {
  await ask();
  await idle();
  const open = (delivery: unknown) => delivery as OpenDelivery;
  await expect(open(mail.told[0]).link({ userId: 'ann' })).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining('links is missing'),
  });
  await rig.hub.close();
  const links = { secret: 'thirty-two bytes that nobody else knows', baseUrl: 'https://app.example.com' };
  rig = new Rig({ channels: { mail }, links });
  await rig.hub.start();
  const { id } = await ask();
  await idle();
  const link = await open(mail.told[1]).link({ userId: 'ann', expiresIn: '1h' });
  const terms = rig.hub.links?.read(link.split('/').at(-1) ?? '');
  expect(terms).toMatchObject({ requestId: id, userId: 'ann', expiresAt: rig.clock.now() + 3_600_000 });
});

test('Nothing is stored and no timer runs without channels', async () => {
  await rig.hub.close();
  rig = new Rig();
  let writes = 0;
  rig.trouble.commit = (commits) => {
    writes += commits.flatMap(({ deliveries = [] }) => deliveries).length;
  };
  await rig.hub.start();
  await ask();
  await idle();
  expect([writes, rig.clock.pending]).toEqual([0, 0]);
  await expect(rig.app.channels.failed()).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining('channels is missing'),
  });
});

test('Channels that cannot be are refused at once', () => {
  const many = Object.fromEntries(range(1, maxChannels + 1).map((n) => [`c${n}`, new Board()]));
  for (const channels of [{ 'a b': new Board() }, { '': new Board() }, many])
    expect(() => new Rig({ channels })).toThrow(expect.objectContaining({ code: 'invalid_request' }));
});

test('What was committed when the process died is delivered after the start, in a database file', async () => {
  const board = new Board();
  board.trouble = never;
  const hub = await startTestHub({ sqlite: true, channels: { board } });
  const { id } = await portOf(hub.hub).hitl.request({
    ticketId: 'T',
    sessionId: 's',
    userId: 'rita',
    type: 'question',
    payload: { question: 'Why?' },
  });
  await until(() => board.told.length === 1, 'it is shown');
  board.trouble = () => {};
  await hub.crash();
  await until(() => board.told.length === 2, 'it is shown again');
  expect(board.told[1]).toMatchObject({ event: 'present', id: board.told[0]?.id, request: { id } });
  // The answer is committed by a process that dies before it delivers it.
  board.trouble = never;
  await portOf(hub.hub).hitl.respond(id, {
    by: ann,
    status: 'approved',
    revision: 1,
    response: { answer: 'So' },
  });
  await hub.crash();
  board.trouble = () => {};
  await until(() => board.events.at(-1) === 'settle', 'it is retired');
  expect(board.told.at(-1)?.request.status).toBe('answered');
  await hub.close();
});
