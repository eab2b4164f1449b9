/** Points in time as they travel; every view and envelope that has one writes it here. */
import { z } from 'zod';
import type { Millis } from './records';

/** RFC 3339 in UTC with milliseconds. */
export const wireTimeSchema = z.iso.datetime({ offset: true });

/** A point in time on the wire. A time that is missing or zero would be sent as a wrong year, so `fallback` takes its place. */
export function toWireTime(at: Millis | undefined, fallback: Millis): string {
  const given = at && at > 0 ? at : fallback;
  if (given !== lastText.at) lastText = { at: given, text: new Date(given).toISOString() };
  return lastText.text;
}

/** What happens in one tick has one time, so its text is cached: building it costs half as much as building all the rest. */
let lastText = { at: 0, text: new Date(0).toISOString() };
