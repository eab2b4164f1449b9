/** Holds the list of pages complete, `llms.txt` as it is written from them, and what the site makes of links. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contents } from '../../docs/.vitepress/contents';
import { llmsText } from '../../docs/.vitepress/llms';
import { codeOf, placeOf, targetOf } from '../../docs/.vitepress/places';
import { pages, root } from './pages';

const listed = contents.flatMap((group) => group.pages);

test('the contents have every page once, but for those below an index', () => {
  const belowAnIndex = /^(docs\/(charts|decisions)|examples\/.+)\/(?!README)|^examples\/.+\/README/;
  const expected = pages.map(({ path }) => path).filter((path) => !belowAnIndex.test(path));
  expect(listed.toSorted()).toEqual(expected.toSorted());
});

test('llms.txt is as `npm run llms` writes it', () => {
  expect(readFileSync(join(root, 'llms.txt'), 'utf8')).toBe(llmsText());
});

describe('in the site', () => {
  test.each([
    ['README.md', 'index.md'],
    ['docs/hitl.md', 'hitl.md'],
    ['docs/charts/README.md', 'charts/index.md'],
    ['examples/minimal/README.md', 'examples/minimal/index.md'],
    ['site/api/express-hitl.md', 'api/express-hitl.md'],
  ])('%s is at %s', (page, place) => expect(placeOf(page)).toBe(place));

  test.each([
    ['of a page', 'README.md', 'docs/rest.md#routes', { href: '/rest.md#routes' }],
    ['of a folder with a page', 'README.md', 'examples/minimal', { href: '/examples/minimal/index.md' }],
    ['up', 'docs/hitl.md', '../README.md', { href: '/index.md' }],
    [
      'of a file',
      'README.md',
      'docs/openapi.json',
      { href: '/docs/openapi.json', copy: 'docs/openapi.json' },
    ],
    [
      'of the code of an example',
      'examples/own-ui/README.md',
      'page/main.tsx',
      { href: '/examples/own-ui/index.md#main-tsx' },
    ],
    ['within the page', 'docs/hitl.md', '#asking', undefined],
    ['of the web', 'docs/hitl.md', 'https://example.com', undefined],
  ])('a link %s leads there', (_what, page, link, target) => {
    expect(targetOf(page, link)).toEqual(target);
  });

  test.each(['nowhere.md', '../nowhere/', '../lib'])('a link to %s is refused', (link) => {
    expect(() => targetOf('docs/hitl.md', link)).toThrow(/docs\/hitl\.md: .* leads/);
  });

  test('an example shows its code, and nothing else does', () => {
    expect(codeOf('examples/minimal/README.md')).toEqual(['examples/minimal/app.ts']);
    expect(codeOf('examples/README.md')).toEqual([]);
    expect(codeOf('docs/hitl.md')).toEqual([]);
  });
});
