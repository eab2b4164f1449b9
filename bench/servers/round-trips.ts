/** Our requests on SQLite, asked and answered in the process: what LangGraph's interrupt and resume is compared with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, transports } from 'winston';
import { expressHitl, sqliteStore } from '../../lib/index';
import { percentiles } from '../load/percentiles';
import { costOf, serve } from './serving';

const folder = mkdtempSync(join(tmpdir(), 'express-hitl-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const logger = createLogger({ silent: true, transports: [new transports.Console()] });
const hitl = expressHitl({
  store: sqliteStore(join(folder, 'bench.db')),
  auth: { identify: () => null, authorize: () => 'forbidden' },
  logger,
});
const { hub } = hitl;
let tickets = 0;

/** Asks, is pending, is answered, and whoever waited has the answer. */
async function roundTrip(): Promise<void> {
  tickets += 1;
  const asked = await hub.requests.open({
    ticketId: `T-${tickets}`,
    sessionId: 'session',
    requestedBy: 'agent',
    kind: 'tool_approval',
    tool: 'block_ip',
    args: { ip: '203.0.113.7' },
  });
  const outcome = hub.requests.wait({ request: asked });
  await hub.requests.answer({
    requestId: asked.id,
    by: { id: 'ann' },
    status: 'approved',
    revision: asked.revision,
  });
  if ((await outcome).status !== 'approved') throw new Error('Not approved');
}

/** As many round trips as fit, so many at once. */
export async function run({ ms, atOnce }: { ms: number; atOnce: number }) {
  const latencies: number[] = [];
  const cost = await costOf(async () => {
    const end = performance.now() + ms;
    const one = async () => {
      while (performance.now() < end) {
        const begun = performance.now();
        await roundTrip();
        latencies.push(performance.now() - begun);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
  });
  return { roundTrips: latencies.length, latency: percentiles(latencies), ...cost };
}

void hitl.start().then(() => serve({}, { run }));
