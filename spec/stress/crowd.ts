/** Many clients at once: several loopback addresses, since one has too few ports, and so many tickets that each has its usual number. */
import { once } from 'node:events';
import WebSocket from 'ws';
import type { CheckingClient } from './checking-client';
import type { ServerProcess } from './server-process';
import type { Stage } from './stage';

/** People in a ticket, as many as may be by default. */
export const perTicket = 10;
/** Connections of one process that are opened at the same moment where that is not what is tried out. */
const waveSize = 200;

/** One of many source addresses; each has some 28,000 ports. */
export function addressOf(index: number): string {
  return `127.0.${1 + (index % 20)}.1`;
}

/** So many clients, `inEach` in a ticket; none has joined yet. */
export function crowd(
  stage: Stage,
  port: () => number,
  size: number,
  {
    inEach = perTicket,
    name = 'reader',
    tickets = 'ticket',
    patienceMs,
  }: { inEach?: number; name?: string; tickets?: string; patienceMs?: number } = {},
): CheckingClient[] {
  return Array.from({ length: size }, (_, index) =>
    stage.client({
      port,
      ticketId: `${tickets}-${Math.floor(index / inEach)}`,
      userId: `${name}-${index}`,
      localAddress: addressOf(index),
      ...(patienceMs && { patienceMs }),
    }),
  );
}

/** The work for each, so many at a time. */
export async function inWaves<T>(all: readonly T[], work: (each: T) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < all.length; from += waveSize)
    await Promise.all(all.slice(from, from + waveSize).map(work));
}

/** Sockets that only are there, to a bare server. */
export async function openBare({ port }: ServerProcess, size: number, wave = waveSize): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  while (sockets.length < size) {
    const more = Array.from({ length: Math.min(wave, size - sockets.length) }, (_, index) =>
      openOne(`ws://127.0.0.1:${port}`, addressOf(index)),
    );
    sockets.push(...(await Promise.all(more)));
  }
  return sockets;
}

async function openOne(url: string, localAddress: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { localAddress, perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}

/** Breaks them all off; resolves when they are closed. */
export async function cutAll(sockets: readonly WebSocket[]): Promise<void> {
  await Promise.all(
    sockets.map((socket) => {
      const closed = once(socket, 'close');
      socket.terminate();
      return closed;
    }),
  );
}
