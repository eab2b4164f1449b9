/** How long a request can still be answered, as a ring that empties and a time; it gets urgent towards the end. */
import type { RequestView } from '../client';
import { useNow } from './now';
import { texts } from './texts';
import { remainingText, wholeTime } from './times';

const urgentMs = 2 * 60_000;
const hourMs = 60 * 60_000;

/** Nothing where there is no deadline or it is over. */
export function Countdown({ request }: { request: RequestView }) {
  const { created_at: from, expires_at: until, status } = request;
  const end = until === undefined ? 0 : Date.parse(until);
  const now = useNow((at) => (end - at < hourMs ? 1_000 : 15_000));
  if (until === undefined || status !== 'pending') return null;
  const left = end - now;
  const share = Math.max(0, Math.min(1, left / Math.max(1, end - Date.parse(from))));
  return (
    <span className="hitl-countdown" data-urgent={left < urgentMs || undefined} title={wholeTime(until)}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6" />
        <circle cx="8" cy="8" r="6" pathLength="1" strokeDasharray={`${share} 1`} />
      </svg>
      {left > 0 ? (
        <>
          <span className="hitl-hidden">{texts.expiresIn} </span>
          {remainingText(left)}
        </>
      ) : (
        texts.timeIsUp
      )}
    </span>
  );
}
