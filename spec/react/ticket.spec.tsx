import { act, screen, waitFor } from '@testing-library/react';
import { useState, version } from 'react';
import { firstWaitMs } from '../../lib/client/back-off';
import { portOf } from '../../lib/hub/hub';
import { type Ticket, usePending, useTicket, useTicketValue } from '../../lib/react';
import { tellTypingMs, typingMs } from '../../lib/react/typing';
import { ManualClock } from '../../lib/testing/manual-clock';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { cutAll } from '../client/guest';
import { leavePages, openPage, untilOn } from './page';

/** Set by `jest.config.js` for each run. */
declare const reactMajor: number;

let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub();
});
afterEach(async () => {
  await leavePages();
  await hub.close();
});

/** How often each component has rendered. */
const renders: Record<string, number> = {};
beforeEach(() => {
  for (const name of Object.keys(renders)) delete renders[name];
});
function counted(name: string): void {
  renders[name] = (renders[name] ?? 0) + 1;
}

/** The ticket as a component sees it; what it does not read is not read here. */
let ticket: Ticket;

function Lines({ ticketId = 'T-1' }: { ticketId?: string }) {
  ticket = useTicket(ticketId);
  counted('Lines');
  return (
    <p>
      {ticket.state}: {ticket.timeline.map(({ content }) => content).join(' ')}
    </p>
  );
}

function People() {
  const { presence } = useTicket('T-1');
  counted('People');
  return <p>here: {presence.map(({ user }) => user.name).join(' ')}</p>;
}

test('a line grows as it is written, and renders the component at most once in a frame of the screen', async () => {
  await hub.close();
  let write: (text: string) => Promise<unknown> = async () => {};
  let end: () => Promise<unknown> = async () => {};
  hub = await startTestHub({
    agent: async (turn) => {
      const stream = turn.stream();
      ({ write, end } = stream);
      await new Promise((resolve) => turn.signal.addEventListener('abort', resolve));
    },
  });
  openPage(hub, <Lines />);
  await screen.findByText('live:');
  await act(() => ticket.send('go'));
  await screen.findByText('live: go');
  await act(() => write('one '));
  await screen.findByText('live: go one');
  expect(ticket.timeline.at(-1)?.is_streaming).toBe(true);
  const before = renders.Lines ?? 0;
  for (let n = 0; n < 50; n += 1) {
    await write(`${n} `);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await screen.findByText(/ 48 49$/);
  expect((renders.Lines ?? 0) - before).toBeLessThan(50);
  await act(() => end());
  await waitFor(() => expect(ticket.timeline.at(-1)).not.toHaveProperty('is_streaming'));
});

test('this run has the React it is named after', () => {
  expect(version.split('.')[0]).toBe(String(reactMajor));
});

test('a component joins the ticket it names, and shows what is said and who is there', async () => {
  openPage(
    hub,
    <>
      <Lines />
      <People />
    </>,
  );
  await screen.findByText('live:');
  const bob = await hub.connect({ user: 'bob' });
  await bob.ask({ type: 'message', content: 'hello' });
  await screen.findByText('live: hello');
  await screen.findByText('here: alice bob');
  expect(ticket.user).toEqual({ id: 'alice', name: 'alice' });
});

describe('a component renders again only for what it reads:', () => {
  test('twenty lines of chat are nothing to one that shows who is there', async () => {
    openPage(
      hub,
      <>
        <Lines />
        <People />
      </>,
    );
    await screen.findByText('live:');
    await screen.findByText('here: alice');
    const before = { ...renders };
    const bob = await hub.connect({ user: 'bob' });
    await screen.findByText('here: alice bob');
    expect(renders).toEqual({ Lines: before.Lines, People: (before.People ?? 0) + 1 });
    for (let line = 1; line <= 20; line += 1) await bob.ask({ type: 'message', content: `${line}` });
    await screen.findByText(/ 20$/);
    expect(renders.People).toBe((before.People ?? 0) + 1);
    // One line each, or fewer where several came within a frame.
    expect(renders.Lines).toBeGreaterThan(before.Lines ?? 0);
    expect(renders.Lines).toBeLessThanOrEqual((before.Lines ?? 0) + 20);
  });

  test('one that only sends renders once', async () => {
    function Send() {
      const { send } = useTicket('T-1');
      counted('Send');
      return (
        <button type="button" onClick={() => void send('hello')}>
          Send
        </button>
      );
    }
    openPage(
      hub,
      <>
        <Lines />
        <Send />
      </>,
    );
    await screen.findByText('live:');
    act(() => screen.getByText('Send').click());
    await screen.findByText('live: hello');
    expect(renders.Send).toBe(1);
  });

  test('what is read later counts from then on, and is up to date at once', async () => {
    function Late() {
      const [isOpen, setOpen] = useState(false);
      const { timeline, presence } = { ...useLate() };
      function useLate() {
        const late = useTicket('T-1');
        return isOpen ? late : { timeline: late.timeline, presence: undefined };
      }
      counted('Late');
      return (
        <button type="button" onClick={() => setOpen(true)}>
          {timeline.length} {presence?.map(({ user }) => user.name).join(' ')}
        </button>
      );
    }
    openPage(hub, <Late />);
    const bob = await hub.connect({ user: 'bob' });
    await bob.ask({ type: 'message', content: 'hello' });
    await screen.findByText('1');
    act(() => screen.getByRole('button').click());
    expect(screen.getByRole('button').textContent).toBe('1 alice bob');
    await bob.close();
    await screen.findByText('1 alice');
  });

  test('a value made of the ticket, for as long as it is the same', async () => {
    function Count() {
      const pending = useTicketValue('T-1', (each) => each.pending.length);
      const names = useTicketValue(
        'T-1',
        (each) => each.presence.map(({ user }) => user.name),
        (a, b) => a.join() === b.join(),
      );
      counted('Count');
      return (
        <p>
          {pending} pending, {names.join(' ')}
        </p>
      );
    }
    openPage(hub, <Count />);
    await screen.findByText('0 pending, alice');
    const before = renders.Count ?? 0;
    const again = await hub.connect({ user: 'alice' });
    await again.ask({ type: 'message', content: 'hello' });
    await ask();
    await screen.findByText('1 pending, alice');
    expect(renders.Count).toBe(before + 1);
  });

  test('the pending requests, for as long as they are the same', async () => {
    function Pending() {
      const pending = usePending('T-1');
      counted('Pending');
      return <p>pending: {pending.map(({ type }) => type).join(' ')}</p>;
    }
    openPage(
      hub,
      <>
        <Lines />
        <Pending />
      </>,
    );
    await screen.findByText('live:');
    const before = renders.Pending ?? 0;
    const bob = await hub.connect({ user: 'bob' });
    await bob.ask({ type: 'message', content: 'hello' });
    await screen.findByText('live: hello');
    expect(renders.Pending).toBe(before);
    await ask();
    await screen.findByText('pending: question');
    expect(renders.Pending).toBe(before + 1);
  });
});

describe('the connection', () => {
  test.each([
    ['plain', false],
    ['mounted twice by StrictMode', true],
  ])('is one for all components of a ticket, %s', async (_how, strict) => {
    const { sockets } = openPage(
      hub,
      <>
        <Lines />
        <People />
        <Lines />
      </>,
      { strict },
    );
    expect(await screen.findAllByText('live:')).toHaveLength(2);
    expect(sockets).toHaveLength(1);
  });

  test('stays over a change of what is shown, and is closed some time after no component shows it', async () => {
    const clock = new ManualClock();
    const { sockets, show } = openPage(hub, <Lines />, { clock, lingerMs: 3_000 });
    await live(clock);
    show(<p>elsewhere</p>);
    act(() => clock.advance(2_999));
    show(<Lines />);
    expect(ticket.state).toBe('live');
    show(<p>elsewhere</p>);
    act(() => clock.advance(3_000));
    expect(clock.pending).toBe(0);
    await waitFor(() => expect(sockets.map(({ readyState }) => readyState)).toEqual([3]));
    show(<Lines />);
    await live(clock);
    expect(sockets).toHaveLength(2);
  });

  test('is another one for another ticket', async () => {
    const { sockets, show } = openPage(hub, <Lines />);
    await screen.findByText('live:');
    await act(() => ticket.send('in the first'));
    await screen.findByText('live: in the first');
    show(<Lines ticketId="T-2" />);
    await screen.findByText('live:');
    expect(sockets).toHaveLength(2);
  });

  test('comes back when it is lost, and in the meantime shows what there was', async () => {
    const clock = new ManualClock();
    openPage(hub, <Lines />, { clock, random: () => 0.5 });
    await live(clock);
    void ticket.send('before');
    await untilOn(clock, () => screen.getByText('live: before'));
    cutAll(hub);
    await untilOn(clock, () => screen.getByText('resuming: before'));
    void ticket.send('meanwhile');
    clock.advance(firstWaitMs);
    await untilOn(clock, () => screen.getByText('live: before meanwhile'));
  });

  test('shows what was missed frame by frame of the screen, not line by line', async () => {
    const clock = new ManualClock();
    openPage(hub, <Lines />, { clock, random: () => 0.5 });
    await live(clock);
    cutAll(hub);
    await untilOn(clock, () => expect(ticket.state).toBe('resuming'));
    const bob = await hub.connect({ user: 'bob' });
    for (let line = 1; line <= 300; line += 1) await bob.ask({ type: 'message', content: `${line}` });
    const before = renders.Lines ?? 0;
    clock.advance(firstWaitMs);
    await live(clock);
    expect(ticket.timeline).toHaveLength(300);
    // The clock went on a few times at most, and between two steps of it there is one frame.
    expect((renders.Lines ?? 0) - before).toBeLessThan(20);
  });

  test('says why it is over, and joins again on `reconnect`', async () => {
    let allowed = true;
    await hub.close();
    hub = await startTestHub({ auth: { authorize: () => (allowed ? 'allow' : 'forbidden') } });
    openPage(hub, <Lines />);
    await screen.findByText('live:');
    allowed = false;
    act(() => void hub.hub.clients.disconnect({ where: () => true, code: 'forbidden' }));
    await screen.findByText('closed:');
    expect(ticket.ending).toMatchObject({ code: 4403 });
    expect(await ticket.send('too late')).toMatchObject({ ok: false, error: { code: 'closed' } });
    allowed = true;
    act(() => ticket.reconnect());
    await screen.findByText('live:');
    expect(ticket.ending).toBeUndefined();
  });

  test('is said to be missing outside a provider', () => {
    jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      expect(() => openPage(hub, <Lines />, { bare: true })).toThrow('<HitlProvider>');
    } finally {
      jest.restoreAllMocks();
    }
  });
});

describe('what one does', () => {
  test('gives what became of it, and never rejects', async () => {
    openPage(hub, <Lines />);
    await screen.findByText('live:');
    await act(async () => {
      expect(await ticket.send('hello')).toMatchObject({ ok: true, ack: { message_id: expect.any(String) } });
      expect(await ticket.send('  ')).toMatchObject({ ok: false, error: { code: 'empty_message' } });
      expect(await ticket.cancelTurn('none')).toMatchObject({ ok: false, error: { code: 'not_found' } });
      expect(await ticket.claim('none')).toMatchObject({ ok: false, error: { code: 'not_found' } });
    });
  });

  test('to a request of the ticket says how it stands, also who was faster', async () => {
    openPage(hub, <Lines />);
    await screen.findByText('live:');
    const { id, revision } = await ask();
    await act(async () => {
      expect(await ticket.claim(id)).toMatchObject({
        ok: true,
        request: { claimed_by: { user_id: 'alice' } },
      });
      expect(await ticket.release(id)).toMatchObject({ ok: true, request: { status: 'pending' } });
      await portOf(hub.hub).hitl.respond(id, { by: { id: 'bob', name: 'Bob' }, status: 'denied' });
      expect(
        await ticket.respond(id, { status: 'approved', revision, response: { answer: 'yes' } }),
      ).toMatchObject({
        ok: false,
        error: { code: 'already_resolved' },
        request: { status: 'denied', responded_by: { display_name: 'Bob' } },
      });
    });
  });

  test('while no component shows the ticket fails', async () => {
    const { show } = openPage(hub, <Lines />, { lingerMs: 0 });
    await screen.findByText('live:');
    show(<p>elsewhere</p>);
    await waitFor(async () => {
      expect(await ticket.send('hello')).toMatchObject({ ok: false, error: { code: 'closed' } });
    });
  });
});

describe('typing', () => {
  function Typists() {
    const { typing } = useTicket('T-1');
    counted('Typists');
    return <p>typing: {typing.map(({ name }) => name).join(' ')}</p>;
  }

  test('is shown of others, until they send it or have stopped', async () => {
    const clock = new ManualClock();
    openPage(
      hub,
      <>
        <Lines />
        <Typists />
      </>,
      { clock },
    );
    await live(clock);
    const bob = await hub.connect({ user: 'bob' });
    const seen = (text: string) =>
      untilOn(clock, () => expect(screen.getByText(/^typing/).textContent).toBe(text));
    bob.send({ type: 'typing' });
    act(() => ticket.sendTyping());
    await seen('typing: bob');
    await bob.ask({ type: 'message', content: 'hello' });
    await seen('typing: ');
    bob.send({ type: 'typing' });
    await seen('typing: bob');
    act(() => clock.advance(typingMs));
    expect(screen.getByText('typing:')).toBeTruthy();
  });

  test('is sent to the others every few seconds, however fast one types', async () => {
    const clock = new ManualClock();
    openPage(hub, <Lines />, { clock });
    await live(clock);
    const bob = await hub.connect({ user: 'bob' });
    for (let key = 0; key < 10; key += 1) ticket.sendTyping();
    clock.advance(tellTypingMs);
    ticket.sendTyping();
    await act(async () => {
      await ticket.send('done');
      ticket.sendTyping();
      await ticket.send('again');
    });
    await bob.next(({ message }) => message?.content === 'again');
    expect(bob.received.filter(({ event }) => event === 'typing')).toHaveLength(3);
  });
});

function ask() {
  return portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'agent',
    type: 'question',
    payload: { question: 'Well?' },
  });
}

function live(clock: ManualClock): Promise<void> {
  return untilOn(clock, () => expect(ticket.state).toBe('live'));
}
