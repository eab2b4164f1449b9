/** What `llms.txt` says: every page of the contents, with its title and first sentence; `npm run llms` writes it. */
import { contents } from './contents';
import { summaryOf, titleOf } from './markdown';

/** The text of `llms.txt`, in the form of llmstxt.org. */
export function llmsText(): string {
  const groups = contents.map(({ title, pages }) => {
    const lines = pages.map((page) => `- [${titleOf(page)}](${page}): ${summaryOf(page)}`);
    return `## ${title}\n\n${lines.join('\n')}\n`;
  });
  return `# ${titleOf('README.md')}\n\n> ${summaryOf('README.md')}\n\n${groups.join('\n')}`;
}
