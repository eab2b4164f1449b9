/** How a call is recorded that the hub carries out for an agent's code: in the journal of a durable turn, so that it is done once; on a plain turn not at all. Ports of turns make entries, tools write them. */
import { randomUUID } from 'node:crypto';
import type { Millis } from '../../protocol/records';
import type { Occasion } from '../commit/occasion';

/** Which call it is. */
export interface CallName {
  /** The same in every process; calls of the same name are counted. */
  name: string;
  /** For errors. */
  noun: string;
}

/** What a call gives: a value of the app's own, or, `instead`, what became of it. */
export interface Kept {
  value?: unknown;
  instead?: Readonly<Record<string, string>>;
}

export type Ending = Kept | { error: unknown };

/** Commits a change, and with it what is given here. */
export type CommitBeside = (beside?: Occasion['beside']) => Promise<unknown>;

export interface Entry {
  /** The same for this call in every process, and for no other call. */
  readonly key: string;
  /** What `begin` recorded, where the process ended before the end was recorded; else nothing. */
  readonly begun: unknown;
  /** Records that it begins, in one commit with what `commit` changes. @throws HubError what `commit` throws, `closing` where the turn is not this process's any more */
  begin(note: unknown, commit?: CommitBeside): Promise<void>;
  /** Records how it ended, which the code gets from there. Same errors; then what `commit` changes has been tried without the turn. */
  end(ending: Ending, commit?: CommitBeside): Promise<void>;
  /** Resolves at this time; the turn may rest meanwhile. */
  waitUntil(at: Millis): Promise<void>;
}

/** Of a plain turn. */
export function unrecorded(): Entry {
  return {
    key: randomUUID(),
    begun: undefined,
    begin: async (_note, commit) => void (await commit?.()),
    end: async (_ending, commit) => void (await commit?.()),
    waitUntil: async () => {},
  };
}
