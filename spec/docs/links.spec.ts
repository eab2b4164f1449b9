/** Holds that every link of every page leads somewhere, and that every page can be reached. */
import { posix } from 'node:path';
import { run } from '../packaging/command';
import { anchors, type Link, links, pages, root, whyBroken } from './pages';

const all = pages.flatMap(links);

test('there are links', () => expect(all.length).toBeGreaterThan(50));

test.each(all)('$page:$line leads somewhere: $target', (link) => {
  expect(whyBroken(link)).toBeUndefined();
});

test('no link of a page that ships leads out of the tarball', async () => {
  const packed = await run(root, 'npm', 'pack', '--dry-run', '--json', '--ignore-scripts');
  // One entry: a list of older npm, by the package's name in newer.
  const [{ files }] = Object.values(JSON.parse(packed)) as [{ files: { path: string }[] }];
  const ships = new Set(files.map(({ path }) => path));
  const shipping = pages.filter(({ path }) => ships.has(path));
  expect(shipping).toEqual(pages);
  const leaving = all.filter(({ page, target }) => {
    if (/^[a-z]+:/.test(target)) return false;
    const path = posix.join(posix.dirname(page), target.split('#')[0] || posix.basename(page));
    return !ships.has(path) && !ships.has(`${path}/README.md`);
  });
  expect(leaving).toEqual([]);
}, 60_000);

test('every page can be reached from the README', () => {
  const reached = new Set(['README.md']);
  for (const from of reached) {
    for (const { target } of all.filter((link) => link.page === from)) {
      const [file = ''] = target.split('#');
      const path = posix.join(posix.dirname(from), file);
      const to = pages.find((each) => each.path === path || each.path === `${path}/README.md`);
      if (to) reached.add(to.path);
    }
  }
  expect(pages.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
});

describe('a link that leads nowhere is found:', () => {
  const from = (target: string): Link => ({ page: 'docs/errors.md', line: 1, target });
  test.each([
    ['to a file that is not there', 'nowhere.md', 'there is no such file'],
    ['to a heading that is not there', 'protocol.md#nowhere', 'there is no such heading'],
    ['to a heading of this page that is not there', '#nowhere', 'there is no such heading'],
    ['out of the folder', '../nowhere/README.md', 'there is no such file'],
  ])('%s', (_what, target, why) => expect(whyBroken(from(target))).toBe(why));
});

test('headings become the anchors that GitHub gives them', () => {
  const text = '# A `code`: (two) words\n\n## Same\n\n## Same\n\n```sh\n# no heading\n```\n';
  expect([...anchors({ path: 'x.md', text })]).toEqual(['a-code-two-words', 'same', 'same-1']);
});
