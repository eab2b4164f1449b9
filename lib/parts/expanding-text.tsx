/** A text field of one line that grows with what is written into it; comments, answers and the composer are such. */
import type { KeyboardEventHandler, Ref } from 'react';

interface ExpandingTextProps {
  /** Said to a screen reader. */
  label: string;
  placeholder: string;
  /** Characters from which on nothing more can be typed; without it the one who sends it looks. */
  maxLength?: number;
  'aria-describedby'?: string | undefined;
  'aria-invalid'?: true | undefined;
  value: string;
  disabled?: boolean;
  fieldRef?: Ref<HTMLTextAreaElement>;
  onChange(text: string): void;
  onKeyDown?: KeyboardEventHandler<HTMLTextAreaElement>;
}

/** The frame holds the same text unseen, and that gives the field its height. */
export function ExpandingText({ label, fieldRef, onChange, ...field }: ExpandingTextProps) {
  return (
    <span className="hitl-expanding" data-text={`${field.value} `}>
      <textarea
        {...field}
        ref={fieldRef}
        rows={1}
        aria-label={label}
        onChange={({ target }) => onChange(target.value)}
      />
    </span>
  );
}
