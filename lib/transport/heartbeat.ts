/** Who sits at which socket, and one timer for all: pings them, drops the silent, tells where their log stands; the socket route keeps it. */
import type { WebSocket } from 'ws';
import type { Client } from '../hub/client';
import type { Clock } from '../hub/clock';
import type { Hub } from '../hub/hub';
import type { Frames } from './frames';
import { pongOf } from './pong';

export class Heartbeat {
  /** By their sockets, so that all sockets can share their listeners: an idle one is to cost little. */
  private readonly seats = new Map<WebSocket, Frames>();
  private cancel: (() => void) | undefined;

  constructor(
    private readonly hub: Hub,
    private readonly clock: Clock,
    readonly intervalMs: number,
  ) {}

  /** Connections open now. */
  get size(): number {
    return this.seats.size;
  }

  add(socket: WebSocket, seat: Frames): void {
    this.seats.set(socket, seat);
    this.cancel ??= this.arm();
  }

  at(socket: WebSocket): Frames | undefined {
    return this.seats.get(socket);
  }

  remove(socket: WebSocket): void {
    this.seats.delete(socket);
    if (this.seats.size > 0) return;
    this.cancel?.();
    this.cancel = undefined;
  }

  private arm(): () => void {
    return this.clock.later(this.intervalMs, () => {
      this.cancel = this.arm();
      this.beat();
    });
  }

  private beat(): void {
    const byTicket = new Map<string, Client[]>();
    for (const { connection, client } of [...this.seats.values()]) {
      connection.beat();
      // The classic dialect knows a pong as an answer only.
      if (connection.dialect === 'classic') continue;
      const together = byTicket.get(client.ticketId);
      if (together) together.push(client);
      else byTicket.set(client.ticketId, [client]);
    }
    for (const [ticketId, together] of byTicket) {
      pongOf(this.hub, ticketId).then(
        (pong) => {
          for (const client of together) this.hub.tell(client, pong);
        },
        () => {
          // The store cannot say; the next beat asks again.
        },
      );
    }
  }
}
