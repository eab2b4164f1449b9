/** Points in time as people say them: how long ago, how long still, at what hour. */
import { useNow } from './now';
import { texts } from './texts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** "3 min ago", updated as time passes; the whole of it on hovering. @param at as on the wire */
export function Ago({ at }: { at: string }) {
  const time = Date.parse(at);
  const age = useNow((now) => (now - time < minute ? 5 * second : minute)) - time;
  return (
    <time dateTime={at} title={wholeTime(at)}>
      {agoText(age)}
    </time>
  );
}

/** The hour and minute, with the day where that is not today. */
export function At({ at }: { at: string }) {
  return (
    <time dateTime={at} title={wholeTime(at)}>
      {clockTime(
        at,
        useNow(() => minute),
      )}
    </time>
  );
}

/** "14:03" of today, "Tue" of the last days, "3 Nov" of before; the whole of it on hovering. */
export function Day({ at }: { at: string }) {
  return (
    <time dateTime={at} title={wholeTime(at)}>
      {dayText(
        at,
        useNow(() => minute),
      )}
    </time>
  );
}

/** How long it takes so far, counted in seconds. */
export function Elapsed({ since }: { since: string }) {
  const now = useNow(() => second);
  return <time>{texts.elapsed(Math.max(0, Math.floor((now - Date.parse(since)) / second)))}</time>;
}

export function agoText(ms: number): string {
  if (ms < 5 * second) return texts.justNow;
  if (ms < minute) return texts.ago(texts.seconds(Math.floor(ms / second)));
  if (ms < hour) return texts.ago(texts.minutes(Math.floor(ms / minute)));
  if (ms < day) return texts.ago(texts.hours(Math.floor(ms / hour)));
  return texts.ago(texts.days(Math.floor(ms / day)));
}

/** How long still: to the second in the last minutes, then ever coarser. */
export function remainingText(ms: number): string {
  const left = Math.max(0, ms);
  if (left < 10 * minute) {
    const seconds = Math.ceil(left / second);
    const rest = `${seconds % 60}`.padStart(2, '0');
    return seconds < 60 ? texts.seconds(seconds) : `${Math.floor(seconds / 60)}:${rest}`;
  }
  if (left < hour) return texts.minutes(Math.ceil(left / minute));
  if (left < day) {
    const minutes = Math.ceil((left % hour) / minute) % 60;
    const hours = Math.floor((left + minute - 1) / hour);
    return minutes === 0 ? texts.hours(hours) : `${texts.hours(hours)} ${texts.minutes(minutes)}`;
  }
  return texts.days(Math.floor(left / day));
}

/** In the reader's own zone; on another day than today with the day. @param now what is today, in milliseconds */
export function clockTime(at: string, now: number): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${date.toLocaleDateString([], { day: 'numeric', month: 'short' })} ${time}`;
}

/** In the reader's own zone. @param now what is today, in milliseconds; what is to come is called as what was */
export function dayText(at: string, now: number): string {
  const date = new Date(at);
  if (date.toDateString() === new Date(now).toDateString()) return clockTime(at, now);
  if (Math.abs(now - date.getTime()) < 6 * day) return date.toLocaleDateString([], { weekday: 'short' });
  return date.toLocaleDateString([], { day: 'numeric', month: 'short' });
}

export function wholeTime(at: string): string {
  return new Date(at).toLocaleString([], { dateStyle: 'medium', timeStyle: 'long' });
}
