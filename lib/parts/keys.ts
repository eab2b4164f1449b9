/** Single keys that do things, heard anywhere on the page but in fields; parts and the console name theirs. */
import { useEffect, useRef } from 'react';

export type Keys = Readonly<Record<string, (event: KeyboardEvent) => void>>;

/** Off for those whose speech or aids type letters on their own (WCAG 2.1.4). */
export const keySettings = { areOn: true };

/** Calls what is named by the key; not while somebody writes, with a modifier held down, or over an open dialog. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    function hear(event: KeyboardEvent) {
      const { key, target, ctrlKey, metaKey, altKey, repeat } = event;
      const call = latest.current[key];
      if (!call || ctrlKey || metaKey || altKey || event.defaultPrevented) return;
      if (!keySettings.areOn && key.length === 1) return;
      if (repeat && key !== 'j' && key !== 'k') return;
      if (
        target instanceof HTMLElement &&
        target.closest('textarea, select, input:not([type=checkbox], [type=radio]), dialog')
      )
        return;
      call(event);
    }
    document.addEventListener('keydown', hear);
    return () => document.removeEventListener('keydown', hear);
  }, []);
}
