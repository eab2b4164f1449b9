import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { type Bundles, bundleReact } from './bundle';

let bundles: Bundles;
beforeAll(async () => {
  bundles = await bundleReact();
}, 60_000);
afterAll(() => bundles.remove());

/** An app of one line, bundled with the hooks and without React. */
async function appOf(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: contents.replace('express-hitl', bundles.react), resolveDir: '/' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    external: ['react', 'react/jsx-runtime'],
  });
  return outputFiles.map(({ text }) => text).join();
}

// A turn to be followed and steered took 0.4 kB beside what ticket, request and inbox need.
test('the bundle stays below 8 kB when it is compressed', async () => {
  const size = gzipSync(await readFile(bundles.react)).length;
  expect(size).toBeGreaterThan(1_000);
  expect(size).toBeLessThan(8_000);
});

test('it holds the hooks; React and the client stay modules of their own', () => {
  expect(bundles.inputs.filter((path) => !path.startsWith('lib/react/'))).toEqual([]);
  expect(bundles.imports).toEqual(['../client/index.mjs', 'react', 'react/jsx-runtime']);
});

test('it says to frameworks that it is for the browser', async () => {
  expect(await readFile(bundles.react, 'utf8')).toMatch(/^"use client";/);
});

test('what an app does not import it does not get', async () => {
  const all = await appOf(`export * from 'express-hitl'`);
  const some = await appOf(`export { HitlProvider, usePending } from 'express-hitl'`);
  // What `checkResponse` says.
  expect([all, some].map((text) => text.includes('is not expected'))).toEqual([true, false]);
  expect(some.length).toBeLessThan(all.length - 2_000);
});
