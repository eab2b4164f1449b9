/** Writes the page that lists all machines of a folder and says how to read their pictures. */
import type { Chart } from './chart';
import { table, written } from './markdown';

/** The page in Markdown, for a folder that holds the files of these machines. */
export function indexPageOf(machines: readonly { readonly chart: Chart; readonly stem: string }[]): string {
  return `${[
    written,
    '# State charts',
    'What the program may do, drawn from the machines that run: not a picture of the design but of the code.',
    table(
      ['Machine', 'What it is'],
      machines.map(({ chart, stem }) => [`[${chart.id}](${stem}.md)`, chart.root.description ?? '']),
    ),
    '## How to read the pictures',
    [
      '- A box is a state, a box in a box a state within a state; what an outer state says goes for all within. A double line is an end, a dashed box one of several that go on at once.',
      '- The dot points at the state that is entered first.',
      '- An arrow is a way to another state, its label says `event [guard] / actions`: when the event comes and the guard holds, the actions are done and the state changes.',
      '- A label that begins with *from any state* or *from anywhere in …* goes for every state within.',
      '- A row in a box is an event that is answered without changing the state, a refusal for example.',
      '- A small number is the branch of an event: branches are tried from 1 on, the first whose guard holds is taken, and no other. Numbers missing in the box are at its arrows.',
      '- A clock marks what time brings: a deadline.',
      '- An event that is not named in a state is not heard there.',
    ].join('\n'),
    '## How to update them',
    'The words are those of the machine: `description` of the machine, its states and its transitions, and in its `meta` a sentence by name in `guards`, `events`, `deadlines` and `actions`.',
    [
      '- `npx express-hitl charts <files>` writes these pages, and with `--check` it fails if they are not what it would write.',
      '- `npx express-hitl charts diff <git revision> <files>` says what has changed in the machines since then, for a pull request, and with `--out <folder>` it draws it.',
    ].join('\n'),
  ].join('\n\n')}\n`;
}
