/** Reads a drawn form as a person does, from the page alone, and says which value it shows; the properties of forms compare with it. */

/** What a field shows that holds nothing. */
export const absent = Symbol('absent');

type Row = HTMLElement;

/** The rows directly within this one, or within a form. */
export function rowsIn(whole: HTMLElement): Row[] {
  const outer = whole.matches('.hitl-field') ? whole : null;
  return [...whole.querySelectorAll<Row>('.hitl-field[data-path]')].filter(
    (row) => row.parentElement?.closest('.hitl-field[data-path]') === outer,
  );
}

/** The fields of an object, by name. */
export function readFields(whole: HTMLElement, path = ''): Record<string, unknown> {
  const fields = rowsIn(whole).map((row) => {
    const item = row.parentElement?.matches('.hitl-item') ? row.parentElement : undefined;
    const typed = item?.querySelector<HTMLInputElement>(':scope > [data-kind="name"] > input');
    const own = row.dataset.path ?? '';
    return [typed?.value ?? (path === '' ? own : own.slice(path.length + 1)), read(row)] as const;
  });
  return Object.fromEntries(fields.filter(([, value]) => value !== absent));
}

export function read(row: Row): unknown {
  const { kind, path = '' } = row.dataset;
  const says = (text: string) =>
    [...row.querySelectorAll<HTMLElement>('.hitl-empty')].some(
      (each) =>
        each.closest('.hitl-field[data-path]') === row && !each.closest('label') && each.textContent === text,
    );
  switch (kind) {
    case 'text': {
      const text = typed(row);
      return text === '' && !says('sent as an empty text') ? absent : text;
    }
    case 'number':
      return typed(row) === '' ? absent : Number(typed(row));
    case 'json':
      return typed(row) === '' ? absent : JSON.parse(typed(row));
    case 'fixed':
      return row.querySelector('output')?.textContent;
    case 'choice':
      return option(chosen(row)[0] ?? selected(row));
    case 'choices': {
      const labels = chosen(row);
      if (labels.includes('None of these')) return [];
      return labels.length === 0 || labels.includes('Not set') ? absent : labels.map(option);
    }
    case 'list':
    case 'tuple': {
      if (says('Not set')) return absent;
      const items = rowsIn(row).map(read);
      return kind === 'tuple' ? items.slice(0, items.findLastIndex((item) => item !== absent) + 1) : items;
    }
    case 'group':
    case 'record':
      return says('Not set') ? absent : readFields(row, path);
    case 'union': {
      const label = chosen(row)[0];
      if (label === undefined || label === 'Not set') return absent;
      const [branch] = rowsIn(row);
      return branch ? read(branch) : option(label);
    }
    default:
      throw new Error(`No such kind of control: ${kind}`);
  }
}

/** The element that is typed into. */
export function fieldOf(row: Row): HTMLInputElement | HTMLTextAreaElement | undefined {
  return own<HTMLInputElement>(row, 'textarea, input[type=text]')[0];
}

/** The boxes and buttons to choose with, that belong to no field within. */
export function choicesOf(row: Row): HTMLInputElement[] {
  return own<HTMLInputElement>(row, 'input[type=radio], input[type=checkbox]');
}

export function buttonsOf(row: Row): HTMLButtonElement[] {
  return own<HTMLButtonElement>(row, 'button.hitl-more');
}

function own<T extends HTMLElement>(row: Row, selector: string): T[] {
  return [...row.querySelectorAll<T>(selector)].filter((each) => each.closest('.hitl-field') === row);
}

function typed(row: Row): string {
  return fieldOf(row)?.value ?? '';
}

function chosen(row: Row): string[] {
  return choicesOf(row)
    .filter(({ checked }) => checked)
    .map((each) => each.closest('label')?.textContent ?? '');
}

function selected(row: Row): string | undefined {
  return own<HTMLSelectElement>(row, 'select')[0]?.selectedOptions[0]?.textContent ?? undefined;
}

function option(label: string | undefined): unknown {
  if (label === undefined || label === 'Not set' || label === 'Choose…') return absent;
  const known: Record<string, unknown> = { Yes: true, No: false, None: null, 'empty text': '' };
  if (label in known) return known[label];
  return /^-?\d/.test(label) ? Number(label) : label;
}
