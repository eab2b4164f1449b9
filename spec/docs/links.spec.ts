/** Holds that every link of every page leads somewhere, and that every page can be reached. */
import { posix } from 'node:path';
import { anchors, type Link, links, pages, whyBroken } from './pages';

const all = pages.flatMap(links);

test('there are links', () => expect(all.length).toBeGreaterThan(50));

test.each(all)('$page:$line leads somewhere: $target', (link) => {
  expect(whyBroken(link)).toBeUndefined();
});

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
