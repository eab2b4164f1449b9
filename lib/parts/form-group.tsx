/** Groups: objects whose fields are named by their schema, and what else such an object holds. */
import type { ControlProps, RowProps } from './form-control';
import { Entries } from './form-entries';
import { clearing, PartState } from './form-part';
import { isObject, type JsonObject } from './json';
import { fieldsOf } from './schema-fields';
import { initialOf } from './schema-values';
import { texts } from './texts';

export function GroupControl(props: ControlProps<'group'>) {
  const { field, value, before, isCode, issues, onChange, Row } = props;
  const { rest } = field.control;
  if (!isObject(value)) {
    return (
      <PartState
        {...props}
        state={texts.notSet}
        buttons={[[texts.fillIn, () => onChange(initialOf({ ...field, isRequired: true }) ?? {})]]}
      />
    );
  }
  const fields = fieldsOf(field);
  const names = new Set(fields.map(({ name }) => name));
  const [named, beyond] = [true, false].map((isNamed) =>
    Object.fromEntries(Object.entries(value).filter(([name]) => names.has(name) === isNamed)),
  ) as [JsonObject, JsonObject];
  const hasMore = rest !== undefined || Object.keys(beyond).length > 0;
  return (
    <div className="hitl-fields">
      {fields.map((own) => (
        <Row
          key={own.path}
          field={own}
          value={named[own.name]}
          before={inside(before, own.name)}
          isCode={isCode}
          issues={issues}
          onChange={(changed) => {
            const { [own.name]: _gone, ...others } = value;
            onChange(changed === undefined ? others : { ...value, [own.name]: changed });
          }}
        />
      ))}
      {fields.length === 0 && !hasMore && <p className="hitl-empty">{texts.emptyObject}</p>}
      {hasMore && (
        <Entries
          {...props}
          // What no schema names is shown, since it would be sent; more of it is added only where the schema takes it.
          rest={rest}
          taken={names}
          entries={beyond}
          onEntries={(entries) => onChange({ ...named, ...entries })}
        />
      )}
      <PartState {...props} state={undefined} buttons={[[texts.remove, clearing(props)]]} />
    </div>
  );
}

export function RecordControl(props: ControlProps<'record'>) {
  const { field, value, onChange } = props;
  const entries = isObject(value) ? value : {};
  const isEmpty = Object.keys(entries).length === 0;
  return (
    <div className="hitl-fields">
      <Entries {...props} rest={field.control.rest} entries={entries} onEntries={onChange} />
      <PartState
        {...props}
        state={value === undefined ? texts.notSet : isEmpty ? texts.noEntries : undefined}
        buttons={[
          [texts.leaveEmpty, value === undefined ? () => onChange({}) : undefined],
          [texts.clear, clearing(props)],
        ]}
      />
    </div>
  );
}

/** What stood in a field of what stood there. */
function inside(before: RowProps['before'], name: string): RowProps['before'] {
  return before && isObject(before.value) && Object.hasOwn(before.value, name)
    ? { value: before.value[name] }
    : undefined;
}
