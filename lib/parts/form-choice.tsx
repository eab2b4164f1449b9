/** One of a few values, yes and no among them, or several of them: nothing is chosen until the person chooses it. */
import { visibleText } from '../protocol/visible-text';
import type { ControlProps } from './form-control';
import { Radio, RadioGroup } from './form-radio';
import { isSame } from './json';
import { PlainText } from './plain-text';
import { absent, isMissing } from './schema-values';
import { texts } from './texts';

/** From so many on they are in a list that opens. */
const manyOptions = 9;

export function ChoiceControl(props: ControlProps<'choice'>) {
  const { field, value, box, onChange } = props;
  const { options } = field.control;
  const mayBeAbsent = !field.isRequired && !field.fallback;
  const labels = labelsOf(options);
  // A value that is none of them is shown all the same; it is what would be sent.
  const stray = isMissing(value) || options.some((option) => isSame(option, value)) ? undefined : value;
  if (options.length >= manyOptions) {
    const at = options.findIndex((option) => isSame(option, value));
    return (
      <select
        {...box}
        value={stray === undefined ? String(at) : 'stray'}
        onChange={({ target }) => onChange(options[Number(target.value)])}
      >
        <option value="-1" disabled={!mayBeAbsent}>
          {mayBeAbsent ? texts.notSet : texts.choose}
        </option>
        {stray !== undefined && <option value="stray">{visibleText(texts.option(stray), 200)}</option>}
        {labels.map((label, each) => (
          <option key={label} value={each}>
            {visibleText(label, 200)}
          </option>
        ))}
      </select>
    );
  }
  return (
    <RadioGroup of={props}>
      {options.map((option, at) => (
        <Radio
          key={labels[at]}
          box={box}
          label={labels[at] ?? ''}
          isChosen={isSame(value, option)}
          choose={() => onChange(option)}
        />
      ))}
      {stray !== undefined && (
        <Radio box={box} label={texts.option(stray)} isChosen choose={() => onChange(stray)} />
      )}
      {mayBeAbsent && (
        <Radio
          box={box}
          label={texts.notSet}
          isChosen={value === undefined}
          choose={() => onChange(undefined)}
          isSoft
        />
      )}
    </RadioGroup>
  );
}

export function ChoicesControl({ field, value, box, onChange }: ControlProps<'choices'>) {
  const { options, mayBeEmpty } = field.control;
  const chosen: readonly unknown[] = Array.isArray(value) ? value : [];
  const mayBeAbsent = !field.isRequired && !field.fallback;
  const without = (option: unknown) => chosen.filter((each) => !isSame(each, option));
  // What is chosen twice, or is none of the options, was so when it came here; it can be taken out.
  const strays = chosen.filter(
    (each, at) =>
      !options.some((option) => isSame(option, each)) ||
      chosen.findIndex((other) => isSame(other, each)) < at,
  );
  const inOrder = options.filter((option) => chosen.some((each) => isSame(each, option)));
  const labels = labelsOf(options);
  const tick = (
    key: string,
    label: string,
    isChosen: boolean,
    change: (isOn: boolean) => void,
    isSoft = false,
  ) => (
    <label key={key} className="hitl-choice">
      <input
        type="checkbox"
        aria-invalid={box['aria-invalid']}
        checked={isChosen}
        onChange={({ target }) => change(target.checked)}
      />
      <span className={isSoft ? 'hitl-empty' : undefined}>
        <PlainText text={label} first={500} />
      </span>
    </label>
  );
  return (
    <div className="hitl-choices">
      {options.map((option, at) =>
        tick(
          labels[at] ?? '',
          labels[at] ?? '',
          chosen.some((each) => isSame(each, option)),
          (isOn) => {
            const all = isOn ? [...chosen, option] : without(option);
            // In the order in which they are seen, since that is how they will be read.
            onChange([
              ...options.filter((each) => all.some((other) => isSame(other, each))),
              ...strays.filter((each) => all.includes(each)),
            ]);
          },
        ),
      )}
      {strays.map((stray, at) =>
        tick(`stray ${at}`, texts.option(stray), true, () => {
          const place = chosen.lastIndexOf(stray);
          onChange(chosen.filter((_, each) => each !== place));
        }),
      )}
      {mayBeEmpty &&
        tick(
          'none',
          texts.noneOfThese,
          Array.isArray(value) && value.length === 0,
          (isOn) => onChange(isOn ? [] : absent(field)),
          true,
        )}
      {mayBeAbsent && tick('absent', texts.notSet, value === undefined, () => onChange(undefined), true)}
      {strays.length === 0 && !isSame(inOrder, chosen) && (
        <p className="hitl-notes">
          {texts.inThisOrder} <PlainText text={JSON.stringify(chosen)} first={500} />
        </p>
      )}
    </div>
  );
}

/** What each option is called; as JSON where two would be called the same. */
function labelsOf(options: readonly unknown[]): string[] {
  const labels = options.map(texts.option);
  return new Set(labels).size === labels.length ? labels : options.map((option) => JSON.stringify(option));
}
