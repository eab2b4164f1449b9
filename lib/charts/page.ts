/** Writes the page of one machine: its picture, and every state, event, deadline and guard in the machine's own words. */
import { type Chart, type ChartGuard, type ChartTransition, namesIn, statesIn, transitionsOf } from './chart';
import { code, type Row, table, written } from './markdown';
import { actionsText, eventText, guardText, hooksOf, isDeadline, stateText, stayText } from './wording';

/** The page in Markdown; `stem` is the name of the machine's files without what is behind the dot. */
export function pageOf(chart: Chart, stem: string, hasLife = false): string {
  return `${[
    written,
    `# ${chart.id}`,
    ...(chart.root.description ? [chart.root.description] : []),
    ...(hasLife
      ? [
          `[![The life of ${chart.id}: its states and what leads from one to another](${stem}.life.svg)](${stem}.life.svg)`,
          'The same with its rules: every guard, action and refusal.',
        ]
      : []),
    `[![The states of ${chart.id} and the ways between them](${stem}.svg)](${stem}.svg)`,
    `Each state lists what happens without leaving it, arrows lead to other states; \`event [guard] / actions\`. [How to read it](README.md). The same as [Mermaid](${stem}.mmd) and as [XState configuration](${stem}.machine.json).`,
    ...section('States', ['State', 'Meaning', 'By itself'], states(chart)),
    ...section('Events', ['Event', 'Meaning', 'Heard in'], events(chart, false)),
    ...section('Deadlines', ['Deadline', 'Meaning', 'Heard in'], events(chart, true)),
    ...section('Guards', ['Guard', 'Holds when', 'Asked by'], guards(chart)),
    ...section(
      'Actions',
      ['Action', 'Effect'],
      Object.entries(chart.sentences.actions).map(([name, sentence]) => [code(name), sentence]),
    ),
    ...transitions(chart),
  ].join('\n\n')}\n`;
}

function section(title: string, head: Row, rows: readonly Row[]): string[] {
  return rows.length > 0 ? [`## ${title}`, table(head, rows)] : [];
}

function states(chart: Chart): Row[] {
  const all = statesIn(chart.root);
  const initial = new Set(all.flatMap((state) => state.initial ?? []));
  return all.slice(1).map((state) => {
    const kinds = [
      initial.has(state.id) ? 'initial' : '',
      ['atomic', 'compound'].includes(state.type) ? '' : state.type,
    ];
    const kind = kinds.filter((each) => each !== '').join(', ');
    const own = hooksOf(state).map(([name, what]) => `${name} ${code(what.replace(/^\/ /, ''))}`);
    return [
      code(stateText(chart, state.id)) + (kind ? ` (${kind})` : ''),
      state.description ?? '',
      own.join('<br>'),
    ];
  });
}

/** Every event once: its sentence if the machine has one, else what its transitions say. */
function events(chart: Chart, areDeadlines: boolean): Row[] {
  const all = new Map<string, ChartTransition[]>();
  for (const transition of transitionsOf(chart)) {
    if (isDeadline(chart, transition) !== areDeadlines) continue;
    const name = eventText(transition);
    all.set(name, [...(all.get(name) ?? []), transition]);
  }
  const sentences = areDeadlines ? chart.sentences.deadlines : chart.sentences.events;
  return [...all].map(([name, heard]) => {
    const sentence =
      sentences[heard[0]?.event ?? ''] ??
      once(heard.flatMap(({ description }) => description ?? [])).join('<br>');
    return [code(name), sentence, once(heard.map(({ source }) => code(stateText(chart, source)))).join(', ')];
  });
}

function guards(chart: Chart): Row[] {
  const askedBy = new Map<string, string[]>(Object.keys(chart.sentences.guards).map((name) => [name, []]));
  for (const transition of transitionsOf(chart)) {
    for (const name of transition.guard ? guardNamesOf(chart, transition.guard) : []) {
      askedBy.set(name, [
        ...(askedBy.get(name) ?? []),
        `${code(stateText(chart, transition.source))} on ${code(eventText(transition))}`,
      ]);
    }
  }
  return [...askedBy].map(([name, asked]) => {
    const combined = chart.combined[name];
    const meaning = [chart.sentences.guards[name], combined && code(guardText(combined))].filter(
      (part) => part !== undefined,
    );
    return [code(name), meaning.join(': '), once(asked).join(', ')];
  });
}

/** The names in a guard, those behind its combined names too. */
function guardNamesOf(chart: Chart, guard: ChartGuard): readonly string[] {
  return namesIn(guard).flatMap((name) => {
    const combined = chart.combined[name];
    return combined ? [name, ...guardNamesOf(chart, combined)] : [name];
  });
}

/** One table per state, so that the branches of an event stand in the order in which they are tried. */
function transitions(chart: Chart): string[] {
  const tables = statesIn(chart.root).filter((state) => state.transitions.length > 0);
  return [
    ...(tables.length > 0
      ? [
          '## Transitions',
          'The branches of an event are tried from 1 on; the first whose guard holds is taken.',
        ]
      : []),
    ...tables.flatMap((state) => [
      `### ${state.id === chart.id ? 'In any state' : `In \`${stateText(chart, state.id)}\``}`,
      table(
        ['Event', '', 'Guard', 'To', 'Actions', 'Meaning'],
        state.transitions.map((transition) => transitionRow(chart, transition)),
      ),
    ]),
  ];
}

function transitionRow(chart: Chart, transition: ChartTransition): Row {
  const { order, branches, guard, targets, actions, description } = transition;
  const stay = stayText(transition);
  return [
    `${code(eventText(transition))}${isDeadline(chart, transition) ? ' (deadline)' : ''}`,
    branches > 1 ? String(order) : '',
    guard ? code(guardText(guard)) : '',
    targets.length > 0 && stay === ''
      ? targets.map((target) => code(stateText(chart, target))).join(', ')
      : stay || 'stays',
    actions.length > 0 ? code(actionsText(actions)) : '',
    description ?? '',
  ];
}

function once<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
