/** The type tests compile, and each fault that is planted into the declarations makes them fail: they hold what they say. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(__dirname, '../..');
const run = promisify(execFile);

/** Faults, each a change of one file's text that some type test has to catch. */
const faults: readonly { what: string; file: string; from: string; to: string }[] = [
  {
    what: 'the arguments of an approval are there before it',
    file: 'lib/hub/kinds/app-types.ts',
    from: "interface Settled<Yes extends object = { status: 'approved' | 'answered' }> {",
    to: 'interface Settled<Yes extends object> {\n  readonly args?: unknown;',
  },
  {
    what: 'an answer is any text',
    file: 'lib/hub/turns/turn.ts',
    from: 'Promise<Answer<AnswerTo<Options, FreeText>>>',
    to: 'Promise<Answer>',
  },
  {
    what: 'a kind is asked with any payload',
    file: 'lib/hub/turns/turn.ts',
    from: "payload: PayloadIn<App['kinds'][N]>,\n    options",
    to: 'payload: object,\n    options',
  },
  {
    what: 'a tool is asked about with any arguments',
    file: 'lib/hub/turns/turn.ts',
    from: 'request: { tool: T; args: ToolArgsIn<NoInfer<T>> } & ApprovalOptions,',
    to: 'request: { tool: T; args: object } & ApprovalOptions,',
  },
  {
    what: 'a tool is called with any arguments',
    file: 'lib/hub/turns/turn.ts',
    from: 'args: ToolArgsIn<NoInfer<T>>,\n    options',
    to: 'args: object,\n    options',
  },
  {
    what: "a user's own fields are lost",
    file: 'lib/hub/kinds/app-types.ts',
    from: "Omit<U, 'id' | 'name' | 'groups'> & {",
    to: 'Pick<U, never> & {',
  },
  {
    what: 'a response may be left out of an answer',
    file: 'lib/hub/requests/requests.ts',
    from: ": { response: ResponseIn<App['kinds'][N]> });",
    to: ": { response?: ResponseIn<App['kinds'][N]> });",
  },
  {
    what: 'an escalation is to nobody',
    file: 'lib/hub/requests/ask.ts',
    from: '  escalate?: { after: Duration; to: People };\n  /** Default: it waits',
    to: '  escalate?: { after: Duration; to?: People };\n  /** Default: it waits',
  },
  {
    what: 'a majority is of an unknown number',
    file: 'lib/protocol/records.ts',
    from: '(MajorityStage & { stages?: never;',
    to: '(Stage & { stages?: never;',
  },
  {
    what: 'rounds stand beside people',
    file: 'lib/protocol/records.ts',
    from: '(Partial<Record<keyof Stage, never>> & { stages: readonly VetoStage[]',
    to: '(Stage & { stages: readonly VetoStage[]',
  },
  {
    what: 'a test hub has lost its kinds',
    file: 'lib/testing/test-hub.ts',
    from: '): Promise<TestHub<{ kinds: K; user: U }>> {',
    to: '): Promise<TestHub> {',
  },
  {
    what: 'a test client is shown requests of no kind',
    file: 'lib/testing/test-client.ts',
    from: 'nextRequest(): Promise<HitlRequest<App>>',
    to: 'nextRequest(): Promise<HitlRequest>',
  },
  {
    what: 'a test client answers anything',
    file: 'lib/testing/test-client.ts',
    from: 'answer(answer: TestAnswer<App>)',
    to: 'answer(answer: object)',
  },
  {
    what: 'a durable agent fits one app alone',
    file: 'lib/hub/turns/durable/durable.ts',
    from: "readonly '~durable': (turn: Turn<App>) => unknown",
    to: "'~durable'(turn: DurableTurn<App>): unknown",
  },
  {
    what: 'a durable agent of one app fits any other',
    file: 'lib/hub/turns/durable/durable.ts',
    from: "readonly '~durable': (turn: Turn<App>) => unknown",
    to: "'~durable'(turn: Turn<App>): unknown",
  },
];

/** A copy of the library and of the type tests, with a project for the compiler. */
function copied(): string {
  const folder = mkdtempSync(join(tmpdir(), 'express-hitl-types-'));
  cpSync(join(root, 'lib'), join(folder, 'lib'), {
    recursive: true,
    filter: (from) => !/lib\/(console|parts|react)$/.test(from),
  });
  cpSync(__dirname, join(folder, 'spec/types'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const base = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  const options = { ...base.compilerOptions, noUnusedLocals: false, noUnusedParameters: false };
  const config = { compilerOptions: options, files: ['spec/types/api.test-d.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  return folder;
}

/** What the compiler says of a copy; nothing if all of it compiles. */
async function compile(folder: string): Promise<string> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const said = await run(process.execPath, [compiler, '-p', folder]).catch((error: unknown) => error);
  return (said as { stdout: string }).stdout;
}

/** Has the compiler read a file for its types, and not look for what is wrong inside of it. */
const forItsTypes = (text: string) => `// @ts-nocheck\n${text}`;

let asIs: string;
/** One where all of the library is read for its types: what is wrong inside of it is found in the other, and to look again for every fault would take most of the time. */
let forTypes: string;

beforeAll(() => {
  [asIs, forTypes] = [copied(), copied()];
  const lib = join(forTypes, 'lib');
  for (const name of readdirSync(lib, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    writeFileSync(join(lib, name), forItsTypes(readFileSync(join(lib, name), 'utf8')));
  }
});

afterAll(() => {
  for (const folder of [asIs, forTypes]) rmSync(folder, { recursive: true, force: true });
});

it('compile as they are', async () => {
  expect(await compile(asIs)).toBe('');
}, 120_000);

it('compile as they are where the library is read for its types', async () => {
  expect(await compile(forTypes)).toBe('');
}, 120_000);

it.each(faults)(
  'fail where $what',
  async ({ file, from, to }) => {
    const text = readFileSync(join(root, file), 'utf8');
    expect(text).toContain(from);
    writeFileSync(join(forTypes, file), forItsTypes(text.replace(from, to)));
    try {
      expect(await compile(forTypes)).toMatch(/spec\/types\/api\.test-d\.ts/);
    } finally {
      writeFileSync(join(forTypes, file), forItsTypes(text));
    }
  },
  120_000,
);
