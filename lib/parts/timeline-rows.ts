/** Puts messages, requests and the ends of turns in the order in which a reader meets them; the timeline draws the rows. */
import type { MessageView, RequestView, ViewedTurn } from '../client';

export type Row =
  | { kind: 'day'; id: string; at: string }
  | { kind: 'message'; id: string; at: string; message: MessageView; requests: readonly RequestView[] }
  | { kind: 'request'; id: string; at: string; request: RequestView }
  | { kind: 'stop'; id: string; at: string; turn: ViewedTurn };

export interface TimelineParts {
  /** In the order in which they were said. */
  messages: readonly MessageView[];
  requests: readonly RequestView[];
  turns: readonly ViewedTurn[];
}

/**
 * A request stands at the message it is bound to; without one, or where that is not loaded, by itself at its time. Of
 * the turns only those that were stopped are shown: what the others did is there already.
 */
export function timelineRows({ messages, requests, turns }: TimelineParts): Row[] {
  const known = new Set(messages.map(({ id }) => id));
  const bound = new Map<string, RequestView[]>();
  const rows: Row[] = [];
  for (const request of requests) {
    const { id, created_at: at, message_id: at_message } = request;
    if (at_message === undefined || !known.has(at_message)) rows.push({ kind: 'request', id, at, request });
    else bound.set(at_message, [...(bound.get(at_message) ?? []), request]);
  }
  for (const turn of turns) {
    if (turn.status !== 'aborted') continue;
    rows.push({ kind: 'stop', id: turn.id, at: turn.ended_at ?? turn.started_at, turn });
  }
  const none: readonly RequestView[] = [];
  const lines = messages.map((message): Row => {
    const { id, created_at: at } = message;
    return { kind: 'message', id, at, message, requests: bound.get(id) ?? none };
  });
  return withDays(merged(lines, rows.sort(byTime)));
}

/** Both are in order; of the same moment the message is first. */
function merged(lines: readonly Row[], others: readonly Row[]): Row[] {
  const all: Row[] = [];
  let next = 0;
  for (const line of lines) {
    for (let other = others[next]; other && other.at < line.at; other = others[next]) {
      all.push(other);
      next += 1;
    }
    all.push(line);
  }
  return [...all, ...others.slice(next)];
}

/** A heading wherever another day begins, in the reader's zone. */
function withDays(rows: readonly Row[]): Row[] {
  let day = '';
  return rows.flatMap((row) => {
    const own = dayOf(row.at);
    if (own === day) return [row];
    day = own;
    return [{ kind: 'day' as const, id: `day ${own} ${row.id}`, at: row.at }, row];
  });
}

/** Making a date of every line is what would cost, so a day is looked up once per hour of the wire's time. */
const days = new Map<string, string>();

function dayOf(at: string): string {
  const hour = at.slice(0, 13);
  const known = days.get(hour);
  if (known !== undefined) return known;
  if (days.size > 5_000) days.clear();
  const day = new Date(at).toDateString();
  days.set(hour, day);
  return day;
}

/** Times on the wire are all UTC with milliseconds, so that their text is in their order. */
function byTime(a: Row, b: Row): number {
  return a.at < b.at ? -1 : Number(a.at > b.at);
}
