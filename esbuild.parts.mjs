/** Bundles `lib/parts` with what it is made of, for `import`, for `require`, and its style sheet: `npm run build:parts`. */
import { build } from 'esbuild';

for (const [format, name, ending] of [
  ['esm', 'index.mjs', '.mjs'],
  ['cjs', 'index.js', '.js'],
]) {
  await build({
    entryPoints: ['lib/parts/index.ts'],
    outfile: `dist/parts/${name}`,
    bundle: true,
    minify: true,
    format,
    target: 'es2022',
    jsx: 'automatic',
    sourcemap: true,
    logLevel: 'warning',
    external: ['react', 'react/jsx-runtime', 'react-dom'],
    plugins: [
      {
        // They stay modules of their own, so that an app that imports them too has each once, and one provider serves all.
        name: 'hooks and client apart',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\.\.\/(react|client)$/ }, ({ path }) => ({
            path: `${path}/index${ending}`,
            external: true,
          })),
      },
    ],
  });
}
await build({
  entryPoints: ['lib/parts/parts.css'],
  outfile: 'dist/parts/parts.css',
  bundle: true,
  minify: true,
  // light-dark() is kept as it is.
  target: ['chrome123', 'firefox120', 'safari17.5'],
  logLevel: 'warning',
});
