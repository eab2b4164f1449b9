/** What `import` gets: typed by this file; the code is bundled by `npm run build` and takes the place of what this becomes. */
export * from './index.js';
