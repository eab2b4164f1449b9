/** What a turn that is started over takes from the journal of its last leg into the next: requests that it asked, and tools that it ran. Tenures write it, journals read it. */
import type { JournalEntry } from '../../../store/store';

/** Stands before the call of an entry that was recorded in an earlier leg. */
const prefix = 'kept:';

/** The entries that a leg begins with. @param entries of the leg before it */
export function keptEntries(entries: readonly JournalEntry[]): { call: string; body: unknown }[] {
  const kept = new Map<string, unknown>();
  for (const { call, body } of entries) {
    const recorded = keptCall(call) ?? call;
    if (isAsked(recorded, body) || isRun(recorded, body)) kept.set(recorded, body);
  }
  return [...kept].map(([call, body]) => ({ call: `${prefix}${call}`, body }));
}

/** The call of an earlier leg that an entry is about; nothing if it is of this one. */
export function keptCall(call: string): string | undefined {
  return call.startsWith(prefix) ? call.slice(prefix.length) : undefined;
}

function isAsked(call: string, body: unknown): boolean {
  return call.startsWith('ask:') && has(body, 'asked');
}

/** What a tool gave or threw, or that it was begun; not that it might not be run. */
function isRun(call: string, body: unknown): boolean {
  return call.startsWith('run:') && !(has(body, 'i') && has(body.i, 'rule'));
}

function has<Name extends string>(body: unknown, name: Name): body is Record<Name, unknown> {
  return typeof body === 'object' && body !== null && name in body;
}
