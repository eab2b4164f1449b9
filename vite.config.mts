/** How `npm run build:console` makes the operator's console of `lib/console`: one page with its files, for any mount path. */
import { defineConfig } from 'vite';

// Whatever the environment says (tests say `test`): what is built is what ships.
process.env.NODE_ENV = 'production';

export default defineConfig({
  root: 'lib/console',
  // Every address is relative to the page, which the router serves at `<mount>/console/`.
  base: './',
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    // A data: address would need a hole in the policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
    reportCompressedSize: true,
  },
});
