/** The documentation site: the pages of the repository as they are, the code of the examples, and the public names. */
import { cpSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { defineConfig, type MarkdownOptions } from 'vitepress';
import { apiPages } from './api.js';
import { contents } from './contents.js';
import { slugOf, titleOf } from './markdown.js';
import { anchorOf, codeOf, placeOf, root, targetOf } from './places.js';

type MarkdownIt = Parameters<NonNullable<MarkdownOptions['config']>>[0];

const copied = new Set<string>();

/** Makes every link and picture of a page one of the site. */
function mendLinks(md: MarkdownIt): void {
  md.core.ruler.push('links-of-the-repository', ({ tokens, env }) => {
    const page = relative(root, env.realPath ?? env.path);
    for (const token of tokens.flatMap((each) => [each, ...(each.children ?? [])])) {
      if (token.type === 'link_open') {
        const target = targetOf(page, token.attrGet('href') ?? '');
        if (target) token.attrSet('href', target.href);
        if (!target?.copy) continue;
        copied.add(target.copy);
        // Without it the site would look for a page of that name.
        token.attrSet('target', '_self');
      } else if (token.type.startsWith('html_')) {
        token.content = token.content.replace(/\b(src|srcset)="(?=\w)(?!\w+:)/g, '$1="./');
      }
    }
  });
}

/** Puts the files of an example below its page. */
const examplesCode = {
  name: 'code-of-the-examples',
  enforce: 'pre' as const,
  transform(text: string, id: string) {
    const page = relative(root, id);
    if (!page.endsWith('.md')) return undefined;
    const files = codeOf(page);
    if (files.length === 0) return undefined;
    const shown = files.map((file) => {
      const [path, language] = [
        file.split('/').slice(2).join('/'),
        extname(file).slice(1).replace('mjs', 'js'),
      ];
      return `### ${path} {#${anchorOf(file)}}\n\n<<< ${join(root, file)}{${language}}`;
    });
    return `${text}\n\n## The code\n\n${shown.join('\n\n')}\n`;
  },
};

const link = (page: string) => ({ text: titleOf(page), link: `/${placeOf(page)}` });

export default defineConfig({
  title: 'express-hitl',
  description: 'Human-in-the-loop for AI agents in the Express app you already have',
  srcDir: '..',
  srcExclude: ['bench/**', 'lib/**', 'spec/**', 'dist/**', 'coverage/**', 'etc/**', '*/.vitepress/**'],
  rewrites: placeOf,
  outDir: '../site/html',
  cacheDir: '../site/cache',
  // A page of the reader's own machine, and a file, whose place `targetOf` has looked up.
  ignoreDeadLinks: [/^http:\/\/localhost:/, (link) => copied.has(link.slice(1))],
  markdown: {
    anchor: { slugify: slugOf },
    config: mendLinks,
  },
  vite: { plugins: [examplesCode] },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: [
      ...contents.map(({ title, pages }) => ({ text: title, items: pages.map(link) })),
      { text: 'Public names', items: apiPages() },
    ],
  },
  buildEnd({ outDir }) {
    for (const file of copied) cpSync(join(root, file), join(outDir, file));
  },
});
