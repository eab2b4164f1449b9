/** A turn that cannot go on by itself: why, in words and calls, and what people can do about it; the bar of turns draws it. */
import { useId } from 'react';
import type { ViewedTurn } from '../client';
import type { Turn } from '../react';
import { Icon } from './icon';
import { PlainText } from './plain-text';
import { texts } from './texts';
import { Day } from './times';
import { AskedStep, CancelTurn, TurnError } from './turn-steps';

/** Calls that are listed. */
const callsShown = 5;

interface StuckTurnProps {
  turn: ViewedTurn;
  desk: Turn;
  agentName: string;
}

export function StuckTurn({ turn, desk, agentName }: StuckTurnProps) {
  const heading = useId();
  const { problem, intent } = turn;
  const { busy, error } = desk;
  return (
    <li data-turn={turn.id} data-state="stuck">
      <Icon name="warning" />
      <section className="hitl-stuck" aria-labelledby={heading}>
        <p role="alert">
          <b id={heading}>{texts.turn.stuck(agentName)}</b>
          {intent !== undefined && (
            <>
              {': '}
              <PlainText text={intent} first={200} />
            </>
          )}
          {problem && (
            <small>
              {' '}
              {texts.since} <Day at={problem.at} />
            </small>
          )}
        </p>
        {problem && <ProblemOf problem={problem} />}
        <div className="hitl-steps">
          <button
            type="button"
            className="hitl-button hitl-button-main"
            disabled={busy !== undefined}
            onClick={() => void desk.retry()}
          >
            {busy === 'retry' ? texts.sending : texts.tryAgain}
          </button>
          <AskedStep
            what={texts.whatStartOverDoes}
            really={texts.reallyStartOver}
            isBusy={busy !== undefined}
            className="hitl-button"
            onDo={() => void desk.startOver()}
          >
            {busy === 'start_over' ? texts.sending : texts.startOver}
          </AskedStep>
          <CancelTurn desk={desk} isAsked className="hitl-button hitl-button-no" />
        </div>
        <TurnError error={error} />
      </section>
    </li>
  );
}

function ProblemOf({ problem }: { problem: NonNullable<ViewedTurn['problem']> }) {
  const { reason, message, recorded } = problem;
  const instead = [...new Set(problem.instead)];
  const words = texts.problem[reason];
  return (
    <>
      {words !== undefined && <p>{words}</p>}
      {recorded === undefined ? (
        <p className="hitl-soft">
          <PlainText text={message} first={500} />
        </p>
      ) : (
        <dl>
          <dt>{texts.recorded}</dt>
          <dd className="hitl-code">
            <PlainText text={recorded} first={200} />
          </dd>
          <dt>{texts.cameInstead}</dt>
          {instead.slice(0, callsShown).map((call) => (
            <dd key={call} className="hitl-code">
              <PlainText text={call} first={200} />
            </dd>
          ))}
          {instead.length === 0 && <dd>{texts.nothing}</dd>}
          {instead.length > callsShown && <dd>{texts.andMore(instead.length - callsShown)}</dd>}
        </dl>
      )}
    </>
  );
}
