/** Makes a fan-out server send, the same way for every one of them: flat out with so many envelopes in a tick, or at a pace. */
import type { Server } from 'node:http';
import { type Cost, costOf, endOfTick, heldBack, listen, memory, pause, serve, socketsOf } from './serving';

/** One server under measurement. */
export interface FanOut {
  /** Sends one envelope with this content to everybody in the ticket; a promise is waited for before the next tick. */
  publish(ticketId: string, content: string): unknown;
  /** Tickets that can be published to now. Default: any. */
  isReady?(ticketId: string): boolean;
}

/** So many envelopes to each ticket in each tick. */
export interface FlatOut {
  tickets: readonly string[];
  burst: number;
  /** Milliseconds of this process's CPU to use: whatever else the machine does, everybody has an equal turn. */
  ms: number;
  content: number;
}

/** So many envelopes a second in all, for so many milliseconds by the clock. */
export interface Paced extends Omit<FlatOut, 'burst'> {
  rate: number;
}

export interface Sent extends Cost {
  envelopes: number;
}

/** Bytes that may wait in any socket before flat out pauses, so that memory is no part of what is measured. */
const maxHeldBack = 65_536;

/** The time at which it was made, between two at signs, and padding up to so many characters. */
function contentOf(length: number): string {
  const stamp = `@${(performance.timeOrigin + performance.now()).toFixed(3)}@`;
  return stamp.padEnd(length, '.');
}

function cpuSince(begun: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begun);
  return user + system;
}

/** Serves the commands that the fan-out bench gives; `server` is what the clients connect to. */
export async function serveFanOut(server: Server, fanOut: FanOut): Promise<void> {
  const sockets = socketsOf(server);
  serve(
    { port: await listen(server) },
    measured(fanOut, () => heldBack(sockets)),
  );
}

/** @param waiting the most bytes that wait in any socket */
export function measured({ publish, isReady = () => true }: FanOut, waiting: () => number) {
  const gone = async () => {
    while (waiting() > 0) await pause(1);
  };
  const flatOut = async ({ tickets, burst, ms, content }: FlatOut): Promise<Sent> => {
    let envelopes = 0;
    const cost = await costOf(async () => {
      const begun = process.cpuUsage();
      for (let ticks = 0; ; ticks += 1) {
        // Asked now and then, since asking costs something too.
        if (ticks % 16 === 0 && cpuSince(begun) >= ms * 1e3) break;
        const kept: unknown[] = [];
        for (const ticketId of tickets) {
          for (let n = 0; n < burst; n += 1) kept.push(publish(ticketId, contentOf(content)));
        }
        envelopes += tickets.length * burst;
        if (kept[0] instanceof Promise) await Promise.all(kept);
        await endOfTick();
        while (waiting() > maxHeldBack) await pause(1);
      }
      await endOfTick();
      await endOfTick();
      await gone();
    });
    return { envelopes, ...cost };
  };
  const paced = async ({ tickets, rate, ms, content }: Paced): Promise<Sent> => {
    let envelopes = 0;
    const cost = await costOf(async () => {
      const begun = performance.now();
      for (let now = begun; now < begun + ms; now = performance.now()) {
        const due = Math.floor(((now - begun) / 1_000) * rate);
        for (; envelopes < due; envelopes += 1) {
          publish(tickets[envelopes % tickets.length] as string, contentOf(content));
        }
        await pause(1);
      }
    });
    return { envelopes, ...cost };
  };
  const ready = (tickets: readonly string[]) => tickets.every(isReady);
  return { flatOut, paced, ready, memory };
}
