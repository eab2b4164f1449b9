/** A ticket of the model in a hub: tabs are sockets, and the hub drains gently, so that they can join and leave in the meantime. */
import type { Sink } from '../../lib';
import { portOf } from '../../lib/hub/hub';
import { startTestHub, TestClient, type TestFrame, type TestHub } from '../../lib/testing';
import {
  bounds,
  type Tab,
  type TicketDeed,
  type TicketSight,
  type TicketSystem,
  tabs,
  type Whereabouts,
} from './ticket-model';

/** How long the hub drains, in milliseconds. */
const grace = 10_000;

/** A connection of a tab, and why it is gone if it is. */
interface Connection {
  client: TestClient;
  gone?: Whereabouts;
}

export class TicketOverSockets implements TicketSystem {
  private readonly connections = new Map<Tab, Connection>();
  private draining: Promise<void> | undefined;

  private constructor(readonly hub: TestHub) {}

  static async start(): Promise<TicketOverSockets> {
    const hub = await startTestHub({
      limits: {
        clientsPerTicket: bounds.maxClients,
        clientsPerUserInTicket: bounds.maxClientsOfUser,
        clientsPerUser: bounds.maxClientsOfUserInAll,
      },
      // Never done by itself; while it works the hub drains.
      agent: ({ signal }) =>
        new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
    });
    return new TicketOverSockets(hub);
  }

  async perform(deed: TicketDeed): Promise<string> {
    switch (deed.type) {
      case 'join':
        return this.join(deed.tab);
      case 'leave':
        return this.leave(deed.tab);
      case 'drain':
        await this.drain();
        return 'ok';
      case 'end':
        this.hub.clock.advance(grace);
        await this.draining;
        for (const tab of this.inside()) await this.closedWith(tab, 1012, 'sent away');
        return 'ok';
      case 'restart':
        await this.hub.hitl.close();
        for (const tab of this.inside()) await this.closedWith(tab, 1001, 'cut off');
        await this.hub.restart();
        return 'ok';
    }
  }

  async look(): Promise<TicketSight> {
    const inside = this.inside();
    const { hub } = this.hub;
    // The hub learns of a socket that was closed a moment after its client has.
    await until(() => portOf(hub).closing || hub.reference.getClientCount('T-1') === inside.length);
    const told = await Promise.all(inside.map((tab) => this.toldTo(tab)));
    const [presence = [], ...others] = told;
    for (const other of others)
      if (other.join() !== presence.join()) throw new Error(`One was told ${presence}, another ${other}`);
    return {
      presence,
      clients: inside.length,
      tabs: Object.fromEntries(
        tabs.map((tab) => [
          tab,
          this.connections.has(tab) ? (this.connections.get(tab)?.gone ?? 'in') : 'never here',
        ]),
      ) as TicketSight['tabs'],
    };
  }

  async stop(): Promise<void> {
    await this.hub.close();
  }

  /** Tabs that are connected. */
  private inside(): Tab[] {
    return tabs.filter((tab) => this.connections.has(tab) && this.connections.get(tab)?.gone === undefined);
  }

  private async join(tab: Tab): Promise<string> {
    const [user = '', tabId = ''] = tab.split(' ');
    const opened = await this.hub.tryConnect({ user, tab: tabId });
    if (!(opened instanceof TestClient)) {
      const { code, details } = opened.body.error;
      return details?.bound ? `${code} ${details.bound}` : code;
    }
    await opened.next('snapshot');
    const older = this.connections.get(tab);
    this.connections.set(tab, { client: opened });
    if (!older || older.gone) return 'ok';
    const { code } = await older.client.closed();
    return code === 4409 ? 'ok, the older one was replaced' : `ok, the older one was closed with ${code}`;
  }

  private async leave(tab: Tab): Promise<string> {
    const connection = this.connections.get(tab);
    if (connection && !connection.gone) {
      await connection.client.close();
      connection.gone = 'left';
      return 'ok';
    }
    // Only the app can take out a client that is not in.
    const { hub } = this.hub;
    hub.reference.unregister(hub.reference.newClient('T-1', { id: tab }, deafSink));
    return 'ok';
  }

  /** Begins to drain a hub that has a turn running in another ticket. */
  private async drain(): Promise<void> {
    const guest = await this.hub.connect({ ticketId: 'T-2', user: 'eve' });
    await guest.ask({ type: 'message', content: 'take your time' });
    this.draining = this.hub.hitl.drain({ over: grace });
  }

  private async closedWith(tab: Tab, expected: number, gone: Whereabouts): Promise<void> {
    const connection = this.connections.get(tab);
    if (!connection) return;
    const { code } = await connection.client.closed();
    if (code !== expected) throw new Error(`${tab} was closed with ${code}`);
    connection.gone = gone;
  }

  /** Who is connected, as this client was sent last. */
  private async toldTo(tab: Tab): Promise<string[]> {
    const client = this.connections.get(tab)?.client;
    if (!client) return [];
    client.send({ type: 'ping' });
    await client.next('pong');
    const { presence } = client.received.findLast((frame: TestFrame) => frame.presence !== undefined);
    return presence
      .map(({ user, clients }: { user: { id: string }; clients: number }) => `${user.id} ${clients}`)
      .sort();
  }
}

/** What reaches no client. */
export const deafSink: Sink = { deliver: () => true, send: () => true, close: () => {} };

/** Resolves once it is true, looking again after whatever the sockets have to say. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}
