/** `useRest`: what no connection sends is asked over REST, and refusals come with their code. */
import { waitFor } from '@testing-library/react';
import { TicketError } from '../../lib/client';
import { type Rest, useRest } from '../../lib/react';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { leavePages, openPage } from './page';

let hub: TestHub;
afterEach(async () => {
  await leavePages();
  await hub.close();
});

async function restOf(options: Parameters<typeof openPage>[2] = {}): Promise<Rest> {
  hub = await startTestHub({ mount: '/soc' });
  let rest: Rest | undefined;
  const Asker = () => {
    rest = useRest();
    return null;
  };
  openPage(hub, <Asker />, options);
  return waitFor(() => {
    if (!rest) throw new Error('not rendered');
    return rest;
  });
}

const refusal = (asked: Promise<unknown>) => asked.catch((error: unknown) => error);

test('reads below the mount, as the user of the page', async () => {
  const rest = await restOf();
  expect(await rest('/hitl/me')).toMatchObject({ user: { id: 'alice' } });
});

test('sends a body as JSON, and rejects with the code and details of a refusal', async () => {
  const rest = await restOf();
  const error = await refusal(rest('/hitl/requests/nowhere/respond', { body: { status: 'denied' } }));
  expect(error).toBeInstanceOf(TicketError);
  expect(error).toMatchObject({ code: 'not_found' });
});

test('an answer that is no JSON is unavailable', async () => {
  const rest = await restOf();
  expect(await refusal(rest('/console'))).toMatchObject({ code: 'unavailable' });
});

test('a network that fails is unavailable', async () => {
  const deaf = await restOf({ fetch: () => Promise.reject(new TypeError('network')) });
  expect(await refusal(deaf('/hitl/me'))).toMatchObject({ code: 'unavailable' });
});

test('is given up with its signal', async () => {
  const rest = await restOf({
    fetch: (_url, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)),
  });
  const stop = new AbortController();
  const asked = refusal(rest('/hitl/me', { signal: stop.signal }));
  stop.abort();
  expect(await asked).toMatchObject({ code: 'unavailable' });
});
