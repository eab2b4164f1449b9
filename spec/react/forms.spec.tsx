/** What a form shows when it is sent is what arrives, or it is refused with a place: over random schemas, with a person who fills it in by chance. */
import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { portOf } from '../../lib/hub/hub';
import { defineKind } from '../../lib/index';
import '../seed';
import type { HitlTypes, Kinds, RequestRecord } from '../../lib';
import { Request } from '../../lib/parts';
import { seededRandom } from '../../lib/testing/seeded-random';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { readFields } from './form-reader';
import { fillIn } from './form-typist';
import { leavePages, openPage } from './page';
import { objects, type SampledObject } from './random-schemas';

jest.setTimeout(120_000);

/** The schema of each request, by the number in its payload. */
const schemas: z.ZodType<Record<string, unknown>>[] = [];
let hub: TestHub<HitlTypes>;
beforeAll(async () => {
  hub = await startTestHub({
    kinds: {
      random: defineKind({
        payload: z.object({ number: z.int() }),
        response: ({ number }) => {
          const schema = schemas[Number(number)];
          if (!schema) throw new Error('Only requests that this spec asks can be answered');
          return schema;
        },
      }),
    } as Kinds,
  });
});
afterEach(leavePages);
afterAll(() => hub.close());

async function ask(schema: z.ZodType<Record<string, unknown>>): Promise<string> {
  const number = schemas.push(schema) - 1;
  const { id } = await portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'agent',
    type: 'random',
    payload: { number },
    detached: true,
  });
  return id;
}

async function askTool(schema: SampledObject['schema'], args: Record<string, unknown>): Promise<string> {
  tools += 1;
  const name = `tool_${tools}`;
  portOf(hub.hub).hitl.defineTool(name, schema);
  const { id } = await portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'agent',
    type: 'tool_approval',
    payload: { tool_name: name, tool_args: args, editable: true },
    detached: true,
  });
  return id;
}
let tools = 0;

const part = (selector: string) => document.querySelector<HTMLElement>(selector) ?? document.body;
const form = () => part('.hitl-answer-form');
const editor = () => part('.hitl-values');
const issues = () => [...document.querySelectorAll('.hitl-issue')].map((each) => each.textContent ?? '');

async function open(id: string): Promise<void> {
  openPage(hub, <Request id={id} ticketId="T-1" />);
  await waitFor(() => expect(document.querySelector('[data-decide="approved"]')).not.toBeNull());
}

/** Presses Approve, and waits for what comes of it. */
async function approve(id: string): Promise<RequestRecord & { isSent: boolean }> {
  const sent = jest.spyOn(WebSocket.prototype, 'send');
  fireEvent.click(part('[data-decide="approved"]'));
  await waitFor(async () => {
    const { status } = await portOf(hub.hub).hitl.get(id);
    if (status === 'pending' && issues().length === 0) throw new Error('nothing came of it');
  });
  const isSent = sent.mock.calls.some(([frame]) => String(frame).includes('"type":"hitl_respond"'));
  sent.mockRestore();
  return { ...(await portOf(hub.hub).hitl.get(id)), isSent };
}

async function overRest(id: string, response: unknown) {
  const answer = await fetch(`${hub.url}/hitl/requests/${id}/respond`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-user': 'alice' },
    body: JSON.stringify({ status: 'approved', response }),
  });
  return { status: answer.status, body: await answer.json() };
}

test('of a kind of the app', async () => {
  const ends = { approved: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(objects, fc.nat(), async ({ schema }, seed) => {
      const id = await ask(schema);
      await open(id);
      act(() => fillIn(form(), seededRandom(seed)));
      const shown = read(form());
      const { status, response = {}, isSent } = await approve(id);
      if (status === 'approved') {
        ends.approved += 1;
        expect(response).toEqual(shown);
        expect(issues()).toEqual([]);
        const rest = await overRest(await ask(schema), shown);
        expect(rest).toMatchObject({ status: 200 });
        expect(rest.body.hitl.response ?? {}).toEqual(shown);
      } else {
        ends.refused += 1;
        expect(status).toBe('pending');
        if (isSent) expect(await overRest(id, shown)).toMatchObject({ status: 422 });
      }
      await leavePages();
    }),
    { numRuns: 60 },
  );
  // Else the property would say nothing.
  expect(ends.approved).toBeGreaterThan(10);
  expect(ends.refused).toBeGreaterThan(10);
});

test('of the arguments of a tool, with what was asked and the defaults of its schema in them', async () => {
  const ends = { approved: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(objects, fc.nat(), async ({ schema, sample }, seed) => {
      const id = await askTool(schema, sample);
      await open(id);
      // What is folded has to be looked at before it can be edited.
      for (const button of screen.queryAllByText('Show everything')) fireEvent.click(button);
      fireEvent.click(screen.getByText('Edit'));
      if (seed % 3 > 0) act(() => fillIn(editor(), seededRandom(seed)));
      const shown = read(editor(), 'tool_args');
      const { status, response = {} } = await approve(id);
      ends[status === 'approved' ? 'approved' : 'refused'] += 1;
      if (status === 'approved') expect(response.tool_args).toEqual(shown);
      else expect(status).toBe('pending');
      await leavePages();
    }),
    { numRuns: 40 },
  );
  expect(ends.approved).toBeGreaterThan(5);
  expect(ends.refused).toBeGreaterThan(5);
});

function read(whole: HTMLElement, path = ''): Record<string, unknown> | undefined {
  try {
    return readFields(whole, path);
  } catch {
    // JSON that is none; nothing of it may be sent.
    return undefined;
  }
}
