/** The pages of the public names: one per entry of the package, in the folder that `write-api.ts` writes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exports } from '../../package.json';
import { root } from './places';

/** Written by `npm run site:api`, and in no commit. */
export const apiFolder = join(root, 'site/api');

/** The source of each entry that the package exports, by its name, `express-hitl/client` for one. */
export const entries = Object.entries(exports).flatMap(([path, target]) => {
  const file = /dist\/(.*?)\.d\.m?ts/.exec(JSON.stringify(target))?.[1];
  return file ? [{ name: `express-hitl${path.slice(1)}`, source: `lib/${file}.ts` }] : [];
});

/** The page of an entry. */
export const apiPage = (name: string) => `${name.replaceAll('/', '-')}.md`;

/** The pages that were written, for the list beside every page. @throws Error before they are */
export function apiPages(): { text: string; link: string }[] {
  if (!existsSync(apiFolder)) throw new Error('the pages of the public names are missing: npm run site:api');
  return entries.map(({ name }) => ({ text: name, link: `/api/${apiPage(name)}` }));
}
