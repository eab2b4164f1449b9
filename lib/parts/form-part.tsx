/** What stands for a whole that may be absent, empty or there: the buttons and words with which lists, groups and records begin and end. */
import { labelOf, type RowProps } from './form-control';
import { PlainText } from './plain-text';

/** A button that says, to a screen reader, of which field it is. */
export function PartButton({ text, of, onClick }: { text: string; of: string; onClick(): void }) {
  return (
    <button type="button" className="hitl-more" onClick={onClick}>
      {text}
      <span className="hitl-hidden">
        {' '}
        <PlainText text={of} first={200} />
      </span>
    </button>
  );
}

interface PartStateProps extends RowProps {
  /** In words, what is there now: "not set", "empty list". */
  state: string | undefined;
  /** What is called so, and what it does; those without a function are not there. */
  buttons: readonly (readonly [text: string, act: (() => void) | undefined])[];
}

export function PartState({ state, buttons, ...row }: PartStateProps) {
  return (
    <p className="hitl-part">
      {state !== undefined && <span className="hitl-empty">{state}</span>}
      {buttons.map(
        ([text, act]) => act && <PartButton key={text} text={text} of={labelOf(row)} onClick={act} />,
      )}
    </p>
  );
}

/** Takes the value away, where its absence is what it looks like. */
export function clearing({ field, value, onChange }: RowProps): (() => void) | undefined {
  return field.isRequired || field.fallback || value === undefined ? undefined : () => onChange(undefined);
}
