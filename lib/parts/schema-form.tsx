/** The form that a JSON Schema describes, for the kinds an app registers and for edited arguments; its values are checked by those who send them. */
import { type ComponentType, useId } from 'react';
import { ChoiceControl, ChoicesControl } from './form-choice';
import { type Box, type ControlProps, labelOf, type RowProps, textOf } from './form-control';
import { GroupControl, RecordControl } from './form-group';
import { ownIssues } from './form-issues';
import { JsonControl } from './form-json';
import { ListControl, TupleControl } from './form-list';
import { NumberControl } from './form-number';
import { TextControl } from './form-text';
import { UnionControl } from './form-union';
import { isSame } from './json';
import { PlainText } from './plain-text';
import type { Control } from './schema-controls';
import { isMissing } from './schema-values';
import { texts } from './texts';

/** A field with its label, its control, what is wrong with it and what it may be. A group at the top has neither label nor frame. */
export function SchemaForm(props: RowProps) {
  const { field } = props;
  if (field.control.kind !== 'group' || field.level > 0) return <FieldRow {...props} />;
  return (
    <ControlOf
      {...props}
      box={{ id: '', 'aria-describedby': '', 'aria-invalid': undefined, 'aria-required': undefined }}
    />
  );
}

/** Controls of several elements, which a legend names. */
const sets: ReadonlySet<Control['kind']> = new Set([
  'choice',
  'choices',
  'list',
  'tuple',
  'group',
  'record',
  'union',
]);

/** Of these what is missing looks like what is absent. */
const wholes: ReadonlySet<Control['kind']> = new Set(['list', 'tuple', 'group', 'record']);

function FieldRow(props: RowProps) {
  const { field, value, before, issues } = props;
  const id = useId();
  const { control, description, isRequired, fallback, notes } = field;
  const own = ownIssues(field, value, issues);
  const isWrong = own.length > 0;
  const was = before && !isSame(before.value, value) ? before.value : undefined;
  const isDefault = fallback !== undefined && isSame(fallback.value, value);
  const described = `${id}-notes`;
  const box: Box = {
    id,
    'aria-describedby': described,
    'aria-invalid': isWrong || undefined,
    'aria-required': isRequired || undefined,
  };
  // A list of choices that opens is a single element, and has a label.
  const isSet = sets.has(control.kind) && !(control.kind === 'choice' && control.options.length > 8);
  const Frame = isSet ? 'fieldset' : 'div';
  const label = (
    <>
      <PlainText text={labelOf(props)} first={200} />
      {!isRequired && <small>{texts.optional}</small>}
    </>
  );
  return (
    <Frame
      className="hitl-field"
      data-kind={control.kind}
      data-path={field.path}
      data-changed={was !== undefined || undefined}
      data-invalid={isWrong || undefined}
    >
      {isSet ? <legend>{label}</legend> : <label htmlFor={id}>{label}</label>}
      <ControlOf {...props} box={box} />
      <p id={described} className="hitl-notes">
        {own.map(({ path, message }) => (
          <span key={`${path} ${message}`} className="hitl-issue">
            {texts.issue(path === field.path ? message : `${path.slice(field.path.length)} ${message}`)}
          </span>
        ))}
        {was !== undefined && !['group', 'list', 'tuple', 'record'].includes(control.kind) && (
          <span className="hitl-was">
            {texts.was} <PlainText text={textOf(was)} first={200} />
          </span>
        )}
        {description !== undefined && description !== '' && (
          <span>
            <PlainText text={description} first={500} />
          </span>
        )}
        {notes.map((note) => (
          <span key={note}>{note}</span>
        ))}
        {fallback !== undefined && !isDefault && (
          <span>
            {texts.default} <PlainText text={textOf(fallback.value)} first={200} />
          </span>
        )}
      </p>
    </Frame>
  );
}

function ControlOf({ box, ...row }: RowProps & { box: Box }) {
  const { kind } = row.field.control;
  if (kind === 'fixed') return <output id={box.id}>{textOf(row.value)}</output>;
  // Each is drawn by the control of its own kind, which the types cannot follow through a table.
  const Control = controls[kind] as ComponentType<ControlProps>;
  const value = wholes.has(kind) && isMissing(row.value) ? undefined : row.value;
  return <Control {...(row as ControlProps)} value={value} box={box} Row={FieldRow} />;
}

const controls = {
  text: TextControl,
  number: NumberControl,
  choice: ChoiceControl,
  choices: ChoicesControl,
  list: ListControl,
  tuple: TupleControl,
  group: GroupControl,
  record: RecordControl,
  union: UnionControl,
  json: JsonControl,
} as const;
