/** LangGraph's way of asking a human: a graph that interrupts, a SQLite checkpointer, a resume with the answer. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Annotation, Command, END, interrupt, START, StateGraph } from '@langchain/langgraph';
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite';

const folder = mkdtempSync(join(tmpdir(), 'express-hitl-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const State = Annotation.Root({ ip: Annotation(), status: Annotation() });
const graph = new StateGraph(State)
  .addNode('approve', ({ ip }) => ({ status: interrupt({ tool_name: 'block_ip', tool_args: { ip } }) }))
  .addEdge(START, 'approve')
  .addEdge('approve', END)
  .compile({ checkpointer: SqliteSaver.fromConnString(join(folder, 'bench.db')) });
let threads = 0;

async function roundTrip() {
  threads += 1;
  const config = { configurable: { thread_id: `T-${threads}` } };
  const asked = await graph.invoke({ ip: '203.0.113.7' }, config);
  if (!asked.__interrupt__?.length) throw new Error('Not interrupted');
  const answered = await graph.invoke(new Command({ resume: 'approved' }), config);
  if (answered.status !== 'approved') throw new Error('Not approved');
}

async function run({ ms, atOnce }) {
  const latencies = [];
  const begun = performance.now();
  const before = process.cpuUsage();
  const one = async () => {
    while (performance.now() < begun + ms) {
      const asked = performance.now();
      await roundTrip();
      latencies.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  const { user, system } = process.cpuUsage(before);
  const sorted = latencies.sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const latency = { p50: at(0.5), p99: at(0.99), max: at(1), n: sorted.length };
  return { roundTrips: sorted.length, latency, cpu: user + system, wall: performance.now() - begun };
}

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const lines = createInterface({ input: process.stdin });
lines.on('close', () => process.exit());
lines.on('line', async (line) => {
  const { id, argument } = JSON.parse(line);
  try {
    say({ id, answer: await run(argument) });
  } catch (error) {
    say({ id, error: String(error.stack) });
  }
});
say({ ready: {} });
