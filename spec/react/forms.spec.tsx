/** What a form shows when it is sent is what arrives, or it is refused with a place: over random schemas, with somebody who fills it in by chance. */
import { act, fireEvent, waitFor } from '@testing-library/react';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { z } from 'zod';
import '../seed';
import { Request } from '../../lib/parts';
import { seededRandom } from '../../lib/testing/seeded-random';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { readFields } from './form-reader';
import { fillIn } from './form-typist';
import { leavePages, openPage } from './page';
import { responses } from './random-schemas';

jest.setTimeout(120_000);

/** The schema of each request, by the number in its payload. */
const schemas: z.ZodType<Record<string, unknown>>[] = [];
let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub({
    kinds: {
      random: {
        payload: z.object({ number: z.int() }),
        approval: ({ number }) => schemas[Number(number)] ?? z.never(),
      },
    },
  });
});
afterEach(leavePages);
afterAll(() => hub.close());

async function ask(schema: z.ZodType<Record<string, unknown>>): Promise<string> {
  const number = schemas.push(schema) - 1;
  const { id } = await hub.hub.hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'agent',
    type: 'random',
    payload: { number },
    detached: true,
  });
  return id;
}

const card = () => document.querySelector<HTMLElement>('.hitl-answer-form') ?? document.body;
const issues = () => [...document.querySelectorAll('.hitl-issue')].map((each) => each.textContent ?? '');

async function open(id: string): Promise<void> {
  openPage(hub, <Request id={id} ticketId="T-1" />);
  await waitFor(() => expect(document.querySelector('[data-decide="approved"]')).not.toBeNull());
}

/** Presses Approve, and waits for what comes of it. */
async function approve(id: string) {
  const button = document.querySelector<HTMLElement>('[data-decide="approved"]');
  fireEvent.click(button ?? document.body);
  await waitFor(async () => {
    const { status } = await hub.hub.hitl.get(id);
    if (status === 'pending' && issues().length === 0) throw new Error('nothing came of it');
  });
  return hub.hub.hitl.get(id);
}

async function overRest(id: string, response: unknown) {
  const answer = await fetch(`${hub.url}/hitl/requests/${id}/respond`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-user': 'alice' },
    body: JSON.stringify({ status: 'approved', response }),
  });
  return { status: answer.status, body: await answer.json() };
}

test('by chance', async () => {
  const ends = { approved: 0, refusedHere: 0, refusedThere: 0 };
  await fc.assert(
    fc.asyncProperty(responses, fc.nat(), async (schema, seed) => {
      const id = await ask(schema);
      await open(id);
      act(() => fillIn(card(), seededRandom(seed)));
      const sent = jest.spyOn(WebSocket.prototype, 'send');
      const shown = read();
      const { status, response = {} } = await approve(id);
      const frames = sent.mock.calls.filter(([frame]) => String(frame).includes('"type":"hitl_respond"'));
      sent.mockRestore();
      if (status === 'approved') {
        ends.approved += 1;
        expect(response).toEqual(shown);
        expect(issues()).toEqual([]);
        const rest = await overRest(await ask(schema), shown);
        expect(rest).toMatchObject({ status: 200 });
        expect(rest.body.hitl.response ?? {}).toEqual(shown);
      } else {
        expect(status).toBe('pending');
        ends[frames.length > 0 ? 'refusedThere' : 'refusedHere'] += 1;
        if (frames.length > 0) expect(await overRest(id, shown)).toMatchObject({ status: 422 });
      }
      await leavePages();
    }),
    { numRuns: 60 },
  );
  // Else the property would say nothing.
  expect(ends.approved).toBeGreaterThan(10);
  expect(ends.refusedHere).toBeGreaterThan(10);
  expect(ends.refusedThere).toBeGreaterThan(0);
});

function read(): Record<string, unknown> | undefined {
  try {
    return readFields(card());
  } catch {
    // JSON that is none; nothing of it may be sent.
    return undefined;
  }
}
