/** What a user gets: the tarball, built, packed, judged, and installed into an empty folder beside Express. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as publicNames from '../../lib';
import * as clientNames from '../../lib/client';
import * as reactNames from '../../lib/react';
import { devDependencies } from '../../package.json';
import { attempt, bin, root, run } from './command';
import { testOutsideStore } from './outside-store';

const names = Object.keys(publicNames).sort();

/** Packages the consumer has beside ours, at the ranges we are developed with. */
const besides = (
  [
    'express',
    '@types/express',
    '@types/node',
    'react',
    'react-dom',
    '@types/react',
    '@types/react-dom',
  ] as const
).map((name) => `${name}@${devDependencies[name]}`);

/** What every consumer has the compiler do: our declarations are checked as well, and that they name nothing the consumer does not have; those of TypeScript itself are not. */
const strict = {
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  skipDefaultLibCheck: true,
  noEmit: true,
};

let consumer: string;
let tarball: string;

beforeAll(async () => {
  consumer = await mkdtemp(join(tmpdir(), 'express-hitl-consumer-'));
  // Runs `prepack`, and with it the build.
  await run(root, 'npm', 'pack', '--pack-destination', consumer);
  const files = await readdir(consumer);
  expect(files).toEqual([expect.stringMatching(/^express-hitl-.+\.tgz$/)]);
  tarball = join(consumer, files.join());
  await write('package.json', JSON.stringify({ name: 'consumer', private: true }));
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund'];
  await run(consumer, 'npm', 'install', ...quiet, tarball, ...besides);
}, 180_000);

afterAll(() => rm(consumer, { recursive: true, force: true }));

function write(name: string, text: string): Promise<void> {
  return writeFile(join(consumer, name), text);
}

test('the tarball holds the build and its papers, no sources and no specs', async () => {
  const entries = (await run(consumer, 'tar', '-tzf', tarball)).trim().split('\n');
  const tops = new Set(entries.map((entry) => entry.split('/')[1]));
  expect([...tops]).toEqual(expect.arrayContaining(['LICENSE', 'dist', 'package.json']));
  const papers = [
    ...['LICENSE', 'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'llms.txt'],
    ...['docs', 'examples', 'dist', 'package.json'],
  ];
  expect([...tops].filter((top) => !papers.includes(top ?? ''))).toEqual([]);
  // Of our own; the examples are papers.
  const sources = entries.filter((entry) => /(?<!\.d)\.tsx?$/.test(entry));
  expect(sources.filter((entry) => !entry.startsWith('package/examples/'))).toEqual([]);
  expect(entries.filter((entry) => entry.includes('/.vitepress/'))).toEqual([]);
});

test('`require` gets every public name', async () => {
  await write('all.cjs', `console.log(JSON.stringify(Object.keys(require('express-hitl')).sort()));`);
  expect(JSON.parse(await run(consumer, process.execPath, 'all.cjs'))).toEqual(names);
});

test('`import` gets every public name by name, from the same instance as `require`', async () => {
  await write(
    'all.mjs',
    `import { createRequire } from 'node:module';
     import { ${names.join(', ')} } from 'express-hitl';
     const required = createRequire(import.meta.url)('express-hitl');
     const imported = { ${names.join(', ')} };
     console.log(JSON.stringify(Object.keys(imported).filter((name) => imported[name] === required[name]).sort()));`,
  );
  expect(JSON.parse(await run(consumer, process.execPath, 'all.mjs'))).toEqual(names);
});

test('the optional SQLite driver was not there for any of it', () => {
  expect(existsSync(join(consumer, 'node_modules', 'express', 'package.json'))).toBe(true);
  expect(existsSync(join(consumer, 'node_modules', 'better-sqlite3'))).toBe(false);
});

test.each([
  ['nodenext', 'nodenext', ['consumer.cts', 'consumer.mts']],
  ['preserve', 'bundler', ['consumer.mts']],
])(
  'the types are right under module %s, resolution %s, in %j',
  async (module, moduleResolution, files) => {
    const text = `import { ${names.join(', ')} } from 'express-hitl';
     import { type WireCode, HubError as Refusal } from 'express-hitl';
     // @ts-expect-error a name that is not public shows that the module is not simply \`any\`
     import { notAPublicName } from 'express-hitl';
     export const code: WireCode = new Refusal('not_found').code;
     // @ts-expect-error the codes are a closed list
     new Refusal('no_such_code');
     export const all = [${names.join(', ')}, notAPublicName];`;
    for (const file of files) await write(file, text);
    const project = `tsconfig.consumer.${module}.json`;
    const compilerOptions = {
      module,
      moduleResolution,
      target: 'es2023',
      types: ['node'],
      ...strict,
    };
    await write(project, JSON.stringify({ compilerOptions, files }));
    const { code, stdout } = await attempt(consumer, bin('tsc'), '-p', project, '--pretty', 'false');
    // What other packages' declarations get wrong (xstate's, under TypeScript 7) is not ours to answer for.
    const others = /^node_modules\/(?!express-hitl\/)/;
    const errors = stdout.split('\n').filter((line) => /\berror TS\d+/.test(line));
    expect(errors.filter((line) => !others.test(line))).toEqual([]);
    expect(code === 0).toBe(errors.length === 0);
  },
  60_000,
);

test('the client has the same names for `require` and `import`', async () => {
  const print = (module: string) => `console.log(JSON.stringify(Object.keys(${module}).sort()));`;
  await write('client.cjs', print(`require('express-hitl/client')`));
  await write('client.mjs', `import * as client from 'express-hitl/client';\n${print('client')}`);
  const client = Object.keys(clientNames).sort();
  expect(JSON.parse(await run(consumer, process.execPath, 'client.cjs'))).toEqual(client);
  expect(JSON.parse(await run(consumer, process.execPath, 'client.mjs'))).toEqual(client);
});

test('the live charts find their page and their pictures in the package', async () => {
  await write(
    'charts.cjs',
    `const express = require('express');
     const { expressHitl, memoryStore } = require('express-hitl');
     const auth = { identify: () => 'me', authorize: () => 'allow' };
     const pages = { charts: { maySee: () => true } };
     const hitl = expressHitl({ auth, pages, store: memoryStore() });
     const server = express().use(hitl.router).listen(0, async () => {
       const paths = ['', 'page.mjs', 'page.css', 'machines/ticket.svg'];
       const url = 'http://127.0.0.1:' + server.address().port + '/charts/';
       const answers = await Promise.all(paths.map((path) => fetch(url + path)));
       console.log(JSON.stringify(answers.map(({ status }) => status)));
       await hitl.close();
       server.close();
       server.closeAllConnections();
     });`,
  );
  expect(JSON.parse(await run(consumer, process.execPath, 'charts.cjs'))).toEqual([200, 200, 200, 200]);
});

test.each([
  ['cjs', 'bundled.cjs', ''],
  [
    'esm',
    'bundled.mjs',
    'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  ],
])(
  'an app that is bundled with it, as %s, starts and serves what needs no files',
  async (format, file, banner) => {
    await write(
      'app.js',
      `import express from 'express';
     import { expressHitl, memoryStore } from 'express-hitl';
     const lines = [];
     const log = (level) => (message) => lines.push(level + ' ' + message);
     const logger = { debug() {}, info() {}, warn: log('warn'), error: log('error') };
     const auth = { identify: () => 'me', authorize: () => 'allow' };
     const pages = { charts: { maySee: () => true } };
     const hitl = expressHitl({ auth, pages, logger, store: memoryStore() });
     const server = express().use('/soc', hitl.router).listen(0, async () => {
       const url = 'http://127.0.0.1:' + server.address().port + '/soc/';
       const paths = ['hitl/me', 'charts/', 'charts/', 'charts/page.mjs', 'console/'];
       const statuses = [];
       for (const path of paths) statuses.push((await fetch(url + path)).status);
       console.log(JSON.stringify({ statuses, lines }));
       await hitl.close();
       server.close();
       server.closeAllConnections();
     });`,
    );
    // What an app has beside a bundle by the same names is its own, and not served.
    await mkdir(join(consumer, 'console', 'assets'), { recursive: true });
    await mkdir(join(consumer, 'out'), { recursive: true });
    const options = [`--format=${format}`, `--banner:js=${banner}`, `--outfile=out/${file}`];
    await run(
      consumer,
      bin('esbuild'),
      'app.js',
      '--bundle',
      '--platform=node',
      ...options,
      '--log-level=error',
    );
    const { statuses, lines } = JSON.parse(await run(consumer, process.execPath, join('out', file)));
    expect(statuses).toEqual([200, 404, 404, 404, 404]);
    expect(lines).toEqual([
      expect.stringMatching(/^warn The page of the live charts is not there: .*out of its bundle$/),
      expect.stringMatching(/^warn The console is not built: .*out of its bundle/),
    ]);
  },
  60_000,
);

test.each([
  ['nodenext', 'nodenext', ['page.cts', 'page.mts']],
  ['preserve', 'bundler', ['page.mts']],
])(
  'the client is right in a page, which has no types of Node, under module %s, resolution %s, in %j',
  async (module, moduleResolution, files) => {
    const text = `import { connectTicket, emptyView, reduce, type SocketConstructor, TicketError } from 'express-hitl/client';
     export const socket: SocketConstructor = WebSocket;
     const { signal } = new AbortController();
     const client = connectTicket({ url: '/soc', ticketId: 'T-1', WebSocket, fetch, events: window, signal });
     client.on('envelope', (envelope) => reduce(emptyView(), envelope));
     client.on('hitl_request_pending', ({ hitl }) => {
       client.respond(hitl.id, { status: 'approved', revision: hitl.revision }).catch((error: unknown) => {
         if (error instanceof TicketError && error.code === 'already_resolved') client.close();
       });
     });
     // @ts-expect-error there is no such event
     client.on('no_such_event', () => {});`;
    for (const file of files) await write(file, text);
    const project = `tsconfig.page.${module}.json`;
    const lib = ['es2023', 'dom', 'dom.iterable'];
    const compilerOptions = { module, moduleResolution, target: 'es2023', lib, types: [], ...strict };
    await write(project, JSON.stringify({ compilerOptions, files }));
    await expect(run(consumer, bin('tsc'), '-p', project)).resolves.toBe('');
  },
  60_000,
);

describe('the hooks', () => {
  /** A page with a hook, rendered where there is no browser. */
  const rendered = `
    const Room = () => createElement('p', null, useTicket('T-1').state);
    const html = renderToString(createElement(HitlProvider, { url: '/soc' }, createElement(Room)));`;

  test('have the same names for `require` and `import`, and render on a server', async () => {
    const print = 'console.log(JSON.stringify([html, Object.keys(hooks).sort()]));';
    await write(
      'hooks.cjs',
      `const hooks = require('express-hitl/react');
       const { HitlProvider, useTicket } = hooks;
       const { createElement } = require('react');
       const { renderToString } = require('react-dom/server');
       ${rendered} ${print}`,
    );
    await write(
      'hooks.mjs',
      `import * as hooks from 'express-hitl/react';
       import { HitlProvider, useTicket } from 'express-hitl/react';
       import { createElement } from 'react';
       import { renderToString } from 'react-dom/server';
       ${rendered} ${print}`,
    );
    const expected = ['<p>connecting</p>', Object.keys(reactNames).sort()];
    expect(JSON.parse(await run(consumer, process.execPath, 'hooks.cjs'))).toEqual(expected);
    expect(JSON.parse(await run(consumer, process.execPath, 'hooks.mjs'))).toEqual(expected);
  });

  test('have the client that the app has, not one of their own', async () => {
    await write(
      'one-client.cjs',
      `require('express-hitl/react');
       console.log(require.resolve('express-hitl/client') in require.cache);`,
    );
    await write(
      'one-client.mjs',
      `import { readFileSync } from 'node:fs';
       const hooks = import.meta.resolve('express-hitl/react');
       const [, path] = /from ?"(\\.[^"]*)"/.exec(readFileSync(new URL(hooks), 'utf8'));
       console.log(new URL(path, hooks).href === import.meta.resolve('express-hitl/client'));`,
    );
    for (const file of ['one-client.cjs', 'one-client.mjs']) {
      expect([file, await run(consumer, process.execPath, file)]).toEqual([file, 'true\n']);
    }
  });

  test.each([
    ['nodenext', 'nodenext'],
    ['preserve', 'bundler'],
  ])(
    'have the right types under module %s, resolution %s',
    async (module, moduleResolution) => {
      await write(
        'hooks.tsx',
        `import { HitlProvider, type RequestOutcome, usePending, useRequest, useTicket } from 'express-hitl/react';
       function Card({ id }: { id: string }) {
         const { request, draft, edit, answer } = useRequest({ id, ticketId: 'T-1' });
         const done = (outcome: RequestOutcome) => outcome.ok || outcome.error.code === 'already_resolved';
         return (
           <form onSubmit={() => void answer('approved').then(done)}>
             {request?.type} <input value={draft.comment ?? ''} onChange={(event) => edit({ comment: event.target.value })} />
           </form>
         );
       }
       function Room() {
         const { state, timeline } = useTicket('T-1');
         // @ts-expect-error there is no such field
         useTicket('T-1').noSuchField;
         const pending = usePending('T-1');
         return <p>{state} {timeline.length} {pending.map(({ id }) => <Card key={id} id={id} />)}</p>;
       }
       export const page = <HitlProvider url="/soc" WebSocket={WebSocket}><Room /></HitlProvider>;`,
      );
      const project = `tsconfig.hooks.${module}.json`;
      const lib = ['es2023', 'dom', 'dom.iterable'];
      const compilerOptions = {
        module,
        moduleResolution,
        target: 'es2023',
        lib,
        types: [],
        jsx: 'react-jsx',
        ...strict,
      };
      await write(project, JSON.stringify({ compilerOptions, files: ['hooks.tsx'] }));
      await expect(run(consumer, bin('tsc'), '-p', project)).resolves.toBe('');
    },
    60_000,
  );
});

describe('a store of another package', () => testOutsideStore(() => consumer));

test('publint finds nothing', async () => {
  await expect(run(consumer, bin('publint'), 'run', tarball, '--strict')).resolves.toContain('All good');
}, 60_000);

test('attw finds the types right for every way of resolving them', async () => {
  // A style sheet has none.
  const plain = ['--no-color', '--no-emoji', '--exclude-entrypoints', 'react/parts.css'];
  const said = await run(consumer, bin('attw'), tarball, ...plain);
  expect(said).toContain('No problems found');
}, 60_000);
