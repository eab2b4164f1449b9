/** The turns that have not ended: what the agent is about, since when, whom or what it waits for, and how to steer it. */
import { useState } from 'react';
import type { ViewedTurn } from '../client';
import { useTurn } from '../react';
import { Icon } from './icon';
import { PlainText } from './plain-text';
import { StuckTurn } from './stuck-turn';
import { texts } from './texts';
import { Elapsed, wholeTime } from './times';
import { CancelTurn, TurnError } from './turn-steps';
import { RequestLinks, TurnWaitsFor } from './turn-wait';

interface TurnBarProps {
  turns: readonly ViewedTurn[];
  ticketId: string;
  agentName: string;
  /** Shows a request in the timeline. */
  onLook(requestId: string): void;
}

const turnsShown = 3;

export function TurnBar({ turns, ...props }: TurnBarProps) {
  const [isWhole, setWhole] = useState(false);
  const open = turns.filter(({ status }) => status !== 'completed' && status !== 'aborted');
  // What a person has to do something about is not left out.
  const [stuck, others] = [open.filter(isStuck), open.filter((turn) => !isStuck(turn))];
  const shown = [...stuck, ...others].slice(0, isWhole ? open.length : turnsShown);
  if (open.length === 0) return null;
  return (
    <ul className="hitl-turns" aria-label={texts.turns}>
      {shown.map((turn) => (
        <TurnLine key={turn.id} turn={turn} {...props} />
      ))}
      {open.length > turnsShown && (
        <li>
          <button
            type="button"
            className="hitl-more"
            aria-expanded={isWhole}
            onClick={() => setWhole(!isWhole)}
          >
            {isWhole ? texts.fewerTurns : texts.moreTurns(open.length - turnsShown)}
          </button>
        </li>
      )}
    </ul>
  );
}

function isStuck({ status }: ViewedTurn): boolean {
  return status === 'stuck';
}

function TurnLine({ turn, ticketId, agentName, onLook }: Omit<TurnBarProps, 'turns'> & { turn: ViewedTurn }) {
  const desk = useTurn({ id: turn.id, ticketId });
  const { waitsFor: requests } = desk;
  const { status, intent, waits_for: wait, continued_at: continued, started_at: since } = turn;
  if (status === 'stuck') return <StuckTurn turn={turn} desk={desk} agentName={agentName} />;
  const isAsking = status === 'running' && requests.length > 0;
  const state = isAsking ? 'asks' : status === 'waiting' ? 'waits' : status === 'queued' ? 'queued' : 'runs';
  return (
    <li data-turn={turn.id} data-state={state}>
      {state === 'asks' || state === 'waits' ? <Icon name="clock" /> : <span className="hitl-spinner" />}
      <span className="hitl-turn-text">
        {wait ? (
          <TurnWaitsFor wait={wait} requests={requests} agentName={agentName} onLook={onLook} />
        ) : (
          texts.turn[state](agentName)
        )}
        {intent !== undefined && (
          <span className="hitl-soft">
            {wait ? ' · ' : ': '}
            <PlainText text={intent} first={200} />
          </span>
        )}
        {isAsking && (
          <>
            {' · '}
            <RequestLinks requests={requests} total={requests.length} onLook={onLook} />
          </>
        )}
        {status === 'running' && continued !== undefined && (
          <small className="hitl-continued" title={wholeTime(continued)}>
            {texts.continued}
          </small>
        )}
      </span>
      {wait === undefined && <Elapsed since={since} />}
      <CancelTurn desk={desk} isAsked={status === 'waiting'} />
      <TurnError error={desk.error} />
    </li>
  );
}
