/** Writes the pages of the public names from the code and its comments: `npm run site:api`. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiFolder, apiPage, entries } from './api';
import { anchorsOf } from './markdown';
import { root } from './places';

rmSync(apiFolder, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [
    join(__dirname, 'node_modules/typedoc/bin/typedoc'),
    ...['--plugin', 'typedoc-plugin-markdown', '--tsconfig', join(root, 'tsconfig.json')],
    // Types are checked by `npm run typecheck`, with another TypeScript.
    ...['--skipErrorChecking', '--disableSources', '--excludePrivate', '--excludeInternal'],
    ...['--router', 'module', '--readme', 'none', '--hideBreadcrumbs', '--hidePageHeader'],
    ...['--out', apiFolder, '--logLevel', 'Error'],
    ...entries.flatMap(({ source }) => ['--entryPoints', join(root, source)]),
  ],
  { cwd: __dirname, stdio: 'inherit' },
);
rmSync(join(apiFolder, 'README.md'));

/** The name of the entry for each page that typedoc has written, by the folder of its source. */
const names = new Map(
  entries.map(({ name, source }) => {
    const [, folder = 'index'] = /^lib\/(.+)\/index\.ts$/.exec(source) ?? [];
    return [`${folder.replaceAll('/', '-')}.md`, name];
  }),
);
const texts = readdirSync(apiFolder).map((file) => {
  const name = names.get(file);
  if (!name) throw new Error(`typedoc wrote ${file}, which is no entry`);
  const text = readFileSync(join(apiFolder, file), 'utf8');
  rmSync(join(apiFolder, file));
  return [name, text] as const;
});
for (const [name, text] of texts) {
  const anchors = anchorsOf(text);
  const mended = text
    .replace(/^# .*$/m, `# ${name}`)
    .replace(/\]\(([\w-]+\.md)(?=[#)])/g, (link, to: string) => `](${apiPage(names.get(to) ?? link)}`)
    // typedoc numbers a heading after others of the same name that it has not written.
    .replace(/\]\(#([\w-]+)-\d+\)/g, (link, slug: string) =>
      anchors.has(link.slice(3, -1)) ? link : `](#${slug})`,
    );
  writeFileSync(join(apiFolder, apiPage(name)), mended);
}
