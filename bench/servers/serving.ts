/** What every measured server has in common: commands come as lines of JSON on stdin, answers go out on stdout; each server calls `serve`. */
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Answers commands until stdin ends, which is when the bench is gone. */
export function serve(ready: object, commands: Record<string, (argument: never) => unknown>): void {
  const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
  const lines = createInterface({ input: process.stdin });
  lines.on('close', () => process.exit());
  lines.on('line', async (line) => {
    const { id, name, argument } = JSON.parse(line);
    try {
      const command = commands[name];
      if (!command) throw new Error(`No command ${name}`);
      say({ id, answer: await command(argument as never) });
    } catch (error) {
      say({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  say({ ready });
}

/** Listens on a free port of the loopback; with a backlog that a crowd fits into. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) =>
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve),
  );
  return (server.address() as AddressInfo).port;
}

/** The open TCP sockets of a server. */
export function socketsOf(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return sockets;
}

/** The largest number of bytes that any of the sockets holds for its peer. */
export function heldBack(sockets: Iterable<Socket>): number {
  let most = 0;
  for (const { writableLength } of sockets) if (writableLength > most) most = writableLength;
  return most;
}

export interface Cost {
  /** Microseconds of CPU, user and system, of all threads. */
  cpu: number;
  /** Milliseconds. */
  wall: number;
}

/** What some work costs this process. */
export async function costOf(work: () => Promise<void>): Promise<Cost> {
  const begun = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpu: user + system, wall: performance.now() - begun };
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
export const endOfTick = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Bytes in use after as many garbage collections as it takes. */
export async function memory(): Promise<{ heap: number; rss: number }> {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  for (let round = 0; round < 4; round += 1) {
    await endOfTick();
    collectGarbage();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}
