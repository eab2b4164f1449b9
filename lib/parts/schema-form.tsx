/** The form that a JSON Schema describes, for the kinds an app registers and for edited arguments; its values are checked by whoever sends them. */
import { useId, useState } from 'react';
import type { Issue } from '../react';
import { isObject, type JsonObject } from './json';
import { PlainText } from './plain-text';
import type { Field } from './schema-fields';
import { inWords } from './subject';
import { texts } from './texts';

interface FormProps {
  fields: readonly Field[];
  values: JsonObject;
  /** What stood there, where something is edited; fields that differ say so. */
  before?: JsonObject;
  /** Whether fields are called as a program calls them; else in words. */
  isCode?: boolean;
  /** What is wrong, by path; shown at the field. */
  issues: readonly Issue[];
  /** Is handed all values; those that were emptied are left out. */
  onChange(values: JsonObject): void;
}

/** What a control cannot understand becomes a text, so that the check finds it to be of the wrong type. */
export function SchemaForm({ fields, values, before, isCode = false, issues, onChange }: FormProps) {
  const put = (name: string, value: unknown) => {
    const { [name]: _gone, ...others } = values;
    onChange(value === undefined ? others : { ...values, [name]: value });
  };
  return (
    <div className="hitl-fields">
      {fields.map((field) => (
        <FieldRow
          key={field.path}
          field={field}
          value={values[field.name]}
          before={before}
          isCode={isCode}
          issues={issues}
          onChange={(value) => put(field.name, value)}
        />
      ))}
    </div>
  );
}

interface FieldProps {
  field: Field;
  value: unknown;
  before: JsonObject | undefined;
  isCode: boolean;
  issues: readonly Issue[];
  onChange(value: unknown): void;
}

function FieldRow(props: FieldProps) {
  const { field, value, before, isCode, issues } = props;
  const id = useId();
  const { control, title, description, isRequired, bounds } = field;
  const label = title ?? (isCode ? field.name : inWords(field.name));
  const issue = issues.find(({ path }) => path === field.path);
  const notes = [description, texts.bounds(...bounds)].filter((note) => note !== undefined && note !== '');
  const was = before && before[field.name] !== value ? before[field.name] : undefined;
  const described = `${id}-notes`;
  const box = {
    id,
    'aria-describedby': described,
    'aria-invalid': issue !== undefined || undefined,
    'aria-required': isRequired || undefined,
  };
  const isSet = control.kind === 'group' || control.kind === 'choices' || control.kind === 'choice';
  const Row = isSet ? 'fieldset' : 'div';
  return (
    <Row className="hitl-field" data-kind={control.kind} data-changed={was !== undefined || undefined}>
      {isSet ? (
        <legend>
          <PlainText text={label} first={200} />
          {!isRequired && <small>{texts.optional}</small>}
        </legend>
      ) : (
        <label htmlFor={id}>
          <PlainText text={label} first={200} />
          {!isRequired && control.kind !== 'flag' && <small>{texts.optional}</small>}
        </label>
      )}
      <ControlOf {...props} box={box} />
      <p id={described} className="hitl-notes">
        {issue && <span className="hitl-issue">{texts.issue(issue.message)}</span>}
        {was !== undefined && control.kind !== 'group' && (
          <span className="hitl-was">
            {texts.was} <PlainText text={typeof was === 'string' ? was : JSON.stringify(was)} first={200} />
          </span>
        )}
        {notes.map((note) => (
          <span key={note}>{note !== undefined && <PlainText text={note} first={500} />}</span>
        ))}
      </p>
    </Row>
  );
}

interface Box {
  id: string;
  'aria-describedby': string;
  'aria-invalid': true | undefined;
  'aria-required': true | undefined;
}

function ControlOf({ field, value, before, isCode, issues, onChange, box }: FieldProps & { box: Box }) {
  const { control, isRequired } = field;
  switch (control.kind) {
    case 'text':
      return <TextControl box={box} isLong={control.isLong} value={value} onChange={onChange} />;
    case 'number':
      return <NumberControl box={box} value={value} onChange={onChange} />;
    case 'flag':
      return (
        <input
          {...box}
          type="checkbox"
          checked={value === true}
          onChange={({ target }) => onChange(target.checked)}
        />
      );
    case 'choice':
      return (
        <div className="hitl-choices" role="radiogroup" aria-describedby={box['aria-describedby']}>
          {control.options.map((option) => (
            <label key={JSON.stringify(option)} className="hitl-choice">
              <input
                type="radio"
                name={box.id}
                aria-invalid={box['aria-invalid']}
                checked={value === option}
                onChange={() => onChange(option)}
              />
              <PlainText text={String(option)} first={500} />
            </label>
          ))}
          {!isRequired && value !== undefined && (
            <button type="button" className="hitl-more" onClick={() => onChange(undefined)}>
              {texts.clear}
            </button>
          )}
        </div>
      );
    case 'choices': {
      const chosen = Array.isArray(value) ? value : [];
      return (
        <div className="hitl-choices">
          {control.options.map((option) => (
            <label key={option} className="hitl-choice">
              <input
                type="checkbox"
                aria-invalid={box['aria-invalid']}
                checked={chosen.includes(option)}
                onChange={({ target }) =>
                  onChange(target.checked ? [...chosen, option] : chosen.filter((each) => each !== option))
                }
              />
              <PlainText text={option} first={500} />
            </label>
          ))}
        </div>
      );
    }
    case 'group': {
      const inner = before?.[field.name];
      return (
        <SchemaForm
          fields={control.fields}
          values={isObject(value) ? value : {}}
          {...(isObject(inner) && { before: inner })}
          isCode={isCode}
          issues={issues}
          onChange={onChange}
        />
      );
    }
    case 'json':
      return <JsonControl box={box} value={value} onChange={onChange} />;
  }
}

interface ControlProps {
  box: Box;
  value: unknown;
  onChange(value: unknown): void;
}

function TextControl({ box, isLong, value, onChange }: ControlProps & { isLong: boolean }) {
  const shown = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
  const Tag = isLong && (shown.length > 60 || shown.includes('\n')) ? 'textarea' : 'input';
  return (
    <Tag
      {...box}
      value={shown}
      autoComplete="off"
      spellCheck={false}
      onChange={({ target }) => onChange(target.value === '' ? undefined : target.value)}
    />
  );
}

function NumberControl({ box, value, onChange }: ControlProps) {
  const [raw, setRaw] = useState('');
  // What is being typed stays as it is ("1.") as long as it means the value.
  const shown = value === undefined ? '' : raw.trim() !== '' && Number(raw) === value ? raw : String(value);
  return (
    <input
      {...box}
      inputMode="decimal"
      autoComplete="off"
      value={shown}
      onChange={({ target }) => {
        setRaw(target.value);
        const text = target.value.trim();
        const number = Number(text);
        onChange(text === '' ? undefined : Number.isFinite(number) ? number : target.value);
      }}
    />
  );
}

function JsonControl({ box, value, onChange }: ControlProps) {
  const [raw, setRaw] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)));
  const [isBroken, setBroken] = useState(false);
  return (
    <>
      <textarea
        {...box}
        aria-invalid={isBroken || box['aria-invalid']}
        className="hitl-json"
        rows={Math.min(16, Math.max(3, raw.split('\n').length))}
        spellCheck={false}
        value={raw}
        onChange={({ target }) => {
          setRaw(target.value);
          const parsed = parse(target.value);
          setBroken(!parsed);
          if (target.value.trim() === '') onChange(undefined);
          else onChange(parsed ? parsed.value : target.value);
        }}
      />
      {isBroken && <span className="hitl-issue">{texts.notJson}</span>}
    </>
  );
}

function parse(text: string): { value: unknown } | undefined {
  if (text.trim() === '') return { value: undefined };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
