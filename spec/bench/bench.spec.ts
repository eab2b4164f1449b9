/** The benchmarks do not rot: a small shape runs, counts every frame, and the pages say what the stored results say. No test looks at a time. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { worse } from '../../bench/check';
import { roundTrips } from '../../bench/durable';
import { fanOut, ours, oursLogged, prepared } from '../../bench/fan-out';
import { FrameCounter } from '../../bench/load/frame-counter';
import { headlinesOf, pageOf, type Results, resultsFile, updated } from '../../bench/report';
import { streamPeers, streams } from '../../bench/streams';
import { waiting } from '../../bench/waiting';

const quick = { quick: true, rounds: 1, ms: 5, starts: 1 };

test('a small fan-out runs: every client is sent every envelope, by ours and by a peer', async () => {
  const peers = [prepared, ours, oursLogged];
  const { rows, ratios } = await fanOut({ tickets: 2, clients: 3 }, quick, [1, 4], peers);
  expect(rows.map(([name]) => name)).toEqual(peers.map(({ name }) => name));
  const names = ['express-hitl', 'express-hitl, logged'].flatMap((name) =>
    [1, 4].map((burst) => `${name} / ws, prepared frame, 2 × 3, ${burst} in a tick`),
  );
  expect(Object.keys(ratios).sort()).toEqual(names.sort());
  for (const { value } of Object.values(ratios)) expect(value).toBeGreaterThan(0);
}, 60_000);

test('requests are asked and answered by the round-trip bench', async () => {
  const { rows } = await roundTrips(quick, []);
  expect(rows).toEqual([['express-hitl', ...Array(6).fill(expect.any(String))]]);
}, 60_000);

test('answers grow in the bench of streams: every token is delivered, by ours and by the peers', async () => {
  const { rows, ratios } = await streams(quick);
  expect(rows.map(([name]) => name)).toEqual(streamPeers.map(({ name }) => name));
  for (const { value } of Object.values(ratios)) expect(value).toBeGreaterThan(0);
}, 60_000);

test('turns wait in the bench of waiting turns, and the next process finds all of them', async () => {
  const { rows } = await waiting(quick);
  expect(rows.map(([name]) => name)).toEqual(['empty', '100']);
}, 60_000);

test('a part that is measured by itself takes its place, or comes last, and says how busy the machine was', () => {
  const { machine, sections }: Results = JSON.parse(readFileSync(resultsFile, 'utf8'));
  const [first] = sections;
  const other = { title: 'Other', about: 'What.', columns: [''], rows: [], ratios: {} };
  const said = 'What. Measured by itself, at a load of 7.';
  const results = updated([other, { ...other, title: `${first?.title}` }], { ...machine, load: 7 });
  const titles = [...sections.map(({ title }) => title), 'Other'];
  expect(results.sections.map(({ title }) => title)).toEqual(titles);
  expect([results.sections[0]?.about, results.sections.at(-1)?.about]).toEqual([said, said]);
});

describe('the counter of frames', () => {
  const frame = (opcode: number, size: number) => {
    const head = Buffer.from([0x80 | opcode, size < 126 ? size : size < 65_536 ? 126 : 127]);
    const length = Buffer.alloc(size < 126 ? 0 : size < 65_536 ? 2 : 8);
    if (length.length === 2) length.writeUInt16BE(size);
    if (length.length === 8) length.writeBigUInt64BE(BigInt(size));
    return Buffer.concat([head, length, Buffer.alloc(size, 0x81)]);
  };
  const stream = Buffer.concat([0, 5, 125, 126, 65_535, 65_536, 3].map((size) => frame(1, size)));

  test.each([1, 2, 3, 7, 1_000, stream.length])('counts all, in pieces of %i bytes', (size) => {
    const counter = new FrameCounter();
    for (let at = 0; at < stream.length; at += size) {
      const piece = stream.subarray(at, at + size);
      counter.take(piece, piece.length);
    }
    expect(counter.frames).toBe(7);
  });

  test('leaves out pings and closes, and says where the first whole payload is', () => {
    const counter = new FrameCounter();
    const bytes = Buffer.concat([frame(9, 4), frame(1, 300), frame(8, 2)]);
    expect(counter.take(bytes, bytes.length)).toEqual([2, 6]);
    expect(counter.frames).toBe(1);
  });
});

test('the check names what got worse by more than the noise, whichever way is better', () => {
  const stored = { rate: { value: 10 }, memory: { value: 1, less: true }, gone: { value: 1 } };
  const now = { rate: { value: 8 }, memory: { value: 1.3, less: true }, new: { value: 0 } };
  expect(worse(stored, now)).toEqual(['rate: 8.00, was 10.0', 'memory: 1.30, was 1.00']);
  expect(worse(stored, { rate: { value: 8.6 }, memory: { value: 1.1, less: true } })).toEqual([]);
});

test('the page and the README say what the stored results say', () => {
  expect(existsSync(resultsFile)).toBe(true);
  const results: Results = JSON.parse(readFileSync(resultsFile, 'utf8'));
  const root = join(__dirname, '../..');
  expect(readFileSync(join(root, 'docs/benchmarks.md'), 'utf8')).toContain(`\n${pageOf(results)}\n`);
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(`\n${headlinesOf(results)}\n`);
});
