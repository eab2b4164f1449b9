/** Says on a request's card that a turn waits for it, or is stuck behind it, where no bar of turns does; what is running says nothing. */
import { useEffect, useState } from 'react';
import type { RequestView, TurnView } from '../client';
import { useRest } from '../react';
import { Icon } from './icon';
import { PlainText } from './plain-text';
import { texts } from './texts';
import { Day } from './times';

export function TurnNote({ request }: { request: RequestView }) {
  const turn = useTurnOf(request);
  const { intent, waits_for: wait, problem } = turn ?? {};
  if (!wait && !problem) return null;
  return (
    <p className={problem ? 'hitl-problem' : 'hitl-claim'} role="status">
      <Icon name={problem ? 'warning' : 'clock'} />
      <span>
        {problem ? texts.workIsStuck : texts.workWaits}
        {wait && (
          <>
            , {texts.since} <Day at={wait.since} />
          </>
        )}
        {intent !== undefined && (
          <>
            : <PlainText text={intent} first={200} />
          </>
        )}
      </span>
    </p>
  );
}

/** The turn that asked, read when the card comes and when the request changes; nothing where it cannot be read. */
function useTurnOf(request: RequestView): TurnView | undefined {
  const rest = useRest();
  const [turn, setTurn] = useState<TurnView>();
  const { turn_id: id } = request;
  // biome-ignore lint/correctness/useExhaustiveDependencies: with the request its turn may have changed
  useEffect(() => {
    if (id === undefined) return;
    const asking = new AbortController();
    const { signal } = asking;
    rest<{ turn: TurnView }>(`/hitl/turns/${encodeURIComponent(id)}`, { signal }).then(
      (answer) => {
        if (!signal.aborted) setTurn(answer.turn);
      },
      // The card says all that is needed to answer without it.
      () => {},
    );
    return () => asking.abort();
  }, [rest, id, request]);
  return turn;
}
