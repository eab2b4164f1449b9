/** What a saved journal is, and what it means that code fits it; the checks of durable agents give and take these. */
import type { MessageRecord, RequestRecord, TurnRecord } from '../protocol/records';
import type { JournalEntry } from '../store/store';

/** All that a replay needs. It has what steps returned and what was said: treat it like the messages. */
export interface SavedJournal {
  /** Of this shape. */
  format: 1;
  turn: TurnRecord;
  /** What the turn answers. */
  message: MessageRecord;
  entries: readonly JournalEntry[];
  /** What `turn.again` gave the present leg. */
  state?: unknown;
  /** Requests that the turn has asked or waits for, as they are now. */
  requests: readonly RequestRecord[];
  /** The messages of its session, oldest first. */
  messages: readonly MessageRecord[];
}

/** Whether the code does what a journal has. */
export type Fit =
  | { fits: true }
  | {
      fits: false;
      /** The last entry that fits; 0: not even the first does. */
      after: number;
      /** The call that was recorded and is not made. */
      recorded: string;
      /** What the code does in its place; nothing where it waits or has returned. */
      instead: readonly string[];
      /** The same in words. */
      message: string;
    };
