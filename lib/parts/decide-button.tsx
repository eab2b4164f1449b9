/** A button that decides: only a press that began and ended on it, on the very thing it stood for when it began, counts. */
import { type ReactNode, useRef } from 'react';

interface DecideButtonProps {
  status: 'approved' | 'denied';
  /** What would be decided: a request and its revision. */
  stamp: string;
  disabled: boolean;
  className: string;
  onDecide(): void;
  /** Called for a press that began on something else, and does nothing. */
  onRefuse(): void;
  children: ReactNode;
}

export function DecideButton({
  status,
  stamp,
  disabled,
  className,
  onDecide,
  onRefuse,
  children,
}: DecideButtonProps) {
  /** What it stood for when the focus came to it, and when it was pressed down, with which key if with one. */
  const focused = useRef<string>(undefined);
  const pressed = useRef<{ stamp: string; key?: string }>(undefined);

  function end(key?: string) {
    const began = pressed.current;
    pressed.current = undefined;
    if (began?.key !== key) return;
    if (began?.stamp === stamp) onDecide();
    else onRefuse();
  }
  const press = () => {
    pressed.current = { stamp };
  };
  return (
    <button
      type="button"
      className={className}
      data-decide={status}
      disabled={disabled}
      onPointerDown={press}
      onPointerCancel={() => {
        pressed.current = undefined;
      }}
      onClick={(event) => {
        // The second click of a double click would fall on whatever has taken this place in the meantime.
        if (event.detail > 1) return;
        // What helps to use a page presses without a pointer, and in one go.
        if (event.detail === 0 && !pressed.current) press();
        end();
      }}
      onFocus={() => {
        focused.current = stamp;
      }}
      onBlur={() => {
        pressed.current = undefined;
      }}
      // The browser's own press would come with the key going down, and again while it is held.
      onKeyDown={(event) => {
        if (!isPress(event.key)) return;
        event.preventDefault();
        const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
        if (event.repeat || !isPlain) return;
        pressed.current = { stamp: focused.current ?? stamp, key: event.key };
      }}
      onKeyUp={(event) => {
        if (!isPress(event.key)) return;
        event.preventDefault();
        if (pressed.current) end(event.key);
      }}
    >
      {children}
    </button>
  );
}

function isPress(key: string): boolean {
  return key === 'Enter' || key === ' ';
}
