/** One of several shapes: the person chooses which one, and then fills it in. */
import { useState } from 'react';
import { unfinishedOf } from '../react/unfinished';
import type { ControlProps } from './form-control';
import { besides } from './form-issues';
import { Radio, RadioGroup } from './form-radio';
import { isObject, isSame } from './json';
import { PlainText } from './plain-text';
import { type Branch, branchOf } from './schema-controls';
import { branchField, type Field, fieldsOf } from './schema-fields';
import { initialOf, isMissing, missing } from './schema-values';
import { texts } from './texts';

export function UnionControl(props: ControlProps<'union'>) {
  const { field, value, before, isCode, issues, box, onChange, Row } = props;
  const { branches } = field.control;
  const [picked, setPicked] = useState<Branch | undefined>(() =>
    isMissing(value) ? undefined : branchOf(branches, value, field.root),
  );
  const mayBeAbsent = !field.isRequired && !field.fallback;
  // The schema is read again with each drawing, and gives the same branches by other names.
  const chosen = value === undefined ? undefined : branches.find(({ title }) => title === picked?.title);
  const own = chosen && branchField(field, chosen);
  const pick = (branch: Branch) => {
    setPicked(branch);
    const first = branchField(field, branch);
    const { control } = first;
    const only = control.kind === 'choice' && control.options.length === 1 ? control.options[0] : undefined;
    onChange(only === undefined ? complete(first, initialOf(first)) : only);
  };
  const isSingle = own?.control.kind === 'choice' && own.control.options.length === 1;
  return (
    <div className="hitl-fields">
      <RadioGroup of={props}>
        {branches.map((branch) => (
          <Radio
            key={branch.title}
            box={box}
            label={branch.title}
            isChosen={branch.title === chosen?.title}
            choose={() => pick(branch)}
          />
        ))}
        {mayBeAbsent && (
          <Radio
            box={box}
            label={texts.notSet}
            isChosen={value === undefined}
            choose={() => {
              setPicked(undefined);
              onChange(undefined);
            }}
            isSoft
          />
        )}
      </RadioGroup>
      {own && chosen && !isSingle && (
        <div className="hitl-branch">
          <Row
            // Another branch is another field, with nothing left in it of the one before.
            key={chosen.title}
            field={{ ...own, title: chosen.title, description: own.description }}
            value={begun(value)}
            before={before}
            isCode={isCode}
            // That nothing is there is said once, beside the choice.
            issues={isMissing(value) ? besides(issues, [field.path]) : issues}
            onChange={(changed) => onChange(complete(own, changed))}
          />
        </div>
      )}
      {!chosen && !isMissing(value) && (
        <p className="hitl-notes">
          {texts.noneFits} <PlainText text={JSON.stringify(value)} first={500} />
        </p>
      )}
    </div>
  );
}

/** What has to be put in stands there as missing, so that the value fits no other branch. */
function complete(branch: Field, value: unknown): unknown {
  if (value === undefined) return missing;
  if (!isObject(value) || unfinishedOf(value)) return value;
  const absent = fieldsOf(branch).filter(({ name, isRequired }) => isRequired && value[name] === undefined);
  return { ...value, ...Object.fromEntries(absent.map(({ name }) => [name, missing])) };
}

/** Without what is missing. */
function begun(value: unknown): unknown {
  if (!isObject(value) || unfinishedOf(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, each]) => !isSame(each, missing)));
}
