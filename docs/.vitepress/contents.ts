/** The order of the pages, for readers of the site and of `llms.txt`; a spec holds that no page is missing. */

/** A group of pages, as paths from the repository. */
export interface Group {
  title: string;
  pages: readonly string[];
}

export const contents: readonly Group[] = [
  { title: 'Begin', pages: ['README.md', 'docs/tutorial.md', 'docs/concepts.md', 'examples/README.md'] },
  {
    title: 'Guides',
    pages: [
      'docs/mounting.md',
      'docs/hitl.md',
      'docs/durable-turns.md',
      'docs/streams.md',
      'docs/console.md',
      'docs/channels.md',
      'docs/react.md',
      'docs/writing-a-client.md',
      'docs/stores.md',
      'docs/testing-your-flow.md',
      'docs/deployment.md',
      'docs/security-model.md',
      'docs/troubleshooting.md',
      'docs/reliability.md',
    ],
  },
  {
    title: 'Reference',
    pages: ['docs/errors.md', 'docs/protocol.md', 'docs/rest.md', 'docs/classic.md', 'docs/reference-api.md'],
  },
  {
    title: 'Inside',
    pages: [
      'docs/life-of-a-frame.md',
      'docs/charts/README.md',
      'docs/decisions/README.md',
      'docs/benchmarks.md',
      'docs/reliability-figures.md',
      'docs/mutations.md',
    ],
  },
  {
    title: 'Project',
    pages: ['CHANGELOG.md', 'docs/upgrade.md', 'docs/support.md', 'SECURITY.md', 'CONTRIBUTING.md'],
  },
];
