/** What a turn waits for and since when, with the way to each request; the bar of turns draws it. */
import type { RequestView, ViewedTurn } from '../client';
import { PlainLine } from './plain-text';
import { subjectOf } from './subject';
import { texts } from './texts';
import { Day } from './times';

/** Requests that are named. */
const named = 5;

interface TurnWaitProps {
  turn: ViewedTurn;
  /** Those that are known here. */
  requests: readonly RequestView[];
  onLook(requestId: string): void;
}

export function TurnWait({ turn, requests, onLook }: TurnWaitProps) {
  const wait = turn.waits_for;
  const unnamed = Math.max(requests.length, wait?.request_ids.length ?? 0) - Math.min(requests.length, named);
  return (
    <span className="hitl-turn-wait">
      {(requests.length > 0 || unnamed > 0) && (
        <span>
          {texts.waitsFor}{' '}
          {requests.slice(0, named).map((request, at) => (
            <span key={request.id}>
              {at > 0 && ', '}
              <Look request={request} onLook={onLook} />
            </span>
          ))}
          {requests.length > 0 && unnamed > 0 && ', '}
          {unnamed > 0 && texts.waitsForMore(unnamed)}
        </span>
      )}
      {wait && (
        <span>
          {texts.since} <Day at={wait.since} />
        </span>
      )}
      {wait?.until !== undefined && (
        <span>
          {wait.request_ids.length > 0 ? texts.goesOnAtTheLatest : texts.goesOn} <At at={wait.until} />
        </span>
      )}
    </span>
  );
}

function Look({ request, onLook }: { request: RequestView; onLook(requestId: string): void }) {
  const { title, isCode } = subjectOf(request);
  return (
    <button
      type="button"
      className={isCode ? 'hitl-more hitl-code' : 'hitl-more'}
      title={texts.lookAt}
      onClick={() => onLook(request.id)}
    >
      <PlainLine text={title} most={80} />
    </button>
  );
}
