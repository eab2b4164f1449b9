/** One timer for all connections: pings them, drops those that are silent, tells where their log stands; the socket route keeps it. */
import type { Client } from '../hub/client';
import type { Clock } from '../hub/clock';
import type { Hub } from '../hub/hub';
import type { Pong } from '../protocol/envelopes';
import type { Connection } from './connection';

export class Heartbeat {
  private readonly clients = new Map<Connection, Client>();
  private cancel: (() => void) | undefined;

  constructor(
    private readonly hub: Hub,
    private readonly clock: Clock,
    readonly intervalMs: number,
  ) {}

  /** Connections open now. */
  get size(): number {
    return this.clients.size;
  }

  add(connection: Connection, client: Client): void {
    this.clients.set(connection, client);
    this.cancel ??= this.arm();
  }

  remove(connection: Connection): void {
    this.clients.delete(connection);
    if (this.clients.size > 0) return;
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
    for (const [connection, client] of [...this.clients]) {
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

/**
 * Where a ticket's log stands, told after the end of the tick: by then all that was committed before has gone out, and an
 * envelope that is only late does not look lost. @throws HubError `storage_failed`, `unavailable`
 */
export async function pongOf(hub: Hub, ticketId: string): Promise<Pong> {
  const { seq } = await hub.position(ticketId);
  await new Promise((resolve) => setImmediate(resolve));
  return { event: 'pong', seq };
}
