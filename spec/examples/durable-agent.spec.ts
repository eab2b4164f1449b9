/** The example of a durable agent: its test passes, each planted fault is found by it, the app goes on after a restart, and the page quotes it. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fences, page } from '../docs/pages';
import { attempt, bin, root } from '../packaging/command';

const folder = join(root, 'examples/durable-agent');
const tutorial = 'docs/testing-your-flow.md';

/** What the test of the example says when the agent is changed like this. */
async function tested(from: string, to: string) {
  const copy = mkdtempSync(join(tmpdir(), 'express-hitl-durable-'));
  try {
    cpSync(folder, copy, { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const source = readFileSync(join(folder, 'agent.ts'), 'utf8');
    expect(source).toContain(from);
    writeFileSync(join(copy, 'agent.ts'), source.replace(from, to));
    const tsconfig = join(root, 'tsconfig.json');
    return await attempt(copy, bin('tsx'), '--tsconfig', tsconfig, '--test', 'agent.test.ts');
  } finally {
    rmSync(copy, { recursive: true });
  }
}

it('passes its test', async () => {
  const { code, stdout } = await tested('find', 'find');
  expect(stdout).toMatch(/^# pass 4$/m);
  expect(code).toBe(0);
}, 120_000);

it.each([
  [
    'a model that is asked outside of a step',
    "turn.step('find', () => services.findHost(turn.message.content))",
    `services.findHost(\`\${turn.message.content} \${Date.now()}\`)`,
    'not ok 2 - takes nothing from outside',
  ],
  [
    'a clock in what is asked',
    'args: { host }',
    'args: { host, at: performance.now() }',
    'not ok 1 - does the same',
  ],
  [
    'a step before what waits in production',
    `await turn.trace(\`\${host}, which`,
    `await turn.step('owner', () => owner);\n    await turn.trace(\`\${host}, which`,
    'not ok 4 - fits the turns that wait',
  ],
  [
    'state of the process in what is said',
    `await turn.say(\`\${host} is isolated.\`);`,
    `const all = ((globalThis as { seen?: string[] }).seen ??= []);\n    if (!all.includes(turn.id)) all.push(turn.id), await turn.say(\`\${host} is isolated.\`);`,
    'not ok 3 - says the same whenever',
  ],
])(
  'fails it for %s',
  async (_what, from, to, said) => {
    const { code, stdout } = await tested(from, to);
    expect(stdout).toContain(said);
    expect(code).toBe(1);
  },
  120_000,
);

it.each(['checks', 'journal'])('has the block %s of the tutorial in its files', (label) => {
  const block = fences({ path: tutorial, text: page(tutorial) }).find((each) => each.label === label);
  const lines = ['agent.test.ts', 'app.ts'].flatMap((name) =>
    readFileSync(join(folder, name), 'utf8').split('\n'),
  );
  const known = new Set(lines.map((line) => line.trim()));
  expect(block?.text).toBeDefined();
  for (const line of `${block?.text}`.trim().split('\n')) expect(known).toContain(line.trim());
});
