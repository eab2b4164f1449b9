/** The turns that have not ended: what the agent is about, since when, whether it waits for a person, and how to stop it. */
import { useState } from 'react';
import type { RequestView, ViewedTurn } from '../client';
import type { Ticket } from '../react';
import { Icon } from './icon';
import { useNow } from './now';
import { PlainText } from './plain-text';
import { texts } from './texts';

interface TurnBarProps extends Pick<Ticket, 'cancelTurn'> {
  turns: readonly ViewedTurn[];
  pending: readonly RequestView[];
  agentName: string;
}

const turnsShown = 3;

export function TurnBar({ turns, pending, agentName, cancelTurn }: TurnBarProps) {
  const open = turns.filter(({ status }) => status === 'running' || status === 'queued');
  if (open.length === 0) return null;
  return (
    <ul className="hitl-turns" aria-label={texts.turns}>
      {open.slice(0, turnsShown).map((turn) => (
        <TurnLine
          key={turn.id}
          turn={turn}
          waits={pending.some(({ turn_id }) => turn_id === turn.id)}
          agentName={agentName}
          cancel={() => cancelTurn(turn.id)}
        />
      ))}
      {open.length > turnsShown && <li className="hitl-soft">{texts.moreTurns(open.length - turnsShown)}</li>}
    </ul>
  );
}

interface TurnLineProps {
  turn: ViewedTurn;
  waits: boolean;
  agentName: string;
  cancel(): ReturnType<Ticket['cancelTurn']>;
}

function TurnLine({ turn, waits, agentName, cancel }: TurnLineProps) {
  const [isEnding, setEnding] = useState(false);
  const seconds = Math.max(0, Math.floor((useNow(() => 1_000) - Date.parse(turn.started_at)) / 1_000));
  const state = turn.status === 'queued' ? 'queued' : waits ? 'waits' : 'runs';
  return (
    <li data-state={state}>
      <span className="hitl-spinner" />
      <span className="hitl-turn-text">
        {texts.turn[state](agentName)}
        {turn.intent !== undefined && (
          <>
            {': '}
            <PlainText text={turn.intent} first={200} />
          </>
        )}
      </span>
      <time>{texts.elapsed(seconds)}</time>
      <button
        type="button"
        className="hitl-quiet"
        disabled={isEnding}
        onClick={async () => {
          setEnding(true);
          const outcome = await cancel();
          if (!outcome.ok) setEnding(false);
        }}
      >
        <Icon name="stop" /> {isEnding ? texts.cancelling : texts.cancel}
      </button>
    </li>
  );
}
