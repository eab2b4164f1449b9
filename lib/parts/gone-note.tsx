/** Says that a field has gone while the person wrote in it, and gives back what they wrote, also what they typed on into nothing. */
import { type RefObject, useState, useSyncExternalStore } from 'react';
import { Icon } from './icon';
import { PlainText } from './plain-text';
import { texts } from './texts';
import { dropGone, type Gone, goneTexts, isSaidIn, onGone } from './writing';

/** Characters of it: all that a field and what is typed on can be. */
const shown = 50_000;

/** @param frame of the part that says it */
export function GoneNote({ frame }: { frame: RefObject<HTMLElement | null> }) {
  const all = useSyncExternalStore(onGone, goneTexts, goneTexts);
  const part = frame.current;
  const said = part ? all.filter((one) => isSaidIn(part, one)) : [];
  return (
    // Always there, so that a screen reader hears what comes into it.
    <div className="hitl-gone" role="status">
      {said.map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they come at the end, and are nothing but text
        <Text key={at} one={one} />
      ))}
    </div>
  );
}

function Text({ one }: { one: Gone }) {
  const written = one.text + one.rest;
  return (
    <div>
      <p>
        <Icon name="warning" />
        <span>{texts.fieldGone}</span>
      </p>
      {written !== '' && (
        <blockquote>
          <PlainText text={written} first={shown} />
        </blockquote>
      )}
      <p>
        {written !== '' && <Copy text={written} />}
        <button type="button" className="hitl-more" onClick={() => dropGone(one)}>
          {texts.close}
        </button>
      </p>
    </div>
  );
}

/** Where the browser forbids it the text is there to be copied by hand. */
export function Copy({ text }: { text: string }) {
  const [isDone, setDone] = useState(false);
  return (
    <button
      type="button"
      className="hitl-more"
      onClick={() =>
        navigator.clipboard?.writeText(text).then(
          () => setDone(true),
          () => setDone(false),
        )
      }
    >
      {isDone ? texts.copied : texts.copy}
    </button>
  );
}
