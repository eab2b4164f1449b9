/** Texts: of several lines where no format says otherwise, of one with a format, and of dates and times with a picker beside. */
import { useRef } from 'react';
import { visibleText } from '../protocol/visible-text';
import { type ControlProps, labelOf, textOf } from './form-control';
import { Icon } from './icon';
import { PlainText } from './plain-text';
import { emptyText } from './schema-values';
import { texts } from './texts';

/** Which keys a phone shows. */
const inputModes: Readonly<Record<string, 'email' | 'url' | undefined>> = { email: 'email', uri: 'url' };

/** What a picker of the browser gives, as the format has it. A moment is written in UTC, which every `date-time` takes. */
const pickers: Readonly<Record<string, { type: string; text(picked: string): string } | undefined>> = {
  date: { type: 'date', text: (picked) => picked },
  time: { type: 'time', text: (picked) => picked },
  'date-time': {
    type: 'datetime-local',
    text: (picked) => new Date(picked).toISOString().replace('.000Z', 'Z'),
  },
};

export function TextControl({ field, isCode, value, box, onChange }: ControlProps<'text'>) {
  const { format, mayBeEmpty } = field.control;
  const shown = textOf(value);
  const change = (typed: string) => onChange(typed === '' ? emptyText(field) : withBreaks(typed, shown));
  const isHidden = visibleText(shown) !== shown || (format !== undefined && /[\r\n]/.test(shown));
  const line = { ...box, value: shown, autoComplete: 'off', spellCheck: false };
  return (
    <>
      {format === undefined ? (
        <span className="hitl-expanding" data-text={`${shown} `}>
          <textarea {...line} rows={1} onChange={({ target }) => change(target.value)} />
        </span>
      ) : (
        <span className="hitl-typed">
          <input
            {...line}
            // Always a text, since a browser changes what is typed into its own fields for addresses and dates.
            type="text"
            inputMode={inputModes[format]}
            onChange={({ target }) => change(target.value)}
          />
          <Picker label={labelOf({ field, isCode })} format={format} onPick={onChange} />
        </span>
      )}
      {isHidden && (
        <p className="hitl-notes">
          {texts.withHiddenSigns} <PlainText text={shown.replace(/\r/g, '␍')} first={500} />
        </p>
      )}
      {value === '' && <p className="hitl-notes hitl-empty">{texts.sentEmpty}</p>}
      {shown === '' && value !== '' && mayBeEmpty && field.isRequired && (
        <button type="button" className="hitl-more" onClick={() => onChange('')}>
          {texts.leaveEmpty}
        </button>
      )}
    </>
  );
}

/** Opens the browser's own calendar or clock, and writes what is picked there into the text. */
function Picker({ label, format, onPick }: { label: string; format: string; onPick(text: string): void }) {
  const picker = useRef<HTMLInputElement>(null);
  const made = pickers[format];
  if (!made) return null;
  return (
    <span className="hitl-picker">
      <input
        ref={picker}
        type={made.type}
        tabIndex={-1}
        aria-hidden
        aria-label={texts.pick(label)}
        onChange={({ target }) => target.value !== '' && onPick(made.text(target.value))}
      />
      <button type="button" className="hitl-button" onClick={() => picker.current?.showPicker()}>
        <Icon name="calendar" />
        <span className="hitl-hidden">{texts.pick(label)}</span>
      </button>
    </span>
  );
}

/** A field gives every line break as one sign; a text that had two for each gets them back. */
function withBreaks(typed: string, before: string): string {
  const wereTwo = before.includes('\r\n') && !/(?<!\r)\n|\r(?!\n)/.test(before);
  return wereTwo ? typed.replace(/\n/g, '\r\n') : typed;
}
