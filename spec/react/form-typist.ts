/** Fills in a drawn form as a person does who knows what is asked and does not always care; the properties of forms let it work. */
import { fireEvent } from '@testing-library/react';
import { buttonsOf, choicesOf, fieldOf, rowsIn } from './form-reader';

/** A number from 0 to below 1, another with each call. */
export type Chance = () => number;

const oddTexts = ['', 'x', 'a\nb', '  ', '\u{1f600}\u{1f600}\u{1f600}', 'Yes', '{"a": 2', '007', 'true'];
const oddNumbers = [
  '',
  '0',
  '-1',
  '1e3',
  '.5',
  '2.0',
  '9007199254740993',
  '1e400',
  '0.1',
  'many',
  '1,5',
  '4',
];
const oddJson = ['', '1', '"a"', '{"a": 2', '{"a": [1, null]}', '{"a": 1, "a": 2}', '1e400', 'null'];

const pick = <T>(from: readonly T[], chance: Chance): T | undefined =>
  from[Math.floor(chance() * from.length)];

export function fillIn(whole: HTMLElement, chance: Chance): void {
  for (const row of rowsIn(whole)) fillRow(row, chance);
}

function fillRow(row: HTMLElement, chance: Chance): void {
  // Some fields are left as they are.
  if (chance() < 0.15) return;
  switch (row.dataset.kind) {
    case 'text':
      type(row, chance() < 0.75 ? fitting(row) : (pick(oddTexts, chance) ?? ''), chance);
      return;
    case 'number':
      type(
        row,
        chance() < 0.75 ? '1.50'.slice(0, chance() < 0.5 ? 1 : 4) : (pick(oddNumbers, chance) ?? ''),
        chance,
      );
      return;
    case 'json':
      type(row, pick(oddJson, chance) ?? '', chance);
      return;
    case 'choice': {
      const list = row.querySelector('select');
      if (list) fireEvent.change(list, { target: { value: pick([...list.options], chance)?.value } });
      else pick(choicesOf(row), chance)?.click();
      return;
    }
    case 'choices':
      for (let clicks = 1 + Math.floor(chance() * 3); clicks > 0; clicks -= 1)
        pick(choicesOf(row), chance)?.click();
      return;
    case 'union':
      pick(choicesOf(row), chance)?.click();
      fillIn(row, chance);
      return;
    case 'list':
    case 'record':
      for (let adding = Math.floor(chance() * 3); adding > 0; adding -= 1) press(row, /^Add/);
      if (chance() < 0.3) pick(buttonsOf(row), chance)?.click();
      for (const name of row.querySelectorAll('input')) {
        if (name.closest<HTMLElement>('.hitl-field')?.dataset.kind === 'name' && name.value === '') {
          change(name, pick(['one', 'two', '3', 'a.b', ''], chance) ?? '');
        }
      }
      fillIn(row, chance);
      return;
    case 'tuple':
    case 'group':
      press(row, /^Fill in/);
      if (chance() < 0.1) press(row, /^Add/);
      fillIn(row, chance);
      return;
    default:
  }
}

/** What the notes of a field give as an example; a text else. */
function fitting(row: HTMLElement): string {
  const notes = [...row.querySelectorAll('.hitl-notes > span')].map((each) => each.textContent ?? '');
  const example = notes.map((note) => /^(?:as )?(\S*[-@:.T]\S*)/.exec(note)?.[1]).find((found) => found);
  return example ?? 'ab';
}

/** Typed, and at times emptied again. */
function type(row: HTMLElement, text: string, chance: Chance): void {
  const field = fieldOf(row);
  if (!field) return;
  change(field, text);
  if (chance() < 0.1) change(field, '');
}

function change(field: HTMLElement, value: string): void {
  fireEvent.change(field, { target: { value } });
}

function press(row: HTMLElement, name: RegExp): void {
  buttonsOf(row)
    .find((button) => name.test(button.textContent ?? ''))
    ?.click();
}
