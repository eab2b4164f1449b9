/** What a check of the doctor has found, and how it is printed: one line, and below a fault what is right and what to do. */

export interface Finding {
  /** `note`: may be meant; it does not fail the whole. */
  state: 'ok' | 'note' | 'fault';
  /** Which check. */
  check: string;
  /** What was found. */
  found: string;
  /** What would be right, and what to do for it; with everything but `ok`. */
  advice?: string;
}

export const ok = (check: string, found: string): Finding => ({ state: 'ok', check, found });
export const note = (check: string, found: string, advice: string): Finding => ({
  state: 'note',
  check,
  found,
  advice,
});
export const fault = (check: string, found: string, advice: string): Finding => ({
  state: 'fault',
  check,
  found,
  advice,
});

const marks = { ok: 'ok   ', note: 'note ', fault: 'FAULT' };

export function lineOf({ state, check, found, advice }: Finding): string {
  return `${marks[state]} ${check.padEnd(9)} ${shown(found)}${advice === undefined ? '' : `\n                → ${shown(advice)}`}`;
}

/** What a server has sent may hold anything; it must not reach a terminal as commands. */
function shown(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ').slice(0, 600);
}
