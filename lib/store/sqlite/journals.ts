/** The journals of durable turns in SQLite, what the turns wait for and their state; commits append and answer, reads list. */
import type { Millis } from '../../protocol/records';
import { bounded, maxJournalPage } from '../shared/limits';
import { byText } from '../shared/order';
import { bytesOfText, firstPage } from '../shared/page';
import type { FencedTurn } from '../shared/preconditions';
import { answerCall, answeringRequests, bodyText } from '../shared/turns';
import type { Commit, JournalEntry } from '../store';
import { parseJson } from './rows';
import type { Statements } from './statements';

/** As `Lookup.turn`. */
export function fencedTurn(s: Statements, id: string): FencedTurn | undefined {
  const row = s.fencedTurn.get(id);
  if (!row) return undefined;
  const { n, status, generation } = row;
  return {
    ...{ status, generation: generation ?? undefined },
    // Looked up only where a fence names a length, which most do not.
    get entries() {
      return s.journalLength.get(n)?.entries ?? 0;
    },
  };
}

/** What was appended of the journal entries of a commit. */
export function appendToJournals(s: Statements, { at, journal = [] }: Commit): JournalEntry[] {
  return journal.flatMap(({ turnId, call, body }) => {
    const turn = s.openTurn.get(turnId)?.n;
    return turn === undefined ? [] : [append(s, { turn, turnId, at, call, text: bodyText(body) })];
  });
}

/** Stores what turns wait for, and answers those who wait for what is settled now. */
export function answerTurns(s: Statements, commit: Commit): JournalEntry[] {
  const { at, waits = [] } = commit;
  for (const { turnId, requestId } of waits) {
    const turn = s.openTurn.get(turnId)?.n;
    if (turn !== undefined) s.addWait.run(requestId, turn);
  }
  return Array.from(answeringRequests(commit)).flatMap((requestId) => answer(s, requestId, at));
}

function answer(s: Statements, requestId: string, at: Millis): JournalEntry[] {
  const waiting = s.waitingTurns.all(requestId);
  const status = waiting.length > 0 ? s.requestStatus.get(requestId)?.status : undefined;
  if (status === undefined || status === 'pending') return [];
  s.dropWaitsForRequest.run(requestId);
  return waiting
    .sort((a, b) => byText(a.id, b.id))
    .map(({ n: turn, id: turnId }) => {
      s.answerTurn.run(at, at, at, turn);
      return append(s, { turn, turnId, at, call: answerCall(requestId), text: bodyText(null) });
    });
}

interface Appended {
  turn: number;
  turnId: string;
  at: Millis;
  call: string;
  text: string;
}

function append(s: Statements, { turn, turnId, at, call, text }: Appended): JournalEntry {
  const n = Number(s.addEntry.get(turn, turn, at, call, text)?.n);
  return { turnId, n, at, call, body: JSON.parse(text) };
}

/** As `Store.journal`. */
export function journalOf(s: Statements, turnId: string, after: number, limit: number): JournalEntry[] {
  const size = bounded(limit, 0, maxJournalPage);
  const turn = s.openTurn.get(turnId)?.n;
  if (size === 0 || turn === undefined) return [];
  const { shown } = firstPage(s.journal.iterate(turn, after, size), size, bytesOfText);
  return shown.map(({ text, ...entry }) => {
    return { turnId, ...entry, body: parseJson('turn_journal', { id: `${turnId}:${entry.n}`, text }) };
  });
}

/** As `Store.turnState`. */
export function turnStateOf(s: Statements, turnId: string): unknown {
  const turn = s.openTurn.get(turnId)?.n;
  const row = turn === undefined ? undefined : s.turnState.get(turn);
  return row && parseJson('turn_states', { id: turnId, text: row.text });
}
