/** What the site and `llms.txt` read of a page: its title, its first sentence, the anchors of its headings. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './places';

/** The anchor that GitHub gives to a heading, so that a link holds there and in the site. */
export function slugOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** A text without its fenced blocks; the lines stay where they are. */
export function prose(text: string): string {
  return text.replace(/^ {0,3}(`{3,}|~{3,})[\s\S]*?^ {0,3}\1$/gm, (block) => block.replace(/[^\n]/g, ''));
}

/** The anchors of the headings of a page; a heading that is repeated has a number. */
export function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = [...prose(text).matchAll(/^#{1,6} +(.*)$/gm)].map(([, heading = '']) => {
    const slug = slugOf(heading);
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
  return new Set(headings);
}

/** The title of a page. @throws Error for a page without one */
export function titleOf(page: string): string {
  const [, title] = /^# (.+)$/m.exec(readFileSync(join(root, page), 'utf8')) ?? [];
  if (!title) throw new Error(`${page} has no title`);
  return title;
}

/** The first sentence below the title, without links and emphasis. @throws Error for a page without one */
export function summaryOf(page: string): string {
  const text = readFileSync(join(root, page), 'utf8').replace(/^[\s\S]*?^# .+$/m, '');
  const paragraph = text.split(/\n{2,}/).find((each) => /^\s*[\p{L}`*[]/u.test(each));
  const [sentence] = /^[\s\S]*?\.(?=\s|$)/.exec(paragraph?.trim() ?? '') ?? [];
  if (!sentence) throw new Error(`${page} has no first sentence`);
  return sentence
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('**', '')
    .replace(/\s+/g, ' ');
}
