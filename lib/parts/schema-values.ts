/** The values a form begins with, and what an emptied field becomes, so that what is shown is what is sent; the controls ask here. */
import { unfinished, unfinishedOf } from '../react/unfinished';
import { isObject } from './json';
import { branchOf } from './schema-controls';
import { branchField, type Field, fieldsOf, innerField, pathOf } from './schema-fields';

/** Stands where a value has to be put in; refused until it is. */
export const missing = unfinished('', 'is required');
/** Stands in an emptied field whose absence a server would fill with the default. */
const emptied = unfinished('', 'is empty, and would be filled in with its default. Put in a value');

/** Whether nothing was put in. */
export function isMissing(value: unknown): boolean {
  return value === undefined || unfinishedOf(value)?.text === '';
}

/** What is shown before anybody has put something in: the default of the schema, or nothing. */
export function initialOf(field: Field): unknown {
  const { fallback, control, isRequired } = field;
  if (fallback) return filledIn(field, fallback.value);
  if (control.kind === 'fixed') return control.value;
  if (!isRequired) return undefined;
  if (control.kind === 'group') return filledIn(field, {});
  return control.kind === 'tuple' ? filledIn(field, []) : undefined;
}

/** The value with the defaults of all that is absent within it, which a server would put there unseen. */
export function filledIn(field: Field, value: unknown): unknown {
  const { control } = field;
  switch (control.kind) {
    case 'group': {
      if (!isObject(value) || unfinishedOf(value)) return value;
      const filled = fieldsOf(field).map((each) => {
        const own = Object.hasOwn(value, each.name) ? value[each.name] : undefined;
        return [each.name, own === undefined ? initialOf(each) : filledIn(each, own)] as const;
      });
      return { ...value, ...Object.fromEntries(filled.filter(([, each]) => each !== undefined)) };
    }
    case 'list':
      if (!Array.isArray(value)) return value;
      return value.map((item, at) =>
        filledIn(innerField(field, control.item, '', `${field.path}[${at}]`), item),
      );
    case 'tuple':
      return Array.isArray(value) ? filledTuple(field, value) : value;
    case 'record':
      if (!isObject(value) || unfinishedOf(value)) return value;
      return Object.fromEntries(
        Object.entries(value).map(([name, each]) => [
          name,
          filledIn(innerField(field, control.rest, name, pathOf(field, name)), each),
        ]),
      );
    case 'union': {
      const branch = branchOf(control.branches, value, field.root);
      return branch ? filledIn(branchField(field, branch), value) : value;
    }
    default:
      return value;
  }
}

/** The fields of a tuple that holds so many items, and of those it may still take. */
export function itemsOf(field: Field, length: number): Field[] {
  const { control } = field;
  if (control.kind !== 'tuple') return [];
  const { items, least, rest } = control;
  const more = rest && length > items.length ? Array.from({ length: length - items.length }, () => rest) : [];
  return [...items, ...more].map((schema, at) =>
    innerField(field, schema, `${at + 1}`, `${field.path}[${at}]`, at < least || at >= items.length),
  );
}

/** A tuple has no gaps: what is absent between others is missing, at the end it is left out. */
export function withoutGaps(items: readonly unknown[], least: number): unknown[] {
  const length = Math.max(least, items.findLastIndex((item) => item !== undefined) + 1);
  return Array.from({ length }, (_, at) => items[at] ?? (items[at] === null ? null : missing));
}

function filledTuple(field: Field, value: readonly unknown[]): unknown[] {
  const { control } = field;
  const filled = itemsOf(field, value.length).map((item, at) =>
    value[at] === undefined ? initialOf(item) : filledIn(item, value[at]),
  );
  const beyond = value.slice(filled.length);
  return withoutGaps([...filled, ...beyond], control.kind === 'tuple' ? control.least : 0);
}

/** What a field without a value is in what is sent: absent, or refused where that would be filled in. */
export function absent({ fallback }: Field): unknown {
  return fallback ? emptied : undefined;
}

/** What an emptied text is: the empty text where that is an answer of its own, else as `absent`. */
export function emptyText(field: Field): unknown {
  const { control, isRequired, fallback } = field;
  const isAnswer = control.kind === 'text' && control.mayBeEmpty && (isRequired || fallback !== undefined);
  return isAnswer ? '' : absent(field);
}
