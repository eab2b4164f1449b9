/** Whether what is shown is the present state, said honestly: quiet while it is, plain when it is not. */
import { useEffect, useState } from 'react';
import type { ClientState, Ending, Refusal, Transport } from '../client';
import { useServerNow } from '../react';
import { Icon } from './icon';
import { useNow } from './now';
import { texts } from './texts';
import { agoText } from './times';

interface ConnectionProps {
  state: ClientState;
  ending?: Ending | undefined;
  /** Why it is not in at the moment. */
  refusal?: Refusal | undefined;
  transport?: Transport | undefined;
  /** Joins again after an ending. */
  onReconnect?: (() => void) | undefined;
}

/** A short wait is none that anybody has to hear of. */
const graceMs = 700;

/** A dot and a word for a corner of the page. */
export function ConnectionPill({ state }: Pick<ConnectionProps, 'state'>) {
  return (
    <span className="hitl-connection" data-state={state} role="status">
      <span className="hitl-dot" />
      {texts.connection[state]}
    </span>
  );
}

/** Nothing while all is well; else a line that says since when not, why, and what happens to what one does now. */
export function ConnectionLine({ state, ending, refusal, transport, onReconnect }: ConnectionProps) {
  const serverNow = useServerNow();
  const [liveUntil, setLiveUntil] = useState<number>();
  useEffect(() => {
    if (state === 'live') setLiveUntil(undefined);
    else setLiveUntil((before) => before ?? serverNow());
  }, [state, serverNow]);
  const now = useNow(() => 1_000);
  if (state === 'live') return transport === 'sse' ? <StreamNote /> : null;
  if (state === 'closed') {
    const canReturn = onReconnect && ending?.code !== 4403 && ending?.code !== 4404;
    return (
      <p className="hitl-line" data-state="closed" role="alert">
        <Icon name="lock" />
        <span>{texts.ending[ending?.code ?? 0] ?? texts.closedWith(ending?.code, ending?.reason)}</span>
        {canReturn && (
          <button type="button" className="hitl-button" onClick={onReconnect}>
            {texts.comeBack}
          </button>
        )}
      </p>
    );
  }
  const why = refusal && texts.refused(refusal.status, refusal.message);
  if (state === 'connecting')
    return why ? (
      <p className="hitl-line" data-state="resuming" role="alert">
        <Icon name="offline" />
        <span>
          {why} {texts.triesAgain}
        </span>
      </p>
    ) : null;
  if (liveUntil === undefined || now - liveUntil < graceMs - 1_000) return null;
  return (
    <p className="hitl-line" data-state="resuming" role="alert">
      <Icon name="offline" />
      <span>
        {texts.offline} {why}{' '}
        <span aria-live="off">{texts.shownIsFrom(agoText(Math.max(0, now - liveUntil)))}</span>{' '}
        {texts.waitsForConnection}
      </span>
    </p>
  );
}

/** All works; the operators of the network may want to know. */
function StreamNote() {
  return (
    <p className="hitl-line" data-state="stream" role="status">
      <span>{texts.overStream}</span>
    </p>
  );
}
