/** Lists, whose items can be added, taken out and moved, and tuples, whose places are given. */
import { useState } from 'react';
import { type ControlProps, labelOf } from './form-control';
import { clearing, PartButton, PartState } from './form-part';
import { innerField } from './schema-fields';
import { initialOf, itemsOf, missing, withoutGaps } from './schema-values';
import { texts } from './texts';

export function ListControl(props: ControlProps<'list'>) {
  const { field, value, before, isCode, issues, onChange, Row } = props;
  const { item, most, mayBeEmpty } = field.control;
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  // A row stays the same row when others are moved, so that nothing that is being typed changes its place unseen.
  const [rows, setRows] = useState<readonly number[]>([]);
  const next = Math.max(-1, ...rows) + 1;
  const ids = items.map((_, at) => rows[at] ?? next + at);
  const change = (changed: readonly unknown[], keys: readonly number[]) => {
    setRows(keys);
    onChange(changed);
  };
  const fieldAt = (at: number) => innerField(field, item, texts.item(at + 1), `${field.path}[${at}]`);
  const was = Array.isArray(before?.value) ? before.value : undefined;
  const moved = <T,>(all: readonly T[], at: number): T[] => [
    ...all.slice(0, at - 1),
    all[at] as T,
    all[at - 1] as T,
    ...all.slice(at + 1),
  ];
  return (
    <div className="hitl-fields">
      {items.map((each, at) => {
        const own = fieldAt(at);
        const name = `${labelOf({ field: own, isCode })}, ${labelOf(props)}`;
        return (
          <div key={ids[at]} className="hitl-item">
            <Row
              field={own}
              value={each}
              before={was && at < was.length ? { value: was[at] } : undefined}
              isCode={isCode}
              issues={issues}
              onChange={(changed) =>
                change(
                  items.map((other, place) =>
                    place === at ? (changed === undefined ? missing : changed) : other,
                  ),
                  ids,
                )
              }
            />
            <p className="hitl-part">
              <PartButton
                text={texts.remove}
                of={name}
                onClick={() =>
                  change(
                    items.filter((_, place) => place !== at),
                    ids.filter((_, place) => place !== at),
                  )
                }
              />
              {at > 0 && (
                <PartButton
                  text={texts.moveUp}
                  of={name}
                  onClick={() => change(moved(items, at), moved(ids, at))}
                />
              )}
              {at < items.length - 1 && (
                <PartButton
                  text={texts.moveDown}
                  of={name}
                  onClick={() => change(moved(items, at + 1), moved(ids, at + 1))}
                />
              )}
            </p>
          </div>
        );
      })}
      <PartState
        {...props}
        state={value === undefined ? texts.notSet : items.length === 0 ? texts.emptyList : undefined}
        buttons={[
          [
            texts.add,
            items.length < most
              ? () =>
                  change(
                    [...items, initialOf(fieldAt(items.length)) ?? missing],
                    [...ids, next + items.length],
                  )
              : undefined,
          ],
          [texts.leaveEmpty, value === undefined && mayBeEmpty ? () => onChange([]) : undefined],
          [texts.clear, clearing(props)],
        ]}
      />
    </div>
  );
}

export function TupleControl(props: ControlProps<'tuple'>) {
  const { field, value, before, isCode, issues, onChange, Row } = props;
  const { least, rest } = field.control;
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  const was = Array.isArray(before?.value) ? before.value : undefined;
  if (value === undefined) {
    return (
      <PartState {...props} state={texts.notSet} buttons={[[texts.fillIn, () => onChange(begun(props))]]} />
    );
  }
  const fields = itemsOf(field, items.length);
  return (
    <div className="hitl-fields">
      {fields.map((own, at) => (
        <Row
          key={own.path}
          field={own}
          value={items[at]}
          before={was && at < was.length ? { value: was[at] } : undefined}
          isCode={isCode}
          issues={issues}
          onChange={(changed) =>
            onChange(
              withoutGaps(
                fields.map((_, place) => (place === at ? changed : items[place])),
                least,
              ),
            )
          }
        />
      ))}
      <PartState
        {...props}
        state={undefined}
        buttons={[
          [texts.add, rest && (() => onChange([...fields.map((_, at) => items[at] ?? missing), missing]))],
          [
            texts.removeLast,
            items.length > field.control.items.length ? () => onChange(items.slice(0, -1)) : undefined,
          ],
          [texts.clear, clearing(props)],
        ]}
      />
    </div>
  );
}

function begun({ field }: ControlProps<'tuple'>): unknown {
  return initialOf({ ...field, isRequired: true });
}
