/** The SQLite store after its process was killed in the middle of commits. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ids, range, seqs } from '../../../lib/store/contract/subject';
import { sqliteStore } from '../../../lib/store/sqlite/sqlite-store';

interface Reported {
  ticketId: string;
  id: string;
  seq: number;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hitl-crash-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Lets a child commit to the file until it has reported so many groups, kills it there and then, and gives what it reported. */
async function killAfter(groups: number, path: string): Promise<Reported[]> {
  const fixture = (name: string) => join(__dirname, '../fixtures', name);
  const child = spawn(
    process.execPath,
    [fixture('run-typescript.js'), fixture('committing-child.ts'), path],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = once(child, 'exit');
  const reported: Reported[][] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    reported.push(JSON.parse(line));
    if (reported.length === groups) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  expect(reported.length).toBeGreaterThanOrEqual(groups);
  return reported.flat();
}

test('everything that was reported is there, whole, and the logs have no gap; three times over', async () => {
  const path = join(folder, 'hitl.db');
  const reported: Reported[] = [];
  const epochs: string[][] = [];
  for (const groups of [1, 20, 53]) {
    reported.push(...(await killAfter(groups, path)));
    const store = sqliteStore(path);
    await store.open();
    const found: string[] = [];
    for (const ticketId of ['a', 'b', 'c']) {
      const { epoch, seq, items } = await store.log(ticketId, 0, 1_000_000);
      const { messages, requests } = await store.state(ticketId, 1_000_000);
      expect(seqs(items)).toEqual(range(1, seq));
      expect(ids(requests).sort()).toEqual(ids(messages).sort());
      expect(messages).toHaveLength(seq);
      const deliveries = await store.deliveries(ticketId, 1_000_000);
      expect(deliveries.map(({ requestId }) => requestId).sort()).toEqual(ids(requests).sort());
      found.push(epoch);
      for (const report of reported.filter((one) => one.ticketId === ticketId)) {
        expect(items[report.seq - 1]).toMatchObject({
          event: 'session_message_added',
          message: { content: report.id },
        });
        expect(await store.message(report.id)).toMatchObject({ content: report.id });
        expect(await store.request(report.id)).toMatchObject({ version: 1 });
        expect(await store.processedFrame(ticketId, report.id)).toEqual({ id: report.id });
      }
    }
    epochs.push(found);
    await store.close();
  }
  expect(epochs).toEqual([epochs[0], epochs[0], epochs[0]]);
}, 60_000);
