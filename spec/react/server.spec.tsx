import { act, screen, waitFor } from '@testing-library/react';
import { hydrateRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import type { WebSocket } from 'ws';
import { portOf } from '../../lib/hub/hub';
import { HitlProvider, usePending, useRequest, useTicket } from '../../lib/react';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { testSocket } from '../client/guest';
import './page';

let hub: TestHub;
let root: Root | undefined;
afterEach(async () => {
  act(() => root?.unmount());
  root = undefined;
  document.body.replaceChildren();
  jest.restoreAllMocks();
  await hub?.close();
});

function Page({ id }: { id: string }) {
  const { state, timeline } = useTicket('T-1');
  const pending = usePending('T-1');
  const { request, remainingMs } = useRequest({ id, ticketId: 'T-1' });
  const said = timeline.map(({ content }) => content).join();
  return (
    <p>
      {state}, {said || 'nothing said'}, {pending.length} pending, {request?.status ?? 'loading'},{' '}
      {remainingMs}
    </p>
  );
}

test('on a server the page is rendered as one that is not connected, and nothing is opened', () => {
  const open = jest.fn();
  class NoSocket {
    constructor(url: string) {
      open(url);
      throw new Error('a server opens no socket');
    }
  }
  // A relative address, which means nothing outside a page.
  const options = { url: '/soc', WebSocket: NoSocket as never, fetch: open };
  const html = renderToString(
    <HitlProvider {...options}>
      <Page id="r-1" />
    </HitlProvider>,
  );
  expect(html.replaceAll('<!-- -->', '')).toBe('<p>connecting, nothing said, 0 pending, loading, </p>');
  expect(open).not.toHaveBeenCalled();
});

test('in the browser it goes on from that without a mismatch, and connects', async () => {
  hub = await startTestHub();
  const { id } = await portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'agent',
    type: 'question',
    payload: { question: 'Well?' },
  });
  const sockets: WebSocket[] = [];
  const page = (
    <HitlProvider url={hub.url} WebSocket={testSocket(hub, { sockets })} lingerMs={0}>
      <Page id={id} />
    </HitlProvider>
  );
  const container = document.createElement('div');
  container.innerHTML = renderToString(page);
  document.body.append(container);
  const paragraph = container.querySelector('p');
  expect(sockets).toEqual([]);

  const complaints = jest.spyOn(console, 'error');
  const recovered = jest.fn();
  root = hydrateRoot(container, page, { onRecoverableError: recovered });
  await screen.findByText('live, nothing said, 1 pending, pending,');
  expect(container.querySelector('p')).toBe(paragraph);
  expect(sockets).toHaveLength(1);
  expect(complaints).not.toHaveBeenCalled();
  expect(recovered).not.toHaveBeenCalled();
  await waitFor(() => expect(hub.hub.reference.getActiveTickets()).toEqual(['T-1']));
});
