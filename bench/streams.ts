/** Answers that grow, sixteen at once, side by side: delivered tokens per second of server CPU, and what a late token costs beside an early one. */
import { emptyView, reduce } from '../lib/client';
import { connectTestClient } from '../lib/testing/test-hub';
import type { Crowd, Heard } from './load/client';
import { BenchProcess } from './process';
import { median, note, perSecond, round, type Section, type Size, turnsOf } from './result';
import type { Order, Written } from './servers/streams';

interface Peer {
  name: string;
  speak: Crowd['speak'];
}

export const streamPeers: readonly Peer[] = [
  { name: 'express-hitl', speak: 'agent' },
  { name: 'ws', speak: 'plain' },
  { name: 'Socket.IO', speak: 'socket.io' },
];

const ticketId = 'T-0';
const clients = 10;
const answers = 16;
/** Of each answer in a second, as a quick model gives them. */
const rate = 50;

interface Pair extends Peer {
  port: number;
  server: BenchProcess;
  load: BenchProcess;
}

async function pairOf(peer: Peer): Promise<Pair> {
  const [server, { port }] = await BenchProcess.node<{ port: number }>('servers/streams.ts', peer.name);
  const [load] = await BenchProcess.node('load/client.ts');
  await load.command('connect', { port, speak: peer.speak, tickets: [ticketId], perTicket: clients });
  return { ...peer, port, server, load };
}

interface Turn extends Written {
  /** To each client, for each token. */
  bytes: number;
}

/** @throws Error if a peer was sent less than every token; of ours, see `assertWhole` */
async function turn({ name, speak, server, load }: Pair, order: Order): Promise<Turn> {
  await load.command('begin', { sip: order.rate ? 0 : 5 });
  const written = await server.command<Written>('write', order);
  const tokens = order.answers * order.tokens * clients;
  const heard = await load.command<Heard>('end', { expected: speak === 'agent' ? 0 : tokens });
  if (speak !== 'agent' && heard.frames !== tokens)
    throw new Error(`${name}: ${heard.frames} of ${tokens} tokens came`);
  return { ...written, bytes: heard.bytes / tokens };
}

/** Reads along with a client that puts the deltas together. @throws Error if any text is not whole before it is committed as such */
async function assertWhole({ port, server }: Pair, order: Order): Promise<void> {
  const client = await connectTestClient(`ws://127.0.0.1:${port}/ws/chat/ticket/${ticketId}`, {
    headers: { 'x-user': 'reader' },
  });
  await client.next('snapshot');
  await server.command('write', order);
  const isEnd = (frame: { streamed?: boolean }) => frame.streamed === true;
  for (let ended = 0; ended < order.answers; ended += 1) await client.next(isEnd);
  const before = client.received.slice(0, client.received.findIndex(isEnd));
  const lines = before.reduce(reduce, emptyView()).timeline.slice(-order.answers);
  await client.close();
  const lengths = new Set(lines.map(({ content }: { content: string }) => content.length));
  const [length] = lengths;
  if (lengths.size !== 1 || length !== order.tokens * 'word '.length)
    throw new Error(`Not all was read: ${[...lengths]} characters of ${order.tokens} tokens`);
}

/** @param some the peers; the first is ours */
export async function streams(size: Size, some = streamPeers): Promise<Section> {
  const flat: Order = { answers, tokens: size.quick ? 400 : 2_000 };
  const paced: Order = { answers, tokens: size.quick ? 2 : 4 * rate, rate };
  const [flats, paces] = [new Map<string, Turn[]>(), new Map<string, Turn[]>()];
  const pairs = await Promise.all(some.map(pairOf));
  for (const pair of pairs) {
    if (pair.speak === 'agent') await assertWhole(pair, flat);
    else await turn(pair, flat);
  }
  for (const pair of turnsOf(pairs, size.rounds)) note(flats, pair.name, await turn(pair, flat));
  for (const pair of turnsOf(pairs, size.starts)) note(paces, pair.name, await turn(pair, paced));
  for (const { load, server } of pairs) {
    await load.end();
    await server.end();
  }
  const of = (name: string, value: (turn: Turn) => number, all = flats) =>
    median((all.get(name) ?? []).map(value));
  const rateOf = (name: string, order: Order, all: Map<string, Turn[]>) =>
    of(name, (each) => perSecond(order.answers * order.tokens * clients, each), all);
  const [ours = ''] = some.map(({ name }) => name);
  const late = of(ours, (each) => each.late / each.early);
  return {
    title: 'Answers that grow',
    about: `${answers} answers at once in a ticket of ${clients}, ${flat.tokens} tokens each: tokens delivered per second of server CPU, flat out (one of each in a tick) and at ${rate} a second of each; bytes to each client for each token; CPU for a token of each around the hundredth, and over the last fifth, with the commits that such a stretch owes. Ours commits the texts to SQLite; the others send each token and store nothing.`,
    columns: ['', 'flat out', `at ${rate}/s each`, 'bytes', 'early', 'late'],
    rows: some.map(({ name }) => [
      name,
      round(rateOf(name, flat, flats)),
      round(rateOf(name, paced, paces)),
      round(of(name, ({ bytes }) => bytes)),
      `${round(of(name, ({ early }) => early))} µs`,
      `${round(of(name, (each) => each.late))} µs`,
    ]),
    ratios: {
      [`tokens delivered per second of CPU, ${answers} answers at once`]: {
        value: rateOf(ours, flat, flats),
        goal: 100_000,
      },
      [`CPU of token ${flat.tokens.toLocaleString('en-US')} / token 100`]: {
        value: late,
        goal: 1.25,
        less: true,
      },
      ...Object.fromEntries(
        some
          .slice(1)
          .map(({ name }) => [
            `tokens delivered by CPU, express-hitl / ${name}`,
            { value: rateOf(ours, flat, flats) / rateOf(name, flat, flats) },
          ]),
      ),
    },
  };
}
