/** The line that says how it stands with the connection, on pages of a real hub. */
import { screen, waitFor } from '@testing-library/react';
import { WebSocket } from 'ws';
import type { SocketConstructor } from '../../lib/client';
import { portOf } from '../../lib/hub/hub';
import { ConnectionLine } from '../../lib/parts/connection';
import { useInbox, useTicket } from '../../lib/react';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { leavePages, openPage } from '../react/page';

let hub: TestHub;
afterEach(async () => {
  await leavePages();
  await hub.close();
});

function TicketLine() {
  return <ConnectionLine {...useTicket('T-1')} />;
}

function InboxLine() {
  const { state, items, transport, refusal } = useInbox();
  return (
    <>
      <p>{`${state} ${items.length}`}</p>
      <ConnectionLine state={state} transport={transport} refusal={refusal} />
    </>
  );
}

/** As behind a proxy that loses upgrades: the handshake is answered like a plain request. */
const noUpgrades: SocketConstructor = class extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url.replace('/ws/', '/hitl/'), protocols);
  }
};

test('says nothing while all is well', async () => {
  hub = await startTestHub();
  openPage(hub, <TicketLine />);
  await waitFor(() => expect(hub.hub.reference.getClientCount('T-1')).toBe(1));
  await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
  expect(screen.queryByRole('status')).toBeNull();
});

test('says that no WebSocket gets through, in a ticket and in an inbox, and all works', async () => {
  hub = await startTestHub();
  openPage(
    hub,
    <>
      <TicketLine />
      <InboxLine />
    </>,
    { WebSocket: noUpgrades },
  );
  await waitFor(() => expect(screen.getAllByText(/Connected without a WebSocket/)).toHaveLength(2));
  const ask = { ticketId: 'T-9', sessionId: 's', userId: 'agent', type: 'question' };
  await portOf(hub.hub).hitl.request({ ...ask, payload: { question: 'Where?' } });
  await screen.findByText('live 1');
});

test('says why it is not in, in the words of the hub, and goes as soon as it is', async () => {
  hub = await startTestHub({ limits: { clientsPerTicket: 1 } });
  const bob = await hub.connect({ user: 'bob' });
  openPage(hub, <TicketLine />);
  await screen.findByText('The ticket has reached its number of clients. It is tried again.');
  await bob.close();
  await waitFor(() => expect(hub.hub.reference.getClientCount('T-1')).toBe(1));
  await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
});

test('says what answers in place of the hub', async () => {
  hub = await startTestHub();
  const html = async () => ({ status: 403, json: () => Promise.reject(new SyntaxError('<')) });
  openPage(hub, <TicketLine />, { WebSocket: noUpgrades, fetch: html });
  await screen.findByText('The server answers 403. It is tried again.');
});
