/** Holds `docs/react.md` and the hooks together: every block is type-checked, mounted over a real hub and used as the page says. */
import { fireEvent, screen, waitFor } from '@testing-library/react';
import type { ComponentType, ReactElement } from 'react';
import { z } from 'zod';
import { portOf } from '../../lib/hub/hub';
import * as hooks from '../../lib/react';
import { maxDesks } from '../../lib/react/desks';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { Examples } from '../docs/example';
import { fences, page as pageOf } from '../docs/pages';
import { putTurn, stuck } from '../transport/put-turn';
import { leavePages, openPage } from './page';

declare const reactMajor: number;

const examples = new Examples();
const text = pageOf('docs/react.md');
const blocks = new Map(
  fences({ path: 'docs/react.md', text }).map((fence) => [
    fence.label,
    { fence, load: examples.add(fence, { play: async () => {} }) },
  ]),
);
let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub({ mount: '/soc' });
});
afterEach(async () => {
  await leavePages();
  await hub.close();
});
afterAll(() => examples.remove());

const played = new Set<string>();
/** What a block of the page exports. */
function load<T>(label: string): T {
  const block = blocks.get(label);
  if (!block) throw new Error(`no block ${label}`);
  played.add(label);
  return block.load<T>();
}

function ask(payload: Record<string, unknown> = {}, turnId?: string) {
  return portOf(hub.hub).hitl.request({
    ticketId: 'T-1001',
    sessionId: 's',
    userId: 'agent',
    type: 'tool_approval',
    payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7', hours: 48 }, ...payload },
    ...(turnId !== undefined && { turnId }),
  });
}

test('the page shows what is said, and a request until it is answered', async () => {
  const { page } = load<{ page: ReactElement<{ url: string; children: ReactElement }> }>('page');
  expect([page.type, page.props.url]).toEqual([hooks.HitlProvider, '/soc']);
  openPage(hub, page.props.children);
  const bob = await hub.connect({ user: 'bob', ticketId: 'T-1001' });
  await waitFor(() => expect(hub.hub.reference.getTotalClientCount()).toBe(2));
  fireEvent.click(screen.getByText('Block it'));
  await screen.findByText('block 203.0.113.7');
  const { id } = await ask();
  fireEvent.change(await screen.findByRole('textbox'), { target: { value: 'go' } });
  fireEvent.click(screen.getByText('Approve'));
  expect(await bob.next('hitl_request_resolved')).toMatchObject({
    hitl: { id, status: 'approved', response: { comment: 'go' } },
  });
  await waitFor(() => expect(screen.queryByText('block_ip')).toBeNull());
});

test('the head shows who is there and who writes, and how to come back', async () => {
  const { Head } = load<{ Head: ComponentType<{ ticketId: string }> }>('room');
  openPage(hub, <Head ticketId="T-1" />);
  await screen.findByText('alice');
  const bob = await hub.connect({ user: 'bob' });
  bob.send({ type: 'typing' });
  await screen.findByText('alice, bob, bob is writing');
  hub.hub.clients.disconnect({ userId: 'alice', code: 'session_ended' });
  fireEvent.click(await screen.findByText('session ended: connect again'));
  await screen.findByText('bob, alice');
});

test('the badge counts', async () => {
  const { Badge } = load<{ Badge: ComponentType<{ ticketId: string }> }>('badge');
  openPage(hub, <Badge ticketId="T-1001" />);
  await ask();
  await ask();
  await screen.findByText('2');
});

test('the form says what does not fit, and sends what does', async () => {
  portOf(hub.hub).hitl.defineTool('block_ip', z.object({ ip: z.ipv4(), hours: z.number().max(72) }));
  const { Hours } = load<{ Hours: ComponentType<{ id: string }> }>('form');
  const { id } = await ask({ editable: true });
  openPage(hub, <Hours id={id} />);
  await waitFor(() => expect(hours().value).toBe('48'));
  fireEvent.change(hours(), { target: { value: '100' } });
  await screen.findByText('tool_args.hours has to be at most 72');
  expect(screen.getByRole<HTMLButtonElement>('button').disabled).toBe(true);
  fireEvent.change(hours(), { target: { value: '12' } });
  await waitFor(() => expect(hub.hub.reference.getTotalClientCount()).toBe(1));
  fireEvent.click(screen.getByRole('button'));
  expect(await portOf(hub.hub).hitl.wait(id)).toMatchObject({
    status: 'approved',
    response: { tool_args: { ip: '203.0.113.7', hours: 12 } },
  });
  function hours() {
    return screen.getByRole<HTMLInputElement>('spinbutton');
  }
});

test('an outcome says that it was done, or who was faster', async () => {
  const { Deny } = load<{ Deny: ComponentType<{ id: string; tell(text: string): void }> }>('outcome');
  const tell = jest.fn();
  const [first, second] = [await ask(), await ask()];
  const { show } = openPage(hub, <Deny key={first.id} id={first.id} tell={tell} />);
  await waitFor(() => expect(hub.hub.reference.getTotalClientCount()).toBe(1));
  fireEvent.click(screen.getByText('Deny'));
  await waitFor(() => expect(tell).toHaveBeenLastCalledWith('It is denied'));
  show(<Deny key={second.id} id={second.id} tell={tell} />);
  await waitFor(() => expect(hub.hub.reference.getTotalClientCount()).toBe(1));
  await portOf(hub.hub).hitl.respond(second.id, { by: { id: 'bob', name: 'Bob' }, status: 'approved' });
  fireEvent.click(screen.getByText('Deny'));
  await waitFor(() => expect(tell).toHaveBeenLastCalledWith('Bob was faster: approved'));
});

test('the work says what it waits for, why it is stuck, and who may not steer it', async () => {
  await hub.close();
  hub = await startTestHub({ mount: '/soc', rules: { mayCancelTurn: () => false } });
  const { Work } = load<{ Work: ComponentType<{ ticketId: string }> }>('turn');
  const { id } = await putTurn(hub.store, { ticketId: 'T-1001', status: 'running' });
  const asked = await ask({}, id);
  await putTurn(hub.store, {
    ...{ id, ticketId: 'T-1001' },
    waitsFor: { since: Date.UTC(2026, 0, 1), requestIds: [asked.id] },
    status: 'waiting',
  });
  await putTurn(hub.store, { ...stuck, ticketId: 'T-1001' });
  openPage(hub, <Work ticketId="T-1001" />);
  await screen.findByText(/waiting since .* 2026, for:/);
  expect(screen.getByText('tool_approval').getAttribute('href')).toBe(`#${asked.id}`);
  await screen.findByText(`${stuck.problem?.message}`);
  fireEvent.click(screen.getByText('Try again'));
  await screen.findByText(/You may not end or steer this turn$/);
});

test('the inbox shows what waits, and its cards answer', async () => {
  await hub.close();
  hub = await startTestHub({ mount: '/soc', auth: { inboxTickets: () => ['T-1001'] } });
  const { Inbox } = load<{ Inbox: ComponentType }>('inbox');
  const { id } = await ask();
  const { sockets } = openPage(hub, <Inbox />);
  await screen.findByText('1 for you');
  fireEvent.click(screen.getByText('Approve block_ip'));
  expect(await portOf(hub.hub).hitl.wait(id)).toMatchObject({ status: 'approved' });
  await screen.findByText('0 for you');
  expect(sockets).toHaveLength(1);
});

test('what no hook returns is asked for', async () => {
  const { Sessions } = load<{ Sessions: ComponentType<{ ticketId: string }> }>('rest');
  const bob = await hub.connect({ user: 'bob', ticketId: 'T-1001' });
  await bob.ask({ type: 'message', content: 'hello' });
  openPage(hub, <Sessions ticketId="T-1001" />);
  await screen.findByText('1 sessions');
});

test('every block was used, and has the right types', async () => {
  expect([...played].sort()).toEqual([...blocks.keys()].sort());
  // The declarations there are those of React 19.
  if (reactMajor === 19) expect(await examples.typeErrors()).toEqual([]);
}, 60_000);

test('every public name is on the page', () => {
  for (const name of Object.keys(hooks)) expect([name, text.includes(name)]).toEqual([name, true]);
});

test('the numbers in the text are those of the code', () => {
  expect(text).toContain(`state of ${maxDesks} requests`);
});
