/** Everything that is digested is on the card: read back from it, it is the payload; and nothing is approved that is folded away. */
import fc from 'fast-check';
import { approve, deny, press, show } from './card';
import '../seed';

/** A value as a person reads it from the tree. */
function read(tree: Element | null | undefined): unknown {
  if (!tree) return undefined;
  if (tree.classList.contains('hitl-tree')) {
    const entries = [...tree.children].map((entry) => {
      const [name, value] = entry.children;
      return [unquoted(textOf(name)), read(value?.firstElementChild)] as const;
    });
    if (tree.hasAttribute('data-list')) return entries.map(([, value]) => value);
    return Object.fromEntries(entries);
  }
  const text = textOf(tree);
  if (tree.classList.contains('hitl-literal')) return JSON.parse(text);
  if (tree.classList.contains('hitl-empty')) return { 'empty text': '', 'empty list': [], nothing: {} }[text];
  return unquoted(text);
}

/** With every sign that is named as what it stands for. */
function textOf(element: Element | undefined): string {
  const copy = element?.cloneNode(true) as Element;
  for (const sign of copy.querySelectorAll('mark'))
    sign.replaceWith(String.fromCodePoint(Number.parseInt(sign.textContent?.slice(2) ?? '', 16)));
  return copy.textContent ?? '';
}

const unquoted = (text: string) => /^“([\s\S]*)”$/.exec(text)?.[1] ?? text;

const word = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('a', '\u202e', '\u200b', '<', '&', '“', ' ', 'ש', '7'), maxLength: 6 }),
  fc.constantFrom('true', '12', '1e3', 'null', ' x', '', '{}', '[1]', 'empty text', '__proto__'),
);
const json = fc.object({
  key: word,
  values: [word, fc.integer(), fc.boolean(), fc.constant(null)],
  maxDepth: 3,
});
const canonical = (value: unknown) => JSON.parse(JSON.stringify(value));

test('Read back from the card, arguments and every other field are what was digested', () => {
  const beside = fc.object({
    key: fc.constantFrom('environment', 'region', 'q\u202e'),
    values: [word],
    maxDepth: 1,
  });
  fc.assert(
    fc.property(json, beside, (args, rest) => {
      const card = show({ payload: { tool_name: 'block_ip', tool_args: args, ...rest } });
      for (let folded = true; folded; ) {
        folded = [...card.querySelectorAll('button')].some(
          ({ textContent }) => textContent === 'Show everything',
        );
        if (folded) press(card, /Show everything/);
      }
      const [values, others] = [...card.querySelectorAll('.hitl-values')];
      expect(read(values?.querySelector('.hitl-tree')) ?? {}).toEqual(canonical(args));
      expect(read(others?.querySelector('.hitl-tree')) ?? {}).toEqual(canonical(rest));
      expect(card.textContent).not.toMatch(/[\u202e\u200b]/);
    }),
    { numRuns: 25 },
  );
});

test('So is the whole payload of a kind of the app’s own, the title in its heading included', () => {
  const card = show({ type: 'severity', payload: { title: 'How bad?', environment: 'PRODUCTION' } });
  expect(read(card.querySelector('.hitl-values .hitl-tree'))).toEqual({
    title: 'How bad?',
    environment: 'PRODUCTION',
  });
});

test('Whether arguments may be edited, which grants are offered and what a question takes are said in words', () => {
  const grants = [{ scope: 'everywhere', args: 'exact', expires_in_ms: 5_400_000, uses: 2 }];
  const tool = show({ payload: { tool_name: 'x', tool_args: {}, editable: true, grants } });
  expect(tool.textContent).toContain('The arguments may be edited');
  expect(tool.textContent).toContain('This very call, in every ticket, for 90 minutes, 2 times');
  const question = show({
    type: 'question',
    status: 'approved',
    payload: { question: 'Where?', options: ['Berlin'], free_text: false },
  });
  expect(question.textContent).toContain('Option: Berlin');
  expect(question.textContent).toContain('No answer outside the options is taken');
});

test('What has another shape than its kind has is shown as it is', () => {
  const grants = [{ scope: 'ticket', args: 'exact', expires_in_ms: 1_000, to: 'everybody' }];
  const card = show({ payload: { tool_name: 'x', tool_args: {}, editable: 'perhaps', grants } });
  expect(read(card.querySelectorAll('.hitl-values')[1]?.querySelector('.hitl-tree'))).toEqual({
    editable: 'perhaps',
    grants,
  });
});

const folded: [string, object, string][] = [
  ['a long text', { script: `${'a'.repeat(3_000)}; rm -rf /` }, 'rm -rf /'],
  ['a long list', { hosts: Array.from({ length: 80 }, (_, at) => `host-${at}`) }, 'host-79'],
  ['many fields', Object.fromEntries(Array.from({ length: 80 }, (_, at) => [`field${at}`, at])), 'field79'],
];

test.each(folded)(
  'Of %s the end is shown too, and approving waits until the middle was looked at',
  (_what, args, end) => {
    const card = show({ payload: { tool_name: 'run', tool_args: args } });
    expect(card.textContent).toContain(end);
    expect(approve(card).disabled).toBe(true);
    expect(deny(card).disabled).toBe(false);
    expect(card.textContent).toContain('folded. Look at all of it before you approve');
    press(card, /between$/);
    expect(approve(card).disabled).toBe(false);
  },
);

test('What is nested deeply waits too; closed again, what is folded within it is not taken for seen', () => {
  const deep = { a: { b: { c: { d: { e: { f: 1 } } } } } };
  const card = show({ payload: { tool_name: 'run', tool_args: deep } });
  expect(approve(card).disabled).toBe(true);
  press(card, /^c|^d/);
  const opened = [...card.querySelectorAll('[aria-expanded=true]')].at(-1) as HTMLElement;
  press(opened.closest('.hitl-entry') as HTMLElement, /./);
  expect(approve(card).disabled).toBe(true);
  press(card, /Show everything/);
  expect(approve(card).disabled).toBe(false);
  expect(card.textContent).toContain('f1');
});

test('Of thousands of values everything is shown as text at once', () => {
  const hosts = Array.from({ length: 20_000 }, (_, at) => at);
  const card = show({ payload: { tool_name: 'run', tool_args: { hosts } } });
  press(card, /Show everything/);
  expect(JSON.parse(card.querySelector('.hitl-values .hitl-block')?.textContent ?? '')).toEqual({ hosts });
  expect(approve(card).disabled).toBe(false);
});

test('Arguments of which a part is folded are not edited before it was looked at', () => {
  const card = show({
    payload: { tool_name: 'run', tool_args: { script: 'a'.repeat(5_000) }, editable: true },
    response_schema: { type: 'object', properties: { tool_args: { type: 'object' } } },
  });
  const edit = () =>
    [...card.querySelectorAll('button')].find(({ textContent }) => textContent?.includes('Edit'));
  expect(edit()?.disabled).toBe(true);
  press(card, /between$/);
  expect(edit()?.disabled).toBe(false);
});
