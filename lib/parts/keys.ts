/** Single keys that move around in a part, and the chords that move to its buttons; parts and the console name theirs. */
import { type RefObject, useEffect, useRef } from 'react';
import { endWriting, hasEnded, isWriting, wasIn, watchWriting } from './writing';

export type Keys = Readonly<Record<string, (event: KeyboardEvent) => void>>;

export const keySettings = {
  /** Off for those whose speech or aids type letters on their own (WCAG 2.1.4). */
  areOn: true,
  /** Whether the page is made of nothing but parts, so that a key pressed anywhere on it is meant for them. */
  ownPage: false,
};

/**
 * Calls what is named by the key. Not while a person writes, wherever that is and whatever became of the field; not with
 * a modifier held down, over an open dialog, or for what is pressed in another part of the page.
 * @param frame the element around the part
 */
export function useKeys(frame: RefObject<HTMLElement | null>, keys: Keys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const part = frame.current;
    if (!part) return;
    function hear(event: KeyboardEvent) {
      const { key, isComposing, keyCode, repeat, defaultPrevented } = event;
      if (!part || defaultPrevented || repeat || isComposing || keyCode === 229) return;
      if (key === 'Escape' && hasEnded(event)) leaveField(part);
      const call = latest.current[key];
      if (!call || isModified(event) || isWriting() || hasEnded(event)) return;
      if (!keySettings.areOn && key.length === 1) return;
      if (isMeantFor(part, event) && !isDialogOpen(event)) call(event);
    }
    const end = watchWriting(part);
    document.addEventListener('keydown', hear);
    return () => {
      document.removeEventListener('keydown', hear);
      end();
    };
  }, [frame]);
}

/**
 * Ctrl+Enter, on a Mac also ⌘+Enter, moves the focus to the Approve in here, with Shift to the Deny; from a field too,
 * since no text has them. They press nothing: only what is pressed there then decides.
 */
export function moveToDecision(card: Element, event: KeyboardEvent): void {
  const { key, ctrlKey, metaKey, altKey, shiftKey, repeat, isComposing, defaultPrevented } = event;
  if (key !== 'Enter' || altKey || ctrlKey === metaKey || isComposing || defaultPrevented) return;
  event.preventDefault();
  const status = shiftKey ? 'denied' : 'approved';
  const button = card.querySelector<HTMLElement>(`[data-decide=${status}]:enabled`);
  if (!button || repeat) return;
  endWriting();
  // One that has the focus already has to notice that it was asked for again.
  button.blur();
  button.focus();
}

/** The same from anywhere in a part that shows one request. */
export function useChord(frame: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const part = frame.current;
    if (!part) return;
    const hear = (event: KeyboardEvent) => {
      if (isMeantFor(part, event) && !isDialogOpen(event)) moveToDecision(part, event);
    };
    document.addEventListener('keydown', hear);
    return () => document.removeEventListener('keydown', hear);
  }, [frame]);
}

/** Escape leaves a field, so that keys are heard again. */
function leaveField(part: HTMLElement): void {
  const { activeElement } = document;
  if (activeElement instanceof HTMLElement && part.contains(activeElement)) activeElement.blur();
}

function isModified(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.metaKey || event.altKey || event.getModifierState('AltGraph');
}

function isMeantFor(part: HTMLElement, event: KeyboardEvent): boolean {
  if (keySettings.ownPage || event.composedPath().includes(part)) return true;
  const { target } = event;
  return (target === document.body || target === document.documentElement) && wasIn(part);
}

const dialogs = 'dialog[open], [role=dialog], [role=alertdialog], [aria-modal=true]';

/** Also one of the app's, of which only those that can be seen count. */
function isDialogOpen(event: KeyboardEvent): boolean {
  const isIn = event.composedPath().some((each) => each instanceof Element && each.matches(dialogs));
  return isIn || [...document.querySelectorAll(dialogs)].some((each) => each.checkVisibility?.() ?? true);
}
