/** Where the pages of the repository are in the site, and where a link of one of them leads there; used by `config.mts`. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';

export const root = join(__dirname, '../..');

/** The page of the site for a page of the repository, as VitePress names it. */
export function placeOf(page: string): string {
  return page.replace(/(^|\/)README\.md$/, '$1index.md').replace(/^(docs|site)\//, '');
}

/** What is code of an example and shown on its page. */
const isShown = /\.(tsx?|m?js|py)$/;

/** The files of the example whose `README.md` this is, from the repository; none for other pages. */
export function codeOf(page: string): string[] {
  const [, folder] = /^(examples\/[^/]+)\/README\.md$/.exec(page) ?? [];
  if (!folder) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((path) => isShown.test(path) && !path.includes('/node_modules/'))
    .sort();
}

/** The anchor of a file of an example on its page. */
export function anchorOf(file: string): string {
  return posix.basename(file).replaceAll('.', '-');
}

/** Where a link leads: a page, or a file that is copied into the site. */
export interface Target {
  href: string;
  copy?: string;
}

/**
 * The link of a page, as the site has it; `undefined` for one that stays as it is: of the web, or within the page.
 * @param page from the repository
 * @throws Error for a link that leads nowhere
 */
export function targetOf(page: string, link: string): Target | undefined {
  if (/^([a-z]+:|#|\/)/i.test(link)) return undefined;
  const [path = '', anchor] = link.split('#', 2);
  const hash = anchor === undefined ? '' : `#${anchor}`;
  let to = posix.join(posix.dirname(page), decodeURI(path)).replace(/\/$/, '');
  if (!existsSync(join(root, to))) throw new Error(`${page}: ${link} leads nowhere`);
  if (statSync(join(root, to)).isDirectory()) to = `${to}/README.md`;
  if (to.endsWith('.md')) {
    if (!existsSync(join(root, to))) throw new Error(`${page}: ${link} leads to a folder without a page`);
    return { href: `/${placeOf(to)}${hash}` };
  }
  const [example] = /^examples\/[^/]+/.exec(to) ?? [];
  const owner = `${example}/README.md`;
  if (codeOf(owner).includes(to)) return { href: `/${placeOf(owner)}#${anchorOf(to)}` };
  return { href: `/${to}`, copy: to };
}
