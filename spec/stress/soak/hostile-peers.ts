/** Hostile peers of each kind, who do what they do again and again in a process of their own; `HostileProcess` starts it. */
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import WebSocket from 'ws';
import { RawSocket } from '../../transport/raw-socket';
import { hostilities } from '../hostilities';
import { Random } from '../random';
import { strangers } from '../strangers';

/** What `HostileProcess` hands over. */
export interface HostileSettings {
  port: number;
  seed: number;
  /** Tickets in which others are. */
  tickets: readonly string[];
}

/** One kind of hostility: so many at once do it, pause, and do it again. */
interface Kind {
  name: string;
  workers: number;
  pauseMs: number;
  attack(random: Random): Promise<void>;
}

const { port, seed, tickets }: HostileSettings = JSON.parse(process.argv[3] ?? '{}');
/** A ticket of their own. */
const lair = 'lair';
/** How long one holds on to what it has opened. */
const holdMs = 3_000;

let isOver = true;
const open = new Set<{ destroy(): void }>();
const counts: Record<string, number> = {};
const over = new Set<() => void>();

/** Ends early when the round does. */
function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      over.delete(finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    over.add(finish);
  });
}

/** A socket in a ticket, or nothing if it was refused. */
async function join(userId: string, ticketId: string, query = ''): Promise<WebSocket | undefined> {
  const url = `ws://127.0.0.1:${port}/ws/chat/ticket/${ticketId}?tab=${userId}${query}`;
  const socket = new WebSocket(url, 'hitl.v1', { headers: { 'x-user': userId }, perMessageDeflate: false });
  socket.on('error', () => {});
  const end = { destroy: () => socket.terminate() };
  open.add(end);
  socket.on('close', () => open.delete(end));
  await Promise.race([once(socket, 'open'), once(socket, 'close')]).catch(() => {});
  return socket.readyState === WebSocket.OPEN ? socket : undefined;
}

async function raw(work: (socket: RawSocket) => Promise<void>): Promise<void> {
  const socket = await RawSocket.open(port);
  open.add(socket);
  try {
    await work(socket);
  } finally {
    open.delete(socket);
    socket.destroy();
  }
}

function shakeHands(socket: RawSocket, userId: string): Promise<unknown> {
  const headers = { 'X-User': userId, 'Sec-WebSocket-Protocol': 'hitl.v1' };
  return socket.ask({ path: `/ws/chat/ticket/${lair}?tab=${userId}`, headers });
}

/** A pending request of 7 kB in the lair, and a socket there. */
async function claimant(userId: string): Promise<{ socket: WebSocket; id: string } | undefined> {
  const socket = await join(userId, lair);
  if (!socket) return undefined;
  socket.send(
    JSON.stringify({
      type: 'message',
      id: `h-${userId}-${Date.now()}`,
      content: '{"n":"h","ask":1,"payload":7000}',
    }),
  );
  for (let text = await heard(socket); text !== undefined; text = await heard(socket)) {
    const { event, hitl, requests } = JSON.parse(text);
    const id = hitl?.id ?? requests?.[0]?.id;
    if (id && (event === 'hitl_request_pending' || event === 'snapshot')) return { socket, id };
  }
  socket.terminate();
  return undefined;
}

/** The next envelope; nothing if none comes in a second, or the socket is closed. */
async function heard(socket: WebSocket): Promise<string | undefined> {
  const listening = new AbortController();
  const { signal } = listening;
  try {
    const closed = once(socket, 'close', { signal }).then(() => []);
    const [data] = await Promise.race([
      once(socket, 'message', { signal }),
      closed,
      wait(1_000).then(() => []),
    ]);
    return data?.toString();
  } finally {
    listening.abort();
  }
}

const kinds: readonly Kind[] = [
  {
    name: 'slow readers',
    workers: 6,
    pauseMs: 100,
    attack: async (random) => {
      const socket = await join(`h-slow-${random.int(0, 5)}`, random.pick(tickets));
      socket?.pause();
      await wait(holdMs);
      socket?.terminate();
    },
  },
  {
    name: 'floods',
    workers: 3,
    pauseMs: 500,
    attack: async (random) => {
      const socket = await join(
        `h-flood-${random.int(0, 20)}`,
        random.chance(0.5) ? lair : random.pick(tickets),
      );
      if (!socket) return;
      const frames = [{ type: 'ping' }, { type: 'typing' }, { type: 'hitl_claim', id: 'h', request_id: 'h' }];
      for (let sent = 0; sent < 700; sent += 1) socket.send(JSON.stringify(random.pick(frames)));
      await Promise.race([once(socket, 'close'), wait(holdMs)]);
      socket.terminate();
    },
  },
  {
    name: 'garbage frames',
    workers: 3,
    pauseMs: 100,
    attack: (random) =>
      raw(async (socket) => {
        await shakeHands(socket, `h-garbage-${random.int(0, 20)}`);
        socket.socket.write(random.pick(hostilities).bytes(random));
        await Promise.race([socket.ended(), wait(500)]);
      }),
  },
  {
    name: 'half-open sockets',
    workers: 6,
    pauseMs: 100,
    attack: (random) =>
      raw(async (socket) => {
        const piece = strangers.find(({ name }) => name === 'a piece of a handshake');
        for (const bytes of piece?.pieces(random) ?? []) socket.socket.write(bytes);
        await wait(holdMs);
      }),
  },
  {
    name: 'h2c and other strangers',
    workers: 3,
    pauseMs: 50,
    attack: (random) =>
      raw(async (socket) => {
        const stranger = random.pick(strangers);
        for (const piece of stranger.pieces(random)) {
          socket.socket.write(piece);
          if (!stranger.goes) await socket.answer();
        }
      }),
  },
  {
    name: 'reconnect storms',
    workers: 1,
    pauseMs: 500,
    attack: async (random) => {
      const ticketId = random.pick(tickets);
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const socket = await join(`h-storm-${index}`, ticketId, random.chance(0.5) ? '&after=x:1' : '');
          socket?.terminate();
        }),
      );
    },
  },
  {
    name: 'claims and releases',
    workers: 2,
    pauseMs: 200,
    attack: async (random) => {
      const userId = `h-claim-${random.int(0, 5)}`;
      const found = await claimant(userId);
      for (let turn = 0; found && turn < 72 && !isOver; turn += 1) {
        const type = turn % 2 === 0 ? 'hitl_claim' : 'hitl_release';
        found.socket.send(
          JSON.stringify({ type, id: `h-${userId}-${random.int(0, 2 ** 30)}`, request_id: found.id }),
        );
        await wait(10);
      }
      found?.socket.terminate();
    },
  },
  {
    name: 'timelines paged endlessly',
    workers: 2,
    pauseMs: 20,
    attack: async (random) => {
      const ticketId = random.pick(tickets);
      for (let after = 0, isMore = true; isMore && !isOver; ) {
        const url = `http://127.0.0.1:${port}/tickets/${ticketId}/timeline?after=${after}&limit=500`;
        const { items, seq } = (await (await fetch(url, { headers: { 'x-user': 'h-pager' } })).json()) as {
          items: { seq: number }[];
          seq: number;
        };
        after = items.at(-1)?.seq ?? seq;
        isMore = after < seq;
      }
    },
  },
  {
    name: 'unfinished big frames',
    workers: 8,
    pauseMs: 100,
    attack: (random) =>
      raw(async (socket) => {
        await shakeHands(socket, `h-unfinished-${random.int(0, 20)}`);
        // The head promises the largest frame there may be.
        socket.socket.write(
          Buffer.concat([Buffer.from([0x81, 0xfe, 0xff, 0xff]), Buffer.alloc(60_000, 'a')]),
        );
        await wait(holdMs);
      }),
  },
];

async function work({ name, pauseMs, attack }: Kind, random: Random): Promise<void> {
  while (!isOver) {
    // Whatever becomes of it: one that is refused or cut off has had its answer.
    await attack(random).catch(() => {});
    counts[name] = (counts[name] ?? 0) + 1;
    await wait(pauseMs);
  }
}

let working: Promise<unknown> = Promise.resolve();
let rounds = 0;

// What they themselves cost this machine they would cost another: the server does not compete with them for it.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
process.on('disconnect', () => process.exit());
process.on('message', (command: 'begin' | 'end') => {
  isOver = command === 'end';
  if (isOver) {
    for (const end of [...over]) end();
    for (const each of [...open]) each.destroy();
    void working.then(() => process.send?.(counts));
    return;
  }
  rounds += 1;
  const random = new Random(seed + rounds);
  working = Promise.all(
    kinds.flatMap((kind) =>
      Array.from({ length: kind.workers }, (_, index) => work(kind, random.fork(`${kind.name} ${index}`))),
    ),
  );
  process.send?.(counts);
});
