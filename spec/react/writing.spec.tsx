/** What counts as writing in a page, and which keys are then text; and what a press has to be to decide. */
import { act, fireEvent, render, screen } from '@testing-library/react';
import { useRef } from 'react';
import { DecideButton } from '../../lib/parts/decide-button';
import { GoneNote } from '../../lib/parts/gone-note';
import { useKeys } from '../../lib/parts/keys';
import { isWriting } from '../../lib/parts/writing';

const heard: string[] = [];
beforeEach(() => heard.splice(0));

function Part({ field = true }: { field?: boolean }) {
  const frame = useRef<HTMLDivElement>(null);
  useKeys(frame, { j: () => void heard.push('j'), Escape: () => void heard.push('Escape') });
  return (
    <div ref={frame}>
      {field && <textarea aria-label="field" />}
      <button type="button" onClick={() => void heard.push('pressed')}>
        button
      </button>
      <GoneNote frame={frame} />
    </div>
  );
}

function page(field = true) {
  const shown = (has: boolean) => (
    <>
      <Part field={has} />
      <button type="button">the app’s button</button>
    </>
  );
  const { rerender } = render(shown(field));
  return { loseField: () => rerender(shown(false)) };
}

const field = () => screen.getByLabelText<HTMLTextAreaElement>('field');
const button = () => screen.getByText('button');
const focus = (element: HTMLElement) => act(() => element.focus());
/** As a browser does: at what has the focus. */
function press(key: string, more: object = {}): boolean {
  const target = document.activeElement ?? document.body;
  const goesOn = fireEvent.keyDown(target, { key, code: key, ...more });
  fireEvent.keyUp(target, { key, code: key, ...more });
  return goesOn;
}
const pointAt = (element: Element) => fireEvent.pointerDown(element);

describe('a key', () => {
  test('is heard by the part that it is pressed in, and by that in which the person was last', () => {
    page();
    press('j');
    expect(heard).toEqual([]);
    focus(button());
    press('j');
    act(() => button().blur());
    press('j');
    expect(heard).toEqual(['j']);
    pointAt(button());
    press('j');
    expect(heard).toEqual(['j', 'j']);
    pointAt(screen.getByText('the app’s button'));
    press('j');
    expect(heard).toEqual(['j', 'j']);
  });

  test.each([
    ['repeated', { repeat: true }],
    ['with Control', { ctrlKey: true }],
    ['with Alt', { altKey: true }],
    ['with Meta', { metaKey: true }],
    ['of a composition', { isComposing: true }],
    ['that an input method takes', { keyCode: 229 }],
  ])('%s is none', (_name, more) => {
    page();
    focus(button());
    press('j', more);
    expect(heard).toEqual([]);
  });

  test('is none over an open dialog', () => {
    page();
    focus(button());
    const dialog = document.body.appendChild(document.createElement('dialog'));
    dialog.open = true;
    press('j');
    dialog.remove();
    press('j');
    expect(heard).toEqual(['j']);
  });
});

describe('a person who writes goes on writing', () => {
  test('when the field has gone: keys press nothing, and what is typed is given back', () => {
    const { loseField } = page();
    focus(field());
    fireEvent.input(field(), { target: { value: 'just add ' } });
    loseField();
    for (const key of ['j', 'a', ' ']) expect(press(key)).toBe(false);
    focus(button());
    expect([press('Enter'), press(' ')]).toEqual([false, false]);
    expect(heard).toEqual([]);
    expect(screen.getByRole('status').querySelector('blockquote')?.textContent).toBe('just add ja \n ');
    expect(isWriting()).toBe(true);
    pointAt(button());
    press('j');
    expect(heard).toEqual(['j']);
    // What was typed into nothing stays until it is put away.
    fireEvent.click(screen.getByText('Close'));
    expect(screen.getByRole('status').textContent).toBe('');
  });

  test('until Tab moves the focus', () => {
    page();
    focus(field());
    fireEvent.keyDown(field(), { key: 'Tab' });
    expect(isWriting()).toBe(true);
    focus(button());
    expect(isWriting()).toBe(false);
  });

  test('until Escape, which leaves the field and does nothing else', () => {
    page();
    focus(field());
    press('Escape');
    expect(document.activeElement).toBe(document.body);
    expect(heard).toEqual([]);
    press('Escape');
    // The person was last in the field of the part, but came there without a press.
    pointAt(button());
    press('Escape');
    expect(heard).toEqual(['Escape']);
  });

  test('when the page moves the focus to something else', () => {
    page();
    focus(field());
    focus(button());
    expect(press('Enter')).toBe(false);
    press('j');
    expect(heard).toEqual([]);
  });

  test('in a field of the app, whose keys are left to it', () => {
    page();
    pointAt(button());
    const own = document.body.appendChild(document.createElement('div'));
    own.role = 'textbox';
    own.tabIndex = 0;
    focus(own);
    expect(press('j')).toBe(true);
    act(() => own.remove());
    expect(press('j')).toBe(true);
    focus(button());
    expect(press(' ')).toBe(false);
    expect(heard).toEqual([]);
  });
});

describe('a press on a button that decides', () => {
  function Buttons({ stamp, disabled = false }: { stamp: string; disabled?: boolean }) {
    return (
      <DecideButton
        status="approved"
        stamp={stamp}
        disabled={disabled}
        className=""
        onDecide={() => void heard.push(`decided ${stamp}`)}
        onRefuse={() => void heard.push('refused')}
      >
        Approve
      </DecideButton>
    );
  }
  const approve = () => screen.getByText('Approve');

  test.each(['Enter', ' '])('counts when %j goes down and up on it', (key) => {
    render(<Buttons stamp="r 1" />);
    focus(approve());
    fireEvent.keyUp(approve(), { key });
    fireEvent.keyDown(approve(), { key, repeat: true });
    fireEvent.keyUp(approve(), { key });
    fireEvent.keyDown(approve(), { key, ctrlKey: true });
    fireEvent.keyUp(approve(), { key });
    expect(heard).toEqual([]);
    fireEvent.keyDown(approve(), { key });
    expect(heard).toEqual([]);
    fireEvent.keyUp(approve(), { key });
    expect(heard).toEqual(['decided r 1']);
  });

  test('counts for what it was when the focus came, and when the pointer went down', () => {
    const { rerender } = render(<Buttons stamp="r 1" />);
    focus(approve());
    rerender(<Buttons stamp="r 2" />);
    press('Enter');
    expect(heard).toEqual(['refused']);
    fireEvent.pointerDown(approve());
    rerender(<Buttons stamp="r 3" />);
    fireEvent.click(approve(), { detail: 1 });
    expect(heard).toEqual(['refused', 'refused']);
    // One that began elsewhere.
    fireEvent.click(approve(), { detail: 1 });
    expect(heard).toEqual(['refused', 'refused', 'refused']);
    fireEvent.pointerDown(approve());
    fireEvent.click(approve(), { detail: 1 });
    fireEvent.click(approve(), { detail: 2 });
    expect(heard.slice(3)).toEqual(['decided r 3']);
  });

  test('counts from an aid that presses in one go', () => {
    render(<Buttons stamp="r 1" />);
    fireEvent.click(approve());
    expect(heard).toEqual(['decided r 1']);
  });
});
