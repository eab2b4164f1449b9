/** JSON as text, where no other control fits; refused at its field until it is JSON that means exactly what it says. */
import { useState } from 'react';
import { HubError } from '../errors';
import { parseExact } from '../protocol/exact-json';
import { unfinished, unfinishedOf } from '../react/unfinished';
import type { ControlProps } from './form-control';
import { isSame } from './json';
import { absent } from './schema-values';
import { texts } from './texts';

export function JsonControl({ field, value, box, onChange }: ControlProps<'json'>) {
  const [raw, setRaw] = useState('');
  // What is being typed stays as it is written as long as it means the value.
  const shown = raw !== '' && isSame(meant(raw), value) ? raw : written(value);
  return (
    <span className="hitl-expanding hitl-json" data-text={`${shown} `}>
      <textarea
        {...box}
        rows={3}
        autoComplete="off"
        spellCheck={false}
        value={shown}
        onChange={({ target }) => {
          setRaw(target.value);
          onChange(target.value.trim() === '' ? absent(field) : meant(target.value));
        }}
      />
    </span>
  );
}

/** What the text means, or what is wrong with it. */
function meant(text: string): unknown {
  try {
    return parseExact(text);
  } catch (cause) {
    const isKnown = cause instanceof HubError && cause.message !== 'This is not JSON';
    return unfinished(text, isKnown ? cause.message : texts.notJson);
  }
}

function written(value: unknown): string {
  return unfinishedOf(value)?.text ?? (value === undefined ? '' : JSON.stringify(value, null, 2));
}
