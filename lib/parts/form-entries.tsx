/** Entries of an object whose names are not known beforehand: each with its name and its value; groups and records show them. */
import { useId, useState } from 'react';
import { unfinished, unfinishedOf } from '../react/unfinished';
import { type ControlProps, labelOf } from './form-control';
import { PartButton } from './form-part';
import { isSame, type JsonObject } from './json';
import { innerField, pathOf } from './schema-fields';
import type { Schema } from './schema-shape';
import { initialOf, missing } from './schema-values';
import { texts } from './texts';

interface EntriesProps extends ControlProps {
  /** What each value is; without it none can be added, and the names stay as they are. */
  rest: Schema | undefined;
  /** Names that are in use beside these entries. */
  taken?: ReadonlySet<string>;
  entries: JsonObject;
  onEntries(entries: JsonObject): void;
}

interface Entry {
  readonly id: number;
  readonly name: string;
  readonly value: unknown;
}

/** Where an entry is whose name cannot be one, with that name and its value in what is unfinished. */
const nameless = 'hitl:entry ';

export function Entries({ rest, taken = new Set(), entries, onEntries, ...props }: EntriesProps) {
  const { field, before, isCode, issues, Row } = props;
  const id = useId();
  // An object has its own order of names; here each stays where it is typed.
  const [rows, setRows] = useState<readonly Entry[]>(() => rowsOf(entries));
  const shown = isSame(objectOf(rows, taken), entries) ? rows : rowsOf(entries);
  const change = (changed: readonly Entry[]) => {
    setRows(changed);
    onEntries(objectOf(changed, taken));
  };
  const edit = (row: Entry, changed: Partial<Entry>) =>
    change(shown.map((each) => (each.id === row.id ? { ...row, ...changed } : each)));
  const nextId = Math.max(-1, ...shown.map((row) => row.id)) + 1;
  const fieldNamed = (name: string) => innerField(field, rest ?? {}, name, pathOf(field, name));
  return (
    <>
      {shown.map((row) => {
        const fault = faultOf(row, shown, taken);
        const nameId = `${id}-${row.id}`;
        const isShownWrong =
          fault !== undefined && issues.some(({ path }) => path === pathOf(field, `${nameless}${row.id}`));
        const title = row.name === '' ? texts.value : row.name;
        const was = before?.value as JsonObject | undefined;
        return (
          <div key={row.id} className="hitl-item" data-entry={row.name}>
            {rest && (
              <div className="hitl-field" data-kind="name" data-invalid={isShownWrong || undefined}>
                <label htmlFor={nameId}>{texts.name}</label>
                <input
                  id={nameId}
                  type="text"
                  autoComplete="off"
                  spellCheck={false}
                  aria-invalid={isShownWrong || undefined}
                  aria-describedby={`${nameId}-notes`}
                  value={row.name}
                  onChange={({ target }) => edit(row, { name: target.value })}
                />
                <p id={`${nameId}-notes`} className="hitl-notes">
                  {isShownWrong && <span className="hitl-issue">{texts.issue(fault)}</span>}
                </p>
              </div>
            )}
            <Row
              field={{ ...fieldNamed(row.name), title }}
              value={row.value}
              before={was && Object.hasOwn(was, row.name) ? { value: was[row.name] } : undefined}
              isCode={isCode}
              issues={issues}
              onChange={(value) => edit(row, { value: value === undefined ? missing : value })}
            />
            <p className="hitl-part">
              <PartButton
                text={texts.remove}
                of={`${title}, ${labelOf(props)}`}
                onClick={() => change(shown.filter((each) => each.id !== row.id))}
              />
            </p>
          </div>
        );
      })}
      {rest && (
        <p className="hitl-part">
          <PartButton
            text={texts.add}
            of={labelOf(props)}
            onClick={() =>
              change([...shown, { id: nextId, name: '', value: initialOf(fieldNamed('')) ?? missing }])
            }
          />
        </p>
      )}
    </>
  );
}

function faultOf(row: Entry, rows: readonly Entry[], taken: ReadonlySet<string>): string | undefined {
  if (row.name === '') return texts.needsName;
  if (row.name === '__proto__' || row.name.startsWith(nameless)) return texts.noName;
  const first = rows.find(({ name }) => name === row.name);
  return taken.has(row.name) || first?.id !== row.id ? texts.nameTaken : undefined;
}

function objectOf(rows: readonly Entry[], taken: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(
    rows.map((row) => {
      const fault = faultOf(row, rows, taken);
      if (fault === undefined) return [row.name, row.value];
      return [`${nameless}${row.id}`, unfinished(JSON.stringify([row.name, row.value]), fault)];
    }),
  );
}

function rowsOf(entries: JsonObject): Entry[] {
  return Object.entries(entries).map(([key, value], id) => {
    const open = key.startsWith(nameless) ? unfinishedOf(value) : undefined;
    const [name, own] = open ? (JSON.parse(open.text) as [string, unknown]) : [key, value];
    return { id, name, value: own };
  });
}
