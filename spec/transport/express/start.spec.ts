/** When the hub of the plugin starts, and until when an agent may be registered. */
import express from 'express';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import type { Store } from '../../../lib/store/store';
import { ManualClock } from '../../../lib/testing/manual-clock';
import { ticketPath } from '../raw-socket';
import { endedAfterEach, type HitlTestOptions } from '../serve';

const { hitlOf, serve } = endedAfterEach();

/** A store that counts how often it was opened, and fails the first times. */
function counted(failures = 0): { store: Store; opened: () => number } {
  let opened = 0;
  const store = memoryStore();
  const open = store.open.bind(store);
  store.open = async () => {
    opened += 1;
    if (opened <= failures) throw new Error('no database');
    await open();
  };
  return { store, opened: () => opened };
}

/** What a logger was given, one line each. */
function lines() {
  const written: string[] = [];
  const note = (level: string) => (message: string) => void written.push(`${level}: ${message}`);
  const logger = { debug: () => {}, info: () => {}, warn: note('warn'), error: note('error') };
  return { logger, written };
}

async function served(options: HitlTestOptions, attached = true) {
  const hitl = hitlOf(options);
  const app = express();
  app.use(hitl.router);
  const server = await serve(app);
  if (attached) hitl.attach(server.server);
  return { hitl, server };
}

test('Nothing is opened before attach, start or the first client', async () => {
  const { store, opened } = counted();
  const hitl = hitlOf({ store });
  await new Promise((resolve) => setImmediate(resolve));
  expect(opened()).toBe(0);
  await Promise.all([hitl.start(), hitl.start()]);
  expect(opened()).toBe(1);
});

test('attach starts it', async () => {
  const { store, opened } = counted();
  await served({ store });
  expect(opened()).toBe(1);
});

test('a call over REST starts it where nothing is attached', async () => {
  const { store, opened } = counted();
  const { server } = await served({ store }, false);
  const headers = { 'x-user': 'alice' };
  expect((await fetch(`http://127.0.0.1:${server.port}/hitl/requests`, { headers })).status).toBe(200);
  expect(opened()).toBe(1);
});

test('a start that fails after attach is logged once and tried again, start itself rejects', async () => {
  const { store, opened } = counted(3);
  const { logger, written } = lines();
  const clock = new ManualClock();
  const { hitl } = await served({ store, logger, clock });
  await new Promise((resolve) => setImmediate(resolve));
  await expect(hitl.start()).rejects.toMatchObject({ code: 'storage_failed' });
  for (let n = 0; n < 2; n += 1) {
    clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(opened()).toBe(4);
  expect(written).toEqual(['error: The hub could not start']);
});

test('An agent that is registered answers, and is given back', async () => {
  const hitl = hitlOf();
  const agent = hitl.agent((turn) => turn.say('hello'));
  expect(typeof agent).toBe('function');
  const app = express();
  app.use(hitl.router);
  const server = await serve(app);
  hitl.attach(server.server);
  const client = await server.connect(ticketPath);
  await client.ask({ type: 'message', content: 'hi' });
  expect(await client.next('turn_ended')).toMatchObject({ status: 'completed' });
});

test.each<[string, HitlTestOptions]>([
  ['an agent is there by the option', { agent: () => {} }],
  ['an agent was registered', {}],
])('A second one is refused where %s', async (_what, options) => {
  const hitl = hitlOf(options);
  if (!options.agent) hitl.agent(() => {});
  expect(() => hitl.agent(() => {})).toThrow(
    expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining('a hub has one') }),
  );
});

test('One is refused after the start, and so is what is no function', async () => {
  const hitl = hitlOf();
  expect(() => hitl.agent({} as never)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  await hitl.start();
  expect(() => hitl.agent(() => {})).toThrow(
    expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining('before start') }),
  );
});

test('A message without an agent logs one warning that names hitl.agent', async () => {
  const { logger, written } = lines();
  const { server } = await served({ logger });
  const client = await server.connect(ticketPath);
  await client.ask({ type: 'message', content: 'hi' });
  await client.ask({ type: 'message', content: 'again' });
  expect(written.filter((line) => line.includes('hitl.agent'))).toHaveLength(1);
});
