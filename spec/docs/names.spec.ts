/** Holds the names on the pages and in the code together: options, public names, and the functions that a frame passes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';
import { bin, engines, exports, peerDependencies } from '../../package.json';
import { readSourceFile } from '../imports/source-file';
import { codes, section, tables } from '../protocol/markdown';
import { page, pages, root } from './pages';

/** The part of a syntax tree that is looked at; swc's own types do not describe a node of unknown kind. */
type Node = { readonly [key: string]: unknown };

/** The top-level statements of a file of ours. */
function statements(path: string): readonly Node[] {
  const text = readFileSync(join(root, path), 'utf8');
  return parseSync(text, { syntax: 'typescript', target: 'es2023' }).body as unknown as Node[];
}

/** The interfaces of `lib/`, wherever they are declared. */
const interfaces = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) => statements(`lib/${name}`).map((statement) => ({ path: `lib/${name}`, statement })))
  .map(({ path, statement }) => ({ path, node: (statement.declaration ?? statement) as Node }))
  .filter(({ node }) => node.type === 'TsInterfaceDeclaration');

/** The fields of an interface, without those it inherits. @param room where it is, if there are several of the name */
function fields(name: string, room = 'lib/'): string[] {
  const [declared, other] = interfaces
    .filter(({ path, node }) => path.startsWith(room) && (node.id as Node).value === name)
    .map(({ node }) => node);
  if (!declared || other) throw new Error(`${declared ? 'several' : 'no'} interfaces are called ${name}`);
  const { body } = declared.body as { body: { key: { value: string } }[] };
  return body.map(({ key }) => key.value);
}

/** What stands in backticks in the first column of the table with this first header, below a heading. */
function documented(path: string, heading: string, header: string): string[] {
  const found = tables(section(page(path), heading)).find((table) => table.header[0] === header);
  if (!found) throw new Error(`${path}: no table ${header} below ${heading}`);
  return found.rows.flatMap((row) => codes(row[header] ?? '').slice(0, 1));
}

/** The groups of options, each with the interfaces that say what is in it. */
const optionGroups: Readonly<Record<string, readonly string[]>> = {
  auth: ['AuthOptions'],
  rules: ['RuleOptions'],
  limits: ['LimitOptions', 'ClientLimits'],
  http: ['HttpOptions', 'OriginOptions'],
  pages: ['PageOptions'],
  retention: ['RetentionOptions'],
};

describe('the table of', () => {
  test.each<[header: string, path: string, heading: string, code: string[]]>([
    [
      'Option',
      'docs/mounting.md',
      '## Options',
      [
        ...fields('ExpressHitlOptions').filter((name) => !Object.hasOwn(optionGroups, name)),
        ...Object.entries(optionGroups).flatMap(([group, names]) =>
          names.flatMap((name) => fields(name)).map((field) => `${group}.${field}`),
        ),
      ],
    ],
    ['Property', 'docs/react.md', '## The provider', fields('ConnectionOptions')],
    ['Field of `useTicket`', 'docs/react.md', '## A ticket', fields('TicketState', 'lib/react/')],
    ['Action of `useTicket`', 'docs/react.md', '## A ticket', fields('TicketActions')],
    ['Field of `useRequest`', 'docs/react.md', '## A request', fields('RequestState', 'lib/react/')],
    ['Action of `useRequest`', 'docs/react.md', '## A request', fields('RequestActions')],
    ['Field of `useInbox`', 'docs/react.md', '## An inbox', fields('InboxState')],
    ['Action of `useInbox`', 'docs/react.md', '## An inbox', fields('InboxActions')],
    [
      'Field of a line',
      'docs/mounting.md',
      '## Saying something on a ticket',
      fields('Line', 'lib/hub/turns/say'),
    ],
    ['Field of `limits.frames`', 'docs/mounting.md', '### Frames and logs', fields('FrameLimits')],
    ['Field of `retention.log`', 'docs/mounting.md', '### Frames and logs', fields('LogBounds')],
    ['Option of `sqliteStore`', 'docs/mounting.md', '## Stores', fields('SqliteStoreOptions')],
    ['Option of `approve`', 'docs/hitl.md', '## Asking', ['tool', 'args', ...fields('ApprovalOptions')]],
    ['Option of `ask`', 'docs/hitl.md', '## Asking', fields('Question', 'lib/hub/')],
    ['Option of every request', 'docs/hitl.md', '## Asking', fields('AskOptions')],
    ['Field of `display`', 'docs/hitl.md', '### What people are shown beside it', fields('Display')],
    [
      'Field of a policy',
      'docs/hitl.md',
      '## Who may answer',
      [...['People', 'Stage', 'PolicyRules'].flatMap((name) => fields(name)), 'stages', 'denial'],
    ],
    ['Field of a tool', 'docs/hitl.md', '## Guarded tools', fields('ToolOptions')],
    [
      'Field of a rule',
      'docs/hitl.md',
      '## Guarded tools',
      [...fields('RuleScope'), 'decide', 'ask', 'because'],
    ],
    ['Field of a query', 'docs/hitl.md', '## Inbox', fields('InboxQuery')],
    ['Event', 'docs/hitl.md', '## Listeners', fields('EventBody')],
    ['Method', 'docs/channels.md', '## A channel of your own', fields('Channel')],
    [
      'Field of a delivery',
      'docs/channels.md',
      '## A channel of your own',
      [...fields('Delivery'), ...fields('OpenDelivery')],
    ],
    ['Option of `webhookChannel`', 'docs/channels.md', '## Webhooks', fields('WebhookOptions')],
  ])('%s in %s %s has every name in the code, and no other', (header, path, heading, code) => {
    expect(code).not.toEqual([]);
    expect(documented(path, heading, header).toSorted()).toEqual(code.toSorted());
  });

  test('what `expressHitl` gives has every name in the code, and no other', () => {
    const names = documented('docs/mounting.md', '## What it gives', 'Name');
    const code = fields('ExpressHitl');
    expect(names.map((name) => name.replace(/\(.*/, '')).toSorted()).toEqual(code.toSorted());
  });
});

test('the list of public names has every one of them, and no other', () => {
  const exported = statements('lib/index.ts').flatMap((statement) => {
    if (statement.type !== 'ExportNamedDeclaration') throw new Error(`a ${statement.type} in lib/index.ts`);
    const names = statement.specifiers as { exported: { value: string } | null; orig: { value: string } }[];
    return names.map(({ exported, orig }) => (exported ?? orig).value);
  });
  const [list] = tables(section(page('docs/reference-api.md'), '## Public names'));
  const onPage = list?.rows.flatMap((row) => codes(row.Name ?? ''));
  expect(onPage?.toSorted()).toEqual(exported.toSorted());
});

test('every entry of the package and its command are named on a page', () => {
  const text = pages.map((each) => each.text).join('\n');
  const entries = Object.keys(exports).filter((name) => name !== './package.json');
  for (const name of entries) expect(text).toContain(`\`express-hitl${name.slice(1)}\``);
  for (const name of Object.keys(bin)) expect(text).toContain(`\`${name} `);
});

test('the support page says the ranges of package.json', () => {
  const ranges: Readonly<Record<string, string>> = { ...engines, ...peerDependencies };
  const [table] = tables(page('docs/support.md').replaceAll('\\|', '¦'));
  const rows = table?.rows.filter((row) => codes(row.Range ?? '').length > 0) ?? [];
  expect(rows).toHaveLength(4);
  for (const row of rows) {
    const [range = ''] = codes(row.Range ?? '').map((code) => code.replaceAll('¦', '|'));
    for (const name of codes(row[''] ?? '').filter(
      (code) => !code.startsWith('express-hitl') && code in ranges,
    )) {
      expect([name, range]).toEqual([name, ranges[name]]);
    }
  }
});

/** What was read of each file, since many reach the same ones. */
const imports = new Map<string, readonly string[]>();

/** The files below `lib/` that one of them imports. */
function importsOf(path: string): readonly string[] {
  const known = imports.get(path);
  if (known) return known;
  const file = `lib/${path}`;
  const text = readFileSync(join(root, file), 'utf8');
  const { files } = readSourceFile(file, text, (each) => existsSync(join(root, each)));
  const found = files.map((each) => each.slice('lib/'.length));
  imports.set(path, found);
  return found;
}

/** Those that it reaches, also through others. */
function reached(path: string, known = new Set<string>()): Set<string> {
  for (const each of importsOf(path)) {
    if (known.has(each)) continue;
    known.add(each);
    reached(each, known);
  }
  return known;
}

describe('the life of a frame', () => {
  const steps = tables(page('docs/life-of-a-frame.md')).flatMap(({ rows }) => rows);

  test('has steps', () => expect(steps.length).toBeGreaterThan(20));

  test.each(steps)('passes a function that exists: $Step', ({ File = '', ...step }) => {
    const texts = codes(File).map((path) => readFileSync(join(root, 'lib', path), 'utf8'));
    expect(texts).not.toEqual([]);
    for (const name of codes(step.Function ?? '')) {
      const declared = new RegExp(
        `(?:function\\*? |const |^ {2}(?:private |protected |readonly |async |static )*)${name}\\b(?: ?[(<=:])`,
        'm',
      );
      expect([name, texts.some((text) => declared.test(text))]).toEqual([name, true]);
    }
  });

  const journeys = tables(page('docs/life-of-a-frame.md')).map(({ rows }) =>
    rows.map(({ File = '' }) => codes(File)),
  );

  test('is three journeys, each of at most twelve steps, and each step one file that stands there once', () => {
    expect(journeys).toHaveLength(3);
    for (const steps of journeys) {
      expect(steps.length).toBeLessThanOrEqual(12);
      for (const files of steps) expect(files).toHaveLength(1);
      const files = steps.flat();
      expect(files).toEqual([...new Set(files)]);
    }
  });

  test('goes down: each file is reached by the imports of one above it, or implements one above it', () => {
    const lost = journeys.flatMap((steps) =>
      steps.flat().filter((file, at, files) => {
        const above = files.slice(0, at);
        const isReached = above.some((each) => reached(each).has(file));
        return at > 0 && !isReached && !importsOf(file).some((each) => above.includes(each));
      }),
    );
    expect(lost).toEqual([]);
  });

  test('passes the files in the order that is shown: each of them has one of the functions', () => {
    for (const { File = '', ...step } of steps) {
      const names = codes(step.Function ?? '');
      for (const path of codes(File)) {
        const text = readFileSync(join(root, 'lib', path), 'utf8');
        expect([path, names.some((name) => text.includes(name))]).toEqual([path, true]);
      }
    }
  });
});

test('every file of ours that a page names in backticks exists', () => {
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:lib|spec|docs|examples)\/[\w./-]+\.\w+)`/g)].map(
      ([, file = '']) => [path, file] as const,
    ),
  );
  for (const [path, file] of named) {
    expect(() => readFileSync(join(root, file))).not.toThrow();
    expect(path).toMatch(/\.md$/);
  }
});
