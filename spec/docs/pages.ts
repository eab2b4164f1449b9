/** The pages that ship with the package, and what stands in them: fenced blocks, links, headings; the specs of this folder read them here. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { anchorsOf, prose } from '../../docs/.vitepress/markdown';

export const root = join(__dirname, '../..');

export interface Page {
  /** From the repository, with `/`. */
  path: string;
  text: string;
}

/** A fenced block. */
export interface Fence {
  page: string;
  /** Of the opening fence, counted from 1. */
  line: number;
  language: string;
  /** What stands after the language; a reader does not see it. */
  label: string;
  text: string;
}

export interface Link {
  page: string;
  line: number;
  /** As written. */
  target: string;
}

/** README and its neighbours, and everything below `docs/` and `examples/`. */
export const pages: readonly Page[] = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...['docs', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .filter((path) => path.endsWith('.md') && !path.startsWith('docs/.vitepress/'))
      .sort(),
  ),
].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** The page of this path. @throws Error if there is none */
export function page(path: string): string {
  const found = pages.find((each) => each.path === path);
  if (!found) throw new Error(`no page ${path}`);
  return found.text;
}

/** The fenced blocks of a page, in order. @throws Error for a fence that is not closed */
export function fences({ path, text }: Page): Fence[] {
  const found: Fence[] = [];
  let open: (Fence & { fence: string }) | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const [, fence = '', language = '', label = ''] = /^ {0,3}(`{3,}|~{3,})\s*(\S*)\s*(.*)$/.exec(line) ?? [];
    if (!open && fence) open = { page: path, line: index + 1, language, label, text: '', fence };
    else if (open && line.trim() === open.fence) {
      const { fence: _fence, ...block } = open;
      found.push(block);
      open = undefined;
    } else if (open) open.text += `${line}\n`;
  }
  if (open) throw new Error(`${path}:${open.line}: the fence is not closed`);
  return found;
}

/** Links and pictures of a page, in Markdown and in HTML. */
export function links(of: Page): Link[] {
  const text = prose(of.text).replace(/`[^`\n]*`/g, '');
  const found = text.matchAll(/\]\(\s*([^)\s]+)[^)]*\)|\b(?:href|src|srcset)="([^"]+)"/g);
  return [...found].map(({ index, 1: markdown, 2: html }) => ({
    page: of.path,
    line: text.slice(0, index).split('\n').length,
    target: markdown ?? html ?? '',
  }));
}

/** The anchors that GitHub gives to the headings of a page. */
export function anchors({ text }: Page): Set<string> {
  return anchorsOf(text);
}

/** Why a link leads nowhere, or nothing if it leads somewhere. Addresses of the web are not asked. */
export function whyBroken({ page: from, target }: Link): string | undefined {
  if (/^[a-z]+:/.test(target)) return undefined;
  const [file = '', anchor] = target.split('#', 2);
  const path = file === '' ? from : posix.join(posix.dirname(from), file);
  if (!existsSync(join(root, path))) return 'there is no such file';
  if (anchor === undefined) return undefined;
  const to = pages.find((each) => each.path === path);
  if (!to) return 'an anchor needs a page';
  return anchors(to).has(anchor) ? undefined : 'there is no such heading';
}
