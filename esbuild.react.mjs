/** Bundles `lib/react` for `import`: `npm run build:react`, or with another file to write and one for esbuild's account of it. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const { values } = parseArgs({
  options: { outfile: { type: 'string', default: 'dist/react/index.mjs' }, metafile: { type: 'string' } },
});

const { metafile } = await build({
  entryPoints: ['lib/react/index.ts'],
  outfile: values.outfile,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  sourcemap: true,
  metafile: true,
  logLevel: 'warning',
  external: ['react', 'react/jsx-runtime'],
  plugins: [
    {
      // It stays a module of its own, so that an app that imports both has it once.
      name: 'client apart',
      setup: ({ onResolve }) =>
        onResolve({ filter: /^\.\.\/client$/ }, () => ({ path: '../client/index.mjs', external: true })),
    },
  ],
});
if (values.metafile) await writeFile(values.metafile, JSON.stringify(metafile));
