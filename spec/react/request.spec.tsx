import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { z } from 'zod';
import type { HitlTypes, Kinds, RequestRecord } from '../../lib';
import { portOf } from '../../lib/hub/hub';
import { defineKind } from '../../lib/index';
import { type Request, useRequest, useTicket } from '../../lib/react';
import { ManualClock } from '../../lib/testing/manual-clock';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { leavePages, openPage, untilOn } from './page';

let hub: TestHub<HitlTypes>;
beforeEach(async () => {
  hub = await startTestHub({
    kinds: {
      severity: defineKind({ payload: z.object({}), response: z.strictObject({ level: z.int().max(5) }) }),
    } as Kinds,
  });
});
afterEach(async () => {
  await leavePages();
  await hub.close();
});

/** Each request as its card sees it, and how often that has rendered. */
const cards: Record<string, Request> = {};
const renders: Record<string, number> = {};
beforeEach(() => {
  for (const all of [cards, renders]) for (const name of Object.keys(all)) delete all[name];
});

/** The card of the request: what it asks, a comment, two buttons. */
function Card({ id, ticketId }: { id: string; ticketId?: string }) {
  const card = useRequest(ticketId === undefined ? id : { id, ticketId });
  cards[id] = card;
  renders[id] = (renders[id] ?? 0) + 1;
  const { request, draft, busy, error, edit, answer } = card;
  if (!request) return <p>{error ? `none: ${error.code}` : 'loading'}</p>;
  return (
    <form aria-label={id}>
      <output>
        {request.status} {request.responded_by?.display_name} {busy} {error?.code}
      </output>
      <input
        aria-label={`comment ${id}`}
        value={draft.comment ?? ''}
        onChange={({ target }) => edit({ comment: target.value })}
      />
      <button type="button" onClick={() => void answer('approved')}>
        Approve
      </button>
      <button type="button" onClick={() => void answer('denied')}>
        Deny
      </button>
    </form>
  );
}

const card = (id: string) => cards[id] as Request;
const shows = (id: string, text: string) =>
  waitFor(() => expect(screen.getByLabelText(id).querySelector('output')?.textContent?.trim()).toBe(text));
const comment = (id: string) => screen.getByLabelText<HTMLInputElement>(`comment ${id}`);
const type = (id: string, value: string) => fireEvent.change(comment(id), { target: { value } });
const press = (id: string, name: string) =>
  act(() =>
    [...screen.getByLabelText(id).querySelectorAll('button')]
      .find((each) => each.textContent === name)
      ?.click(),
  );

function ask(more: object = {}): Promise<RequestRecord> {
  return portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'agent',
    type: 'tool_approval',
    payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
    ...more,
  });
}
const bobDenies = (id: string) =>
  portOf(hub.hub).hitl.respond(id, { by: { id: 'bob', name: 'Bob' }, status: 'denied' });

describe('a request', () => {
  test('is answered with what was filled in, and shows who answered', async () => {
    const { id } = await ask();
    openPage(hub, <Card id={id} ticketId="T-1" />);
    await shows(id, 'pending');
    type(id, 'go ahead');
    press(id, 'Approve');
    await shows(id, 'approved alice');
    expect(await portOf(hub.hub).hitl.get(id)).toMatchObject({
      status: 'approved',
      response: { comment: 'go ahead' },
    });
    expect(comment(id).value).toBe('');
  });

  test('shows the person whose answer comes second who was faster, though the page had not heard of it', async () => {
    const { id } = await ask();
    openPage(hub, <Card id={id} ticketId="T-1" />);
    await shows(id, 'pending');
    await act(async () => {
      await bobDenies(id);
      expect(await card(id).answer('approved')).toMatchObject({
        ok: false,
        error: { code: 'already_resolved' },
        request: { status: 'denied', responded_by: { display_name: 'Bob' } },
      });
    });
    await shows(id, 'denied Bob  already_resolved');
  });

  test('is busy while its answer is on the way; pressed twice it is answered once', async () => {
    const { id } = await ask();
    openPage(hub, <Card id={id} ticketId="T-1" />);
    await shows(id, 'pending');
    const first = card(id).answer('approved');
    expect(card(id).answer('denied')).toBe(first);
    await shows(id, 'pending  answer');
    await shows(id, 'approved alice');
    expect(await first).toMatchObject({ ok: true, request: { status: 'approved' } });
  });

  test('is claimed and let go of', async () => {
    const { id } = await ask();
    openPage(hub, <Card id={id} ticketId="T-1" />);
    await shows(id, 'pending');
    await act(() => card(id).claim());
    await waitFor(() => expect(card(id).request?.claimed_by).toMatchObject({ user_id: 'alice' }));
    await act(() => card(id).release());
    await waitFor(() => expect(card(id).request?.claimed_by).toBeUndefined());
  });

  test('that was amended is not answered as it was shown before, and only the comment of the draft stays', async () => {
    const { id } = await ask();
    openPage(hub, <Card id={id} ticketId="T-1" />);
    await shows(id, 'pending');
    const before = card(id);
    act(() => before.edit({ comment: 'fine', tool_args: { ip: '203.0.113.8' } }));
    await act(() =>
      portOf(hub.hub).hitl.amend(id, { tool_name: 'block_ip', tool_args: { ip: '203.0.113.9' } }),
    );
    await waitFor(() => expect(card(id).request?.revision).toBe(2));
    expect(card(id).draft).toEqual({ comment: 'fine' });
    await act(async () => {
      expect(await before.answer('approved', {})).toMatchObject({
        ok: false,
        error: { code: 'stale_revision' },
      });
    });
    press(id, 'Approve');
    await shows(id, 'approved alice');
  });
});

describe('what was filled in and not sent', () => {
  const payload = { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' }, editable: true };
  const edits = { tool_args: { ip: '203.0.113.8' } };
  beforeEach(() => portOf(hub.hub).hitl.defineTool('block_ip', z.object({ ip: z.string() })));

  test('for an earlier revision is offered, and used again only when that is asked for', async () => {
    const { id } = await ask({ payload });
    openPage(hub, <Card id={id} ticketId="T-1" />);
    await shows(id, 'pending');
    act(() => card(id).edit({ comment: 'fine', ...edits }));
    await act(() => portOf(hub.hub).hitl.amend(id, { ...payload, tool_args: { ip: '203.0.113.9' } }));
    await waitFor(() => expect(card(id).request?.revision).toBe(2));
    expect(card(id).unsent).toEqual({ response: edits, revision: 1 });
    act(() => card(id).edit(card(id).unsent?.response ?? {}));
    act(() => card(id).discard());
    expect([card(id).draft, card(id).unsent]).toEqual([{ comment: 'fine', ...edits }, undefined]);
    press(id, 'Approve');
    await shows(id, 'approved alice');
    expect((await portOf(hub.hub).hitl.get(id)).response).toEqual({ comment: 'fine', ...edits });
    expect(card(id).draft).toEqual({});
  });

  test('stays when another person was faster, until it is discarded', async () => {
    const { id } = await ask({ payload });
    openPage(hub, <Card id={id} ticketId="T-1" />);
    await shows(id, 'pending');
    act(() => card(id).edit(edits));
    await act(async () => {
      await bobDenies(id);
      await card(id).answer('approved');
    });
    await shows(id, 'denied Bob  already_resolved');
    expect(card(id).draft).toEqual(edits);
    act(() => card(id).discard());
    expect(card(id).draft).toEqual({});
    await shows(id, 'denied Bob');
  });

  test('with a denial, which takes the comment alone, stays', async () => {
    const { id } = await ask({ payload });
    openPage(hub, <Card id={id} ticketId="T-1" />);
    await shows(id, 'pending');
    act(() => card(id).edit({ comment: 'no', ...edits }));
    press(id, 'Deny');
    await shows(id, 'denied alice');
    expect(card(id).draft).toEqual(edits);
  });
});

describe('nothing of one request gets into another:', () => {
  test('the comment, though the same component shows the next one', async () => {
    const [first, second] = [await ask(), await ask()];
    const { show } = openPage(hub, <Card id={first.id} ticketId="T-1" />);
    await shows(first.id, 'pending');
    type(first.id, 'of the first');
    show(<Card id={second.id} ticketId="T-1" />);
    await shows(second.id, 'pending');
    expect(comment(second.id).value).toBe('');
    press(second.id, 'Deny');
    await shows(second.id, 'denied alice');
    expect((await portOf(hub.hub).hitl.get(second.id))?.response).toBeUndefined();
    show(<Card id={first.id} ticketId="T-1" />);
    expect(comment(first.id).value).toBe('of the first');
  });

  test('the error', async () => {
    const [first, second] = [await ask(), await ask()];
    const { show } = openPage(hub, <Card id={first.id} ticketId="T-1" />);
    await shows(first.id, 'pending');
    await act(async () => {
      await bobDenies(first.id);
      await card(first.id).answer('approved');
    });
    await shows(first.id, 'denied Bob  already_resolved');
    show(<Card id={second.id} ticketId="T-1" />);
    await shows(second.id, 'pending');
  });

  test('renders: a card does not care what is typed into another, or said in the ticket', async () => {
    const [first, second] = [await ask(), await ask()];
    openPage(
      hub,
      <>
        <Card id={first.id} ticketId="T-1" />
        <Card id={second.id} ticketId="T-1" />
      </>,
    );
    await shows(second.id, 'pending');
    const before = { ...renders };
    for (const text of ['o', 'ok', 'ok!']) type(first.id, text);
    const bob = await hub.connect({ user: 'bob' });
    await bob.ask({ type: 'message', content: 'hello' });
    press(first.id, 'Approve');
    await shows(first.id, 'approved alice');
    expect(renders[second.id]).toBe(before[second.id]);
  });
});

describe('what does not fit is not sent:', () => {
  test('a question without its answer', async () => {
    const { id } = await ask({ type: 'question', payload: { question: 'Which?', options: ['A', 'B'] } });
    openPage(hub, <Card id={id} ticketId="T-1" />);
    await shows(id, 'pending');
    const issues = [{ path: 'answer', message: 'is required' }];
    await act(async () => {
      expect(await card(id).answer('approved')).toMatchObject({
        error: { code: 'invalid_response', details: { issues } },
      });
    });
    await shows(id, 'pending   invalid_response');
    act(() => card(id).edit({ answer: 'B' }));
    press(id, 'Approve');
    await shows(id, 'approved alice');
    expect(await portOf(hub.hub).hitl.get(id)).toMatchObject({ response: { answer: 'B' } });
  });

  test('edited arguments that the tool does not take; others are', async () => {
    portOf(hub.hub).hitl.defineTool(
      'block_ip',
      z.object({ ip: z.ipv4(), hours: z.number().max(72).optional() }),
    );
    const payload = { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' }, editable: true };
    const { id } = await ask({ payload });
    openPage(hub, <Card id={id} ticketId="T-1" />);
    await shows(id, 'pending');
    await act(async () => {
      expect(await card(id).answer('approved', { tool_args: { ip: 'home', hours: 100 } })).toMatchObject({
        error: {
          details: {
            issues: [{ path: 'tool_args.hours', message: 'has to be at most 72' }],
          },
        },
      });
      // Of a form only the server knows.
      expect(await card(id).answer('approved', { tool_args: { ip: 'home' } })).toMatchObject({
        error: { code: 'invalid_response', details: { issues: [{ path: 'tool_args.ip' }] } },
      });
    });
    act(() => card(id).edit({ tool_args: { ip: '203.0.113.8' } }));
    press(id, 'Approve');
    await shows(id, 'approved alice');
    expect(await portOf(hub.hub).hitl.get(id)).toMatchObject({
      response: { tool_args: { ip: '203.0.113.8' } },
    });
  });

  test('a kind of the app; a denial takes the comment alone', async () => {
    const { id } = await ask({ type: 'severity', payload: {} });
    openPage(hub, <Card id={id} ticketId="T-1" />);
    await shows(id, 'pending');
    act(() => card(id).edit({ level: 7, comment: 'no' }));
    await act(async () => {
      expect(await card(id).answer('approved')).toMatchObject({ error: { code: 'invalid_response' } });
      expect(await card(id).answer('denied')).toMatchObject({
        ok: true,
        request: { response: { comment: 'no' } },
      });
    });
  });
});

describe('a request that is known by its id alone', () => {
  test('is looked for, and then followed in its ticket', async () => {
    const { id } = await ask();
    const { reads, sockets } = openPage(hub, <Card id={id} />, { strict: true });
    await shows(id, 'pending');
    expect(reads).toEqual([`${hub.url}/hitl/requests/${id}`]);
    await act(() => bobDenies(id));
    await shows(id, 'denied Bob');
    expect(sockets).toHaveLength(1);
  });

  test('needs no connection when it is settled', async () => {
    const { id } = await ask();
    await bobDenies(id);
    const { sockets } = openPage(hub, <Card id={id} />);
    await shows(id, 'denied Bob');
    press(id, 'Approve');
    await shows(id, 'denied Bob  already_resolved');
    expect(sockets).toEqual([]);
  });

  test('and is none, says so', async () => {
    const { reads } = openPage(hub, <Card id="none" />);
    await screen.findByText('none: not_found');
    expect(reads).toHaveLength(1);
  });

  test('is looked for again while the server gives no answer', async () => {
    const { id } = await ask();
    const clock = new ManualClock();
    let fails = 2;
    const fetch = (url: string, init: { headers: Record<string, string> }) => {
      fails -= 1;
      if (fails >= 0) return Promise.reject(new TypeError('fetch failed'));
      return globalThis.fetch(url, { headers: { ...init.headers, 'x-user': 'alice' } });
    };
    openPage(hub, <Card id={id} />, { clock, fetch });
    await screen.findByText('none: unavailable');
    act(() => clock.advance(999));
    expect(fails).toBe(1);
    act(() => clock.advance(1));
    await waitFor(() => expect(fails).toBe(0));
    act(() => clock.advance(2_000));
    await untilOn(clock, () => expect(card(id).request?.status).toBe('pending'));
    expect(card(id).error).toBeUndefined();
  });
});

test('a settled request that the ticket’s view no longer has is read over REST', async () => {
  const { id } = await ask();
  await bobDenies(id);
  const { reads } = openPage(hub, <Card id={id} ticketId="T-1" />);
  await shows(id, 'denied Bob');
  expect(reads).toHaveLength(1);
});

describe('the time that is left', () => {
  function Countdown({ id }: { id: string }) {
    const { remainingMs } = useRequest({ id, ticketId: 'T-1' });
    renders.countdown = (renders.countdown ?? 0) + 1;
    return <p>left: {remainingMs}</p>;
  }

  test('is counted down once a second, and only for who shows it', async () => {
    const clock = hub.clock;
    const { id } = await ask({ expiresIn: '10s' });
    openPage(
      hub,
      <>
        <Countdown id={id} />
        <Card id={id} ticketId="T-1" />
      </>,
      { clock },
    );
    await untilOn(clock, () => screen.getByText('left: 10000'));
    const before = { ...renders };
    for (const left of [9_000, 8_000, 7_000]) {
      act(() => clock.advance(999 - (clock.now() % 1_000)));
      expect(screen.getByText(`left: ${left + 1_000}`)).toBeTruthy();
      act(() => clock.advance(1));
      expect(screen.getByText(`left: ${left}`)).toBeTruthy();
    }
    expect(renders.countdown).toBe((before.countdown ?? 0) + 3);
    expect(renders[id]).toBe(before[id]);
    await act(() => hub.advance('7s'));
    await untilOn(clock, () => expect(card(id).request?.status).toBe('expired'));
    expect(screen.getByText('left:')).toBeTruthy();
  });

  test('above an hour it is counted in minutes', async () => {
    const { clock } = hub;
    const { id } = await ask({ expiresIn: '2h' });
    openPage(hub, <Countdown id={id} />, { clock });
    await untilOn(clock, () => screen.getByText('left: 7200000'));
    const before = renders.countdown ?? 0;
    act(() => clock.advance(59_000));
    expect(renders.countdown).toBe(before);
    act(() => clock.advance(1_000));
    expect(screen.getByText('left: 7140000')).toBeTruthy();
  });
});

test('a card beside its ticket shows the request in its first render', async () => {
  const { id } = await ask();
  function Ticket() {
    const { pending } = useTicket('T-1');
    return pending.map((request) => <Card key={request.id} id={request.id} ticketId="T-1" />);
  }
  openPage(hub, <Ticket />);
  await shows(id, 'pending');
  expect(screen.queryByText('loading')).toBeNull();
  expect(renders[id]).toBe(1);
});
