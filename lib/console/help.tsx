/** The keys and what they do, and a switch for those to whom single keys are in the way. */
import { useEffect, useRef } from 'react';
import { Icon } from '../parts/icon';
import { texts } from '../parts/texts';
import { setPreferences, usePreferences } from './preferences';

export function Help({ onClose }: { onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { keys } = usePreferences();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="help" aria-label={texts.help} onClose={onClose}>
      <header>
        <h2>{texts.help}</h2>
        <button
          type="button"
          className="hitl-quiet"
          aria-label={texts.close}
          onClick={() => dialog.current?.close()}
        >
          <Icon name="cross" />
        </button>
      </header>
      <dl>
        {texts.keys.map(([key, does]) => (
          <div key={key}>
            <dt>
              <span className="hitl-key">{key}</span>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label className="hitl-choice">
        <input
          type="checkbox"
          checked={keys}
          onChange={({ target }) => setPreferences({ keys: target.checked })}
        />
        {texts.keysAreOn}
      </label>
    </dialog>
  );
}
