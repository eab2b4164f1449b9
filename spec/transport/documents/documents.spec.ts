import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Ajv from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { buildSync } from 'esbuild';
import { startTestHub, type TestHub } from '../../../lib/testing';
import { documents } from '../../../lib/transport/documents/serve';
import { operations } from '../../../lib/transport/rest/operations';

// Others' programs are started here, which on a busy machine take their time.
jest.setTimeout(60_000);

const run = promisify(execFile);
const docs = join(__dirname, '../../../docs');
const bin = join(__dirname, '../../../node_modules/.bin');
const openApi = documents['openapi.json']();
const asyncApi = documents['asyncapi.json']();

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub({
    mount: '/soc',
    agent: async (turn) => {
      await turn.ask({ question: 'Go on?', options: ['Yes', 'No'] });
    },
  });
});
afterAll(() => hub.close());

/** Has a client ask, and resolves when the question is there. */
async function asked(ticketId: string): Promise<void> {
  const client = await hub.connect({ ticketId });
  client.send({ type: 'message', id: `m-${ticketId}`, content: 'hello' });
  await client.next('hitl_request_pending');
}

/** Every `$ref` within. */
function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => (key === '$ref' ? [String(each)] : refsIn(each)));
}

function find(document: unknown, ref: string): unknown {
  return ref
    .slice(2)
    .split('/')
    .reduce((at, key) => (at as Record<string, unknown> | undefined)?.[key.replaceAll('~1', '/')], document);
}

test('both documents are good by the schemas of their specifications', async () => {
  const judge = join(__dirname, 'judge.mjs');
  const { stdout } = await run(process.execPath, [
    judge,
    join(docs, 'openapi.json'),
    join(docs, 'asyncapi.json'),
  ]);
  expect(JSON.parse(stdout)).toEqual([]);
});

test.each(Object.entries(documents))('the committed %s is the generated one', (name, document) => {
  expect(JSON.parse(readFileSync(join(docs, name), 'utf8'))).toEqual(document());
});

test.each(Object.entries(documents))('%s is served below the mount', async (name, document) => {
  const answer = await fetch(`${hub.url}/${name}`);
  expect(answer.headers.get('content-type')).toMatch('application/json');
  expect(await answer.json()).toEqual(document());
});

test.each(Object.entries(documents))('every reference within %s leads somewhere', (_name, document) => {
  const made = document();
  expect(refsIn(made).filter((ref) => find(made, ref) === undefined)).toEqual([]);
  expect(refsIn(made).length).toBeGreaterThan(10);
});

test('every operation is described, under a name of its own', () => {
  const described = Object.values(openApi.paths as Record<string, Record<string, { operationId: string }>>)
    .flatMap((methods) => Object.values(methods))
    .map(({ operationId }) => operationId);
  expect(described.sort()).toEqual(operations.map(({ id }) => id).sort());
  expect(new Set(described).size).toBe(described.length);
});

test('what a socket says fits the schema of its message', async () => {
  const ajv = new Ajv({ strict: false });
  addFormats(ajv);
  ajv.addSchema({ $id: 'all', components: asyncApi.components });
  await asked('T-fits');
  const watcher = await hub.connect({ ticketId: 'T-fits', user: 'ben' });
  const snapshot = await watcher.next('snapshot');
  const fits = (name: string, value: unknown) => ajv.validate(`all#/components/schemas/${name}`, value);
  expect(fits('SnapshotEnvelope', snapshot)).toBe(true);
  expect(fits('SnapshotEnvelope', { ...snapshot, requests: [{}] })).toBe(false);
});

test('a client that a public generator makes of the document reads and answers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'express-hitl-openapi-'));
  try {
    const args = ['generate', '--silent', '-p', join(docs, 'openapi.json'), '-o', folder, '-n', 'api.ts'];
    await run(join(bin, 'swagger-typescript-api'), args);
    const outfile = join(folder, 'api.js');
    buildSync({
      entryPoints: [join(folder, 'api.ts')],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile,
    });
    const { Api } = require(outfile);
    const api = new Api({ baseUrl: hub.url, baseApiParams: { headers: { 'x-user': 'alice' } } });
    await asked('T-generated');
    const { data } = await api.hitl.listRequests({ status: 'pending', ticket_id: 'T-generated' });
    const [request] = data.items;
    expect(request).toMatchObject({ type: 'question', status: 'pending' });
    const verdict = { status: 'approved', revision: request.revision, response: { answer: 'Yes' } };
    const answer = await api.hitl.respondToRequest(request.id, verdict);
    expect(answer.data.hitl).toMatchObject({ status: 'approved', response: { answer: 'Yes' } });
    const late = await api.hitl.respondToRequest(request.id, verdict).catch((refusal: unknown) => refusal);
    expect(late).toMatchObject({ status: 409, error: { error: { code: 'already_resolved' } } });
    const timeline = await api.tickets.getTimeline('T-generated', { after: 0 });
    expect(timeline.data.items.map(({ event }: { event: string }) => event)).toContain(
      'hitl_request_resolved',
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
