/** Numbers, typed as text: what a number cannot carry exactly is refused at its field. */
import { useState } from 'react';
import { numberFault } from '../protocol/exact-json';
import { isExact } from '../protocol/exact-number';
import { unfinished } from '../react/unfinished';
import { type ControlProps, textOf } from './form-control';
import { absent } from './schema-values';
import { texts } from './texts';

export function NumberControl({ field, value, box, onChange }: ControlProps<'number'>) {
  const [raw, setRaw] = useState('');
  // What is being typed stays as it is ("1.", "1e3") as long as it means the value.
  const shown = typeof value === 'number' && numberOf(raw) === value ? raw : textOf(value);
  return (
    <input
      {...box}
      type="text"
      inputMode="decimal"
      autoComplete="off"
      value={shown}
      onChange={({ target }) => {
        setRaw(target.value);
        onChange(target.value.trim() === '' ? absent(field) : numberOf(target.value));
      }}
    />
  );
}

/** The number that is meant, or what is wrong with the text. */
function numberOf(text: string) {
  // As people write numbers: `+5`, `007`, `.5`, `5.`
  const source = text
    .trim()
    .replace(/^\+/, '')
    .replace(/^(-?)0+(?=\d)/, '$1')
    .replace(/^(-?)(?=\.\d)/, (sign) => `${sign}0`)
    .replace(/(\d)\.(?=$|e)/i, '$1');
  if (!/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(source)) return unfinished(text, texts.noNumber);
  const number = Number(source);
  // Without the sign of a negative zero, which JSON does not represent.
  return isExact(source) && numberFault(number) === undefined ? number + 0 : unfinished(text, texts.inexact);
}
