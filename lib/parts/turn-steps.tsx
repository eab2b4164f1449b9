/** What people do about a turn: buttons that send at once or ask first, and why it was refused; the lines of turns have them. */
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { TicketError } from '../client';
import type { Turn } from '../react';
import { Icon } from './icon';
import { PlainText } from './plain-text';
import { texts } from './texts';

interface CancelTurnProps {
  desk: Turn;
  /** Whether the person is asked whether they mean it. */
  isAsked: boolean;
  className?: string;
}

export function CancelTurn({ desk, isAsked, className = 'hitl-quiet' }: CancelTurnProps) {
  const [isEnding, setEnding] = useState(false);
  const cancel = async () => {
    setEnding(true);
    const outcome = await desk.cancel();
    if (!outcome.ok) setEnding(false);
  };
  const words = (
    <>
      <Icon name="stop" /> {isEnding ? texts.cancelling : texts.cancel}
    </>
  );
  if (isAsked)
    return (
      <AskedStep
        what={texts.whatCancelDoes}
        really={texts.reallyCancel}
        isBusy={isEnding}
        className={className}
        onDo={() => void cancel()}
      >
        {words}
      </AskedStep>
    );
  return (
    <button type="button" className={className} disabled={isEnding} onClick={() => void cancel()}>
      {words}
    </button>
  );
}

interface AskedStepProps {
  /** What it does, for the person to decide on. */
  what: string;
  /** On the button that does it. */
  really: string;
  isBusy: boolean;
  className: string;
  onDo(): void;
  children: ReactNode;
}

/** A button that says what it does before it does it. */
export function AskedStep({ what, really, isBusy, className, onDo, children }: AskedStepProps) {
  const [isAsking, setAsking] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const hasClosed = useRef(false);
  const close = () => {
    hasClosed.current = true;
    setAsking(false);
  };
  // Back to where the person was before.
  useEffect(() => {
    if (!isAsking && hasClosed.current) button.current?.focus();
    hasClosed.current = false;
  }, [isAsking]);
  return isAsking ? (
    <fieldset
      className="hitl-asked"
      aria-label={what}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        close();
      }}
    >
      <span>{what}</span>
      <button
        type="button"
        className="hitl-button hitl-button-no"
        onClick={(event) => {
          // The second click of a double click on the button that was in this place.
          if (event.detail > 1) return;
          setAsking(false);
          onDo();
        }}
      >
        {really}
      </button>
      {/* biome-ignore lint/a11y/noAutofocus: the person has asked for this, and it does nothing */}
      <button type="button" className="hitl-button" autoFocus onClick={close}>
        {texts.notNow}
      </button>
    </fieldset>
  ) : (
    <button
      ref={button}
      type="button"
      className={className}
      disabled={isBusy}
      onClick={() => setAsking(true)}
    >
      {children}
    </button>
  );
}

/** Why what was tried was refused. */
export function TurnError({ error }: { error: TicketError | undefined }) {
  if (!error) return null;
  return (
    <p className="hitl-problem" role="alert" data-code={error.code}>
      <Icon name="warning" />
      <span>{texts.turnErrors[error.code] ?? <PlainText text={error.message} first={500} />}</span>
    </p>
  );
}
