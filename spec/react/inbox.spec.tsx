import { act, screen, waitFor } from '@testing-library/react';
import { memo } from 'react';
import { portOf } from '../../lib/hub/hub';
import { type Inbox, type InboxFilter, useInbox, useRequest, useTicket } from '../../lib/react';
import { maxSettled } from '../../lib/react/inbox-room';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { leavePages, openPage } from './page';

let hub: TestHub;
let allowed: boolean;
beforeEach(async () => {
  allowed = true;
  hub = await startTestHub({
    auth: { authorize: () => (allowed ? 'allow' : 'forbidden'), inboxTickets: () => ['T-1', 'T-2', 'T-3'] },
  });
});
afterEach(async () => {
  await leavePages();
  await hub.close();
});

let inbox: Inbox;
const renders: Record<string, number> = {};
beforeEach(() => {
  for (const name of Object.keys(renders)) delete renders[name];
});
function counted(name: string): void {
  renders[name] = (renders[name] ?? 0) + 1;
}

function List(filter: InboxFilter) {
  inbox = useInbox(filter);
  counted('List');
  const names = inbox.items.map(({ payload }) => String(payload?.tool_name));
  return (
    <p>
      {inbox.state}: {names.join(' ')}
    </p>
  );
}

function Total() {
  const { total } = useInbox();
  counted('Total');
  return <p>total {total}</p>;
}

const Card = memo(function Card({ id }: { id: string }) {
  const { request, error, answer } = useRequest(id);
  counted(id);
  return (
    <button type="button" onClick={() => void answer('approved')}>
      {request?.status} {request?.claimed_by?.display_name ?? request?.responded_by?.display_name}{' '}
      {error?.code}
    </button>
  );
});

/** Asks a moment after what was asked before. */
function ask(toolName: string, more: object = {}) {
  hub.clock.advance(1);
  return portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'agent',
    type: 'tool_approval',
    payload: { tool_name: toolName, tool_args: {} },
    ...more,
  });
}
const bob = { id: 'bob', name: 'Bob' };

test('a component has what waits in all tickets, as it comes and goes', async () => {
  await ask('first');
  openPage(hub, <List />);
  await screen.findByText('live: first');
  const second = await ask('second', { ticketId: 'T-2' });
  await ask('of others', { policy: { users: ['carol'] } });
  await screen.findByText('live: first second');
  await portOf(hub.hub).hitl.respond(second.id, { by: bob, status: 'denied' });
  await screen.findByText('live: first');
});

test('it is filtered and ordered on the server', async () => {
  await ask('block');
  await ask('mail', { ticketId: 'T-2' });
  await ask('block', { ticketId: 'T-2' });
  const { show } = openPage(hub, <List ticketId="T-2" order="newest" />);
  await screen.findByText('live: block mail');
  show(<List toolName="mail" />);
  await screen.findByText('live: mail');
});

test('components of one filter share a connection, and those of another have their own', async () => {
  const { sockets, show } = openPage(
    hub,
    <>
      <List />
      <Total />
    </>,
    { strict: true },
  );
  await screen.findByText('live:');
  expect(sockets).toHaveLength(1);
  show(
    <>
      <List order="newest" />
      <Total />
    </>,
  );
  await waitFor(() => expect(inbox.state).toBe('live'));
  expect(sockets).toHaveLength(2);
});

test('who shows only how many there are does not care who is on what', async () => {
  const { id } = await ask('first');
  openPage(
    hub,
    <>
      <List />
      <Total />
    </>,
  );
  await screen.findByText('live: first');
  await screen.findByText('total 1');
  const before = { ...renders };
  await portOf(hub.hub).hitl.claim(id, bob);
  await waitFor(() => expect(inbox.items[0]?.claimed_by).toMatchObject({ user_id: 'bob' }));
  expect(renders).toEqual({ List: (before.List ?? 0) + 1, Total: before.Total });
});

describe('a card in an inbox', () => {
  function Cards() {
    const { items } = useInbox();
    return items.map(({ id }) => <Card key={id} id={id} />);
  }

  test('needs no connection of its own, and renders for its own request', async () => {
    const made = [await ask('a'), await ask('b', { ticketId: 'T-2' }), await ask('c', { ticketId: 'T-3' })];
    const { sockets, reads } = openPage(hub, <Cards />);
    expect(await screen.findAllByText('pending')).toHaveLength(3);
    const [first, second] = made.map(({ id }) => id);
    if (!first || !second) throw new Error('nothing was asked');
    await portOf(hub.hub).hitl.claim(first, bob);
    await screen.findByText('pending Bob');
    expect([renders[first], renders[second]]).toEqual([2, 1]);
    act(() => screen.getByText('pending Bob').click());
    expect(await portOf(hub.hub).hitl.wait(first)).toMatchObject({
      status: 'approved',
      respondedBy: { userId: 'alice' },
    });
    await waitFor(() => expect(screen.getAllByRole('button')).toHaveLength(2));
    expect(sockets).toHaveLength(1);
    expect(reads).toEqual([]);
  });

  test('that stays goes on when its request has left the inbox', async () => {
    const { id } = await ask('a');
    const { sockets } = openPage(
      hub,
      <>
        <List />
        <Card id={id} />
      </>,
    );
    await screen.findByText('live: a');
    await screen.findByText('pending');
    await portOf(hub.hub).hitl.respond(id, { by: bob, status: 'denied' });
    await screen.findByText('denied Bob');
    act(() => screen.getByText('denied Bob').click());
    await screen.findByText('denied Bob already_resolved');
    // The card was there before the inbox, and had to look for its request.
    expect(sockets.length).toBeLessThanOrEqual(2);
  });
});

test('of those that ended a bounded number is remembered; for an older one the server is asked', async () => {
  const { show, reads } = openPage(hub, <List />);
  await screen.findByText('live:');
  const ended: string[] = [];
  for (let count = 0; count <= maxSettled; count += 1) {
    const { id } = await ask('a');
    await portOf(hub.hub).hitl.respond(id, { by: bob, status: 'denied' });
    ended.push(id);
  }
  const last = await ask('last');
  await screen.findByText('live: last');
  show(
    <>
      <List />
      {[...ended, last.id].map((id) => (
        <Card key={id} id={id} />
      ))}
    </>,
  );
  await waitFor(() => expect(screen.getAllByText('denied Bob')).toHaveLength(ended.length));
  expect(reads).toEqual([`${hub.url}/hitl/requests/${ended[0]}`]);
}, 20_000);

test('actions give what became of them', async () => {
  const { id, revision } = await ask('a');
  openPage(hub, <List />);
  await screen.findByText('live: a');
  await act(async () => {
    expect(await inbox.claim(id)).toMatchObject({ ok: true, request: { claimed_by: { user_id: 'alice' } } });
    expect(await inbox.release(id)).toMatchObject({ ok: true });
    await portOf(hub.hub).hitl.respond(id, { by: bob, status: 'denied' });
    expect(await inbox.respond(id, { status: 'approved', revision })).toMatchObject({
      ok: false,
      error: { code: 'already_resolved' },
      request: { responded_by: { display_name: 'Bob' } },
    });
    expect(await inbox.claim('none')).toMatchObject({ ok: false, error: { code: 'not_found' } });
  });
});

test('what is beyond the first page is asked for', async () => {
  for (let count = 1; count <= 60; count += 1) await ask(`${count}`);
  openPage(hub, <List />);
  await screen.findByText(/ 50$/);
  expect([inbox.items.length, inbox.total, inbox.hasMore]).toEqual([50, 60, true]);
  await act(() => inbox.loadMore());
  await screen.findByText(/ 60$/);
  expect([inbox.items.length, inbox.hasMore]).toEqual([60, false]);
});

test('an inbox that is over says why, and is opened again on `reconnect`', async () => {
  await ask('a');
  openPage(hub, <List />);
  await screen.findByText('live: a');
  hub.hub.clients.disconnect({ where: () => true, code: 'session_ended' });
  await screen.findByText(/^closed/);
  expect(inbox.ending).toMatchObject({ code: 4401 });
  act(() => inbox.reconnect());
  await screen.findByText('live: a');
});

test('a ticket and an inbox in one page show the same', async () => {
  const { id, revision } = await ask('a');
  function Room() {
    const { state, pending } = useTicket('T-1');
    return (
      <p>
        room {state} {pending.length}
      </p>
    );
  }
  openPage(
    hub,
    <>
      <List />
      <Room />
      <Card id={id} />
    </>,
  );
  await screen.findByText('room live 1');
  await act(() => inbox.respond(id, { status: 'approved', revision }));
  await screen.findByText('room live 0');
  await screen.findByText('approved alice');
});
