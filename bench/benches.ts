/** All benches by name, in the order in which they are run and reported. */
import { chat, roundTrips } from './durable';
import { connectionMemory, fanOut, paces } from './fan-out';
import { coldStart, crowds, flat, many } from './population';
import type { Section, Size } from './result';
import { storm } from './storm';
import { streams } from './streams';
import { waiting } from './waiting';

const bursts = [1, 4, 16];

/** Those that need what the project itself does without. */
export const withPeers: readonly string[] = [
  'fan-out-1x10',
  'fan-out-1x1000',
  'round-trips',
  'memory',
  'paces',
  'fan-out-100x10',
];

export const benches: Readonly<Record<string, (size: Size) => Promise<Section>>> = {
  'fan-out-1x10': (size) => fanOut({ tickets: 1, clients: 10 }, size, bursts),
  'fan-out-1x1000': (size) => fanOut({ tickets: 1, clients: size.quick ? 100 : 1_000 }, size, bursts),
  chat,
  'round-trips': roundTrips,
  streams: (size) => streams(size),
  memory: connectionMemory,
  paces: (size) => paces(size, size.quick ? [1_000] : [1_000, 20_000, 100_000]),
  crowds,
  storm,
  'cold-start': coldStart,
  flat,
  waiting,
  'fan-out-100x10': (size) => fanOut({ tickets: size.quick ? 10 : 100, clients: 10 }, size, bursts),
  many,
};
