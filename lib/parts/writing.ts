/** Whether the person at this page is writing, and where: what they type then is text, whatever becomes of the field; keys, parts and cards ask here. */

/** What was in a field of a part when it went away, and what was typed on into nothing. */
export interface Gone {
  /** The part it was in. */
  readonly frame: Element;
  readonly text: string;
  readonly rest: string;
}

/** Texts whose field has gone; of more, the first is forgotten. */
const maxGone = 5;
const maxRest = 20_000;

/** The parts on this page. */
const frames = new Set<Element>();
/** Where one writes. It stays when it has gone, until the person does something else on purpose. */
let field: Element | undefined;
let frame: Element | undefined;
let text = '';
/** Where the person last pressed, or came to with Tab: that and all around it. */
let lastPlace: readonly EventTarget[] = [];
/** Tab was pressed, and what it moves the focus to is not known yet. */
let hasTabbed = false;
/** Something beside the field was pressed, and it is not known yet whether that moves the focus. */
let hasPressed = false;
/** Keys that were swallowed when they went down. */
const swallowed = new Set<string>();
/** The press of Escape that left a field. */
let ending: Event | undefined;
let gone: readonly Gone[] = [];
let isGone = false;
let watch: MutationObserver | undefined;
const listeners = new Set<() => void>();

export function isWriting(): boolean {
  return field !== undefined;
}

/** Whether this key ended the writing, and so has done what it does. */
export function hasEnded(event: Event): boolean {
  return event === ending;
}

/** For what the person does on purpose that no rule here sees, such as a chord that moves the focus. */
export function endWriting(): void {
  watch?.disconnect();
  field = undefined;
  frame = undefined;
  // What was typed before it went is stored as a draft; what was typed since is nowhere else.
  if (isGone && gone.at(-1)?.rest === '') notify(gone.slice(0, -1));
  isGone = false;
}

/** The part that says what has gone: where it went or, where that is not on the page any more, the first that is. */
export function isSaidIn(part: Element, one: Gone): boolean {
  return one.frame === part || (!frames.has(one.frame) && part === [...frames][0]);
}

/** Whether the person was last at something in this part. */
export function wasIn(part: Element): boolean {
  return lastPlace.includes(part);
}

export function goneTexts(): readonly Gone[] {
  return gone;
}

export function dropGone(one: Gone): void {
  if (one === gone.at(-1)) isGone = false;
  notify(gone.filter((each) => each !== one));
}

export function onGone(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Follows what is written on the page as long as the part is on it; returns what ends that. */
export function watchWriting(part: Element): () => void {
  if (frames.size === 0) listen(true);
  frames.add(part);
  const focused = deepFocus();
  if (!field && focused && isEditable(focused)) begin(focused);
  return () => {
    frames.delete(part);
    if (frames.size > 0) return;
    listen(false);
    endWriting();
  };
}

function listen(isOn: boolean): void {
  // Before anything else of the page hears them.
  for (const [name, hear] of heard) {
    if (isOn) window.addEventListener(name, hear, true);
    else window.removeEventListener(name, hear, true);
  }
}

const heard: readonly (readonly [string, (event: Event) => void])[] = [
  ['focusin', hearFocus],
  ['blur', hearBlur],
  ['input', hearInput],
  ['compositionstart', hearInput],
  ['pointerdown', hearPress],
  ['mousedown', settleLater],
  ['click', settleLater],
  ['keydown', (event) => hearKey(event as KeyboardEvent)],
  ['keyup', (event) => hearKeyUp(event as KeyboardEvent)],
];

function hearFocus(event: Event): void {
  const target = targetOf(event);
  if (isEditable(target)) begin(target);
  else if (hasTabbed) endWriting();
  if (hasTabbed) lastPlace = event.composedPath();
  hasTabbed = false;
}

/** What is typed into another document is not heard here, only that it has the focus now. */
function hearBlur(event: Event): void {
  if (event.target !== window) return;
  setTimeout(() => {
    const focused = deepFocus();
    if (focused?.matches('iframe, object, embed')) begin(focused);
  });
}

function hearInput(event: Event): void {
  const target = targetOf(event);
  // What a program or the browser fills in is not written by anybody.
  if (isEditable(target) && isThere(target)) begin(target);
}

function hearPress(event: Event): void {
  lastPlace = event.composedPath();
  hasTabbed = false;
  if (!field || lastPlace.includes(field)) return;
  // One who presses the scroll bar goes on writing where they were.
  if (isThere(field)) hasPressed = true;
  else endWriting();
}

/** The focus follows a press once it has been heard everywhere. */
function settleLater(): void {
  if (hasPressed) setTimeout(settle);
}

function settle(): void {
  if (hasPressed && field && !isThere(field)) endWriting();
  hasPressed = false;
}

function hearKey(event: KeyboardEvent): void {
  const target = targetOf(event);
  const { key } = event;
  settle();
  hasTabbed = key === 'Tab' && !event.isComposing;
  if (isEditable(target) && isThere(target)) begin(target);
  if (!field || hasTabbed || event.isComposing || event.keyCode === 229) return;
  if (key === 'Escape') {
    ending = event;
    // A field that stays where it is, as where a list of proposals was closed, is still written in.
    const left = field;
    if (!isThere(left)) endWriting();
    else
      setTimeout(() => {
        if (field === left && !isThere(left)) endWriting();
      });
  } else if (!isThere(field) && isText(event) && (frame || isInPart(event))) swallow(event);
}

function hearKeyUp(event: KeyboardEvent): void {
  hasTabbed = false;
  // Firefox presses a button when the space goes up.
  if (!swallowed.delete(event.code)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** The field has gone and the person does not know it yet: it is text all the same. */
function swallow(event: KeyboardEvent): void {
  event.preventDefault();
  event.stopImmediatePropagation();
  swallowed.add(event.code);
  if (!frame) return;
  notice();
  const last = gone.at(-1);
  if (!isGone || !last) return;
  const { key } = event;
  const typed = key === 'Enter' ? '\n' : key.length === 1 ? key : '';
  const rest = key === 'Backspace' ? last.rest.slice(0, -1) : (last.rest + typed).slice(0, maxRest);
  notify([...gone.slice(0, -1), { ...last, rest }]);
}

function begin(target: Element): void {
  if (field !== target) {
    endWriting();
    field = target;
    const around = [...frames].filter((part) => part.contains(target));
    frame = around.find((part) => around.every((other) => part.contains(other)));
    if (frame) {
      watch ??= new MutationObserver(notice);
      watch.observe(frame, { childList: true, subtree: true, attributeFilter: ['disabled', 'hidden'] });
    }
  }
  if (isGone) {
    if (gone.at(-1)?.rest === '') notify(gone.slice(0, -1));
    isGone = false;
  }
  text = textOf(target);
}

/** Says that the field has gone, if it has. */
function notice(): void {
  if (!field || !frame || isGone || hasPressed || hasTabbed || isThere(field)) return;
  isGone = true;
  notify([...gone, { frame, text, rest: '' }].slice(-maxGone));
}

function notify(changed: readonly Gone[]): void {
  gone = changed;
  for (const listener of [...listeners]) listener();
}

/** What a key types; with AltGr, or with Option on a Mac, too. */
function isText({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (metaKey || (ctrlKey && !altKey)) return false;
  return key.length === 1 || /^(Enter|Backspace|Delete|Dead|Process|Unidentified|Arrow.*)$/.test(key);
}

function isInPart(event: Event): boolean {
  const path = event.composedPath();
  return [...frames].some((part) => path.includes(part));
}

/** Whether it can be written in: it can be seen on the page, is not switched off, and has the focus. */
function isThere(element: Element): boolean {
  const focused = deepFocus();
  return (
    element.isConnected &&
    focused !== undefined &&
    (element === focused || element.contains(focused)) &&
    !element.matches(':disabled') &&
    (element.checkVisibility?.() ?? true)
  );
}

/** What has the focus, in open shadow trees too. */
function deepFocus(): Element | undefined {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return focused ?? undefined;
}

function targetOf(event: Event): Element | undefined {
  const [target] = event.composedPath();
  return target instanceof Element ? target : undefined;
}

const pressed = 'checkbox radio button submit reset image file range color'.split(' ');
const editable = [
  `input:not(${pressed.map((type) => `[type=${type}]`).join()})`,
  'textarea',
  'select',
  'iframe',
  'object',
  'embed',
  '[role=textbox]',
  '[role=searchbox]',
  '[role=combobox]',
  '[contenteditable]:not([contenteditable=false])',
].join();

/** Whether keys that go there are text. Of what cannot be looked into, such as a closed shadow tree, that is assumed. */
function isEditable(element: Element | undefined): element is Element {
  if (!element) return false;
  if (document.designMode === 'on' || element.matches(editable)) return true;
  if (element instanceof HTMLElement && element.isContentEditable) return true;
  if (element.localName.includes('-') && !element.shadowRoot) return true;
  return element.closest('[role=textbox], [role=searchbox], [role=combobox]') !== null;
}

function textOf(element: Element): string {
  return 'value' in element && typeof element.value === 'string'
    ? element.value
    : (element.textContent ?? '');
}
