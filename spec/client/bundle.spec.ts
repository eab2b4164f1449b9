import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as client from '../../lib/client';
import { startTestHub } from '../../lib/testing/test-hub';
import { root, run } from '../packaging/command';
import { type Bundle, bundleClient } from './bundle';

let bundle: Bundle;
beforeAll(async () => {
  bundle = await bundleClient();
}, 60_000);
afterAll(() => bundle.remove());

/** Runs a module beside the bundle and gives what it printed. */
async function runModule(text: string, ...args: string[]): Promise<string> {
  const script = join(dirname(bundle.file), 'script.mjs');
  await writeFile(script, text);
  return run(dirname(script), process.execPath, script, ...args);
}

// 9.5 kB, and what a message that grows takes in a view: deltas put together by their offsets, and what is left at the end.
test('the bundle stays below 9.75 kB when it is compressed', async () => {
  const size = gzipSync(await readFile(bundle.file)).length;
  expect(size).toBeGreaterThan(1_000);
  expect(size).toBeLessThan(9_750);
});

test('it holds the client, the close codes and when a session counts as active, no package and nothing of the server', () => {
  const foreign = bundle.inputs.filter((path) => !path.startsWith('lib/client/'));
  expect(foreign.sort()).toEqual(['lib/protocol/activity.ts', 'lib/protocol/close-codes.ts']);
});

test('`import` gets the same names as `require`', async () => {
  const printed = await runModule(
    `import * as client from './index.mjs'; console.log(JSON.stringify(Object.keys(client).sort()));`,
  );
  expect(JSON.parse(printed)).toEqual(Object.keys(client).sort());
});

test('in Node it joins a ticket with the WebSocket of ws, and its process ends when it is closed', async () => {
  const hub = await startTestHub({ mount: '/soc', auth: { identify: () => 'bot' } });
  try {
    const ws = pathToFileURL(join(root, 'node_modules', 'ws', 'wrapper.mjs'));
    const printed = await runModule(
      `import { connectTicket } from './index.mjs';
       import { WebSocket } from '${ws}';
       const client = connectTicket({ url: process.argv[2], ticketId: 'T-1', WebSocket });
       const ack = await client.send('hello');
       client.close();
       console.log(ack.message_id);`,
      hub.url,
    );
    const timeline = await fetch(`${hub.url}/tickets/T-1/timeline`);
    const message = { id: printed.trim(), content: 'hello' };
    expect(await timeline.json()).toMatchObject({ items: [{}, { message }] });
  } finally {
    await hub.close();
  }
});
