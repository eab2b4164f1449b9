/** What a turn waits for and since when, with the way to each request; the bar of turns draws it. */
import type { RequestView, ViewedTurn } from '../client';
import { PlainLine } from './plain-text';
import { subjectOf } from './subject';
import { texts } from './texts';
import { At, Day } from './times';

/** Requests that are named. */
const namesShown = 5;

interface RequestLinksProps {
  /** Those that are known on this page. */
  requests: readonly RequestView[];
  /** How many there are. */
  total: number;
  /** Shows a request in the timeline. */
  onLook(requestId: string): void;
}

/** "waits for: isolate_host, since Tue". */
export function TurnWaitsFor({
  wait,
  agentName,
  ...links
}: Omit<RequestLinksProps, 'total'> & { wait: NonNullable<ViewedTurn['waits_for']>; agentName: string }) {
  const { since, request_ids: ids, until } = wait;
  if (ids.length === 0)
    return until === undefined ? (
      texts.turn.waits(agentName)
    ) : (
      <>
        {texts.turn.waitsUntil(agentName)} <At at={until} />
      </>
    );
  return (
    <>
      {texts.turn.waitsFor(agentName)} <RequestLinks {...links} total={ids.length} />
      <span className="hitl-soft">
        , {texts.since} <Day at={since} />
        {until !== undefined && (
          <>
            , {texts.atMostUntil} <At at={until} />
          </>
        )}
      </span>
    </>
  );
}

export function RequestLinks({ requests, total, onLook }: RequestLinksProps) {
  const shown = requests.slice(0, namesShown);
  if (shown.length === 0) return texts.requests(total);
  return (
    <>
      {shown.map((request, at) => (
        <span key={request.id}>
          {at > 0 && ', '}
          <RequestLink request={request} onLook={onLook} />
        </span>
      ))}
      {total > shown.length && ` ${texts.andMore(total - shown.length)}`}
    </>
  );
}

function RequestLink({ request, onLook }: { request: RequestView; onLook(requestId: string): void }) {
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
