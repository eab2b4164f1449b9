import { presenceOf, ticketMachine } from '../../lib/actors/ticket-machine';
import { Client } from '../../lib/hub/tickets/client';
import { Room } from '../../lib/hub/tickets/room';
import { assertCoverage, ManualClock, startTestHub } from '../../lib/testing';
import { seed } from '../seed';
import { TicketAlone } from './ticket-alone';
import { bounds, modelOfTicket } from './ticket-model';
import { deafSink, TicketOverSockets } from './ticket-over-sockets';
import { watched } from './watched';

describe('The machine of tickets alone', () => {
  const model = modelOfTicket();
  const start = () => new TicketAlone({ ticketMachine, presenceOf });

  it('does what the specification says, on every event in every state', async () => {
    const { steps } = await model.test({ start });
    expect(steps).toBeGreaterThanOrEqual(model.size.edges);
    model.assertCoverage();
  });

  it('does so too when it is persisted and restored after every step', async () => {
    const { restarts, steps } = await model.test({ start, restart: (ticket) => ticket.restart?.() });
    expect(restarts).toBe(steps);
  });

  it('does so on walks by chance that are longer than any shortest path', async () => {
    await model.test({ start, paths: model.randomWalks({ seed, walks: 30, steps: 60 }) });
  });
});

describe('Tickets in a hub, over sockets', () => {
  const seen = watched(ticketMachine);
  const model = modelOfTicket();

  it('do what the specification says, on every event in every state, restarts among them', async () => {
    const start = () => TicketOverSockets.start();
    const { steps } = await model.test({ start, stop: (ticket) => ticket.stop() });
    expect(steps).toBeGreaterThanOrEqual(model.size.edges);
    model.assertCoverage();
  }, 60_000);

  it('let a client of the app in once, however often it is registered', async () => {
    const hub = await startTestHub();
    const alice = await hub.connect();
    const client = hub.hub.reference.newClient('T-1', { id: 'app' }, deafSink);
    for (let time = 1; time <= 3; time += 1) {
      hub.hub.reference.register(client);
      // Each time in a tick of its own, since presence is sent once per tick.
      await alice.ask({ type: 'message', content: 'who is here?' });
    }
    const both = alice.all('presence_changed').filter(({ presence }) => presence?.length === 2);
    expect(both.length).toBe(1);
    await hub.close();
  });

  it('refuse a person who has joined as many tickets as one may, in an empty ticket and in one in use', async () => {
    const hub = await startTestHub({ limits: { clientsPerUser: 2 } });
    await hub.connect({ ticketId: 'T-1', user: 'ben' });
    const first = await hub.connect({ ticketId: 'T-2', user: 'ann' });
    await hub.connect({ ticketId: 'T-3', user: 'ann' });
    const refused = {
      status: 429,
      body: { error: { code: 'ticket_full', details: { bound: 'user', most: 2 } } },
    };
    expect(await hub.tryConnect({ ticketId: 'T-1', user: 'ann' })).toMatchObject(refused);
    expect(await hub.tryConnect({ ticketId: 'T-4', user: 'ann' })).toMatchObject(refused);
    // A tab that comes back is no further client, and one that has left makes room.
    await hub.connect({ ticketId: 'T-2', user: 'ann' });
    expect((await first.closed()).code).toBe(4409);
    hub.hub.clients.disconnect({ where: ({ ticketId, user }) => ticketId === 'T-3' && user.id === 'ann' });
    await hub.connect({ ticketId: 'T-1', user: 'ann' });
    await hub.close();
  });

  // The hub has no room for a ticket without clients, and asks no room once it closes: this asks the room itself.
  it('end at once when no client is connected, and admit no client while they end', () => {
    const clock = new ManualClock();
    const empty = new Room('T-1', bounds, clock, () => {});
    empty.drain();
    const inUse = new Room('T-1', bounds, clock, () => {});
    const client = (tabId: string) =>
      new Client({ ticketId: 'T-1', user: { id: 'ann' }, tabId, sink: deafSink, now: clock.now() });
    inUse.join(client('left'), 0);
    inUse.drain();
    expect(() => inUse.join(client('right'), 1)).toThrow(expect.objectContaining({ code: 'closing' }));
    expect([empty.size, inUse.size]).toEqual([0, 1]);
  });

  it('were in every state, took every transition, and had every guard say yes and no', () => {
    assertCoverage(seen);
  });
});
