/** What the hub gives a store to persist, and what the store answers: a commit with its records, entries and envelopes. */
import type { WireCode } from '../errors';
import type { AuditRecord } from '../protocol/audit';
import type { LoggableEnvelope, LoggedEnvelope } from '../protocol/envelopes';
import type {
  Answerers,
  Author,
  GrantRecord,
  MessageRecord,
  Millis,
  RequestRecord,
  SessionRecord,
  TurnRecord,
} from '../protocol/records';

/** A request as stored: the record that is queried, and beside it what its actor has that the record has not. */
export interface StoredRequest {
  record: RequestRecord;
  /** What restores the actor beside the record, JSON only; none where the record says it all. */
  snapshot?: unknown;
  /** +1 with every write; what compare-and-set goes by. Begins at 1. */
  version: number;
  /** When the earliest of its deadlines is due; none for a request without. */
  dueAt?: Millis;
}

/**
 * A request to be written: `version` is the one that was read, 0 for a request that must not exist yet. Its ticket, session,
 * turn and time of creation stay what they were at first; its key too, unless it is given up for another request to take.
 */
export interface RequestWrite extends StoredRequest {
  /** In whose inbox it is while it is pending; none for a request that has no answerers. */
  answerers?: Answerers;
}

/** A client frame that was carried out, so that the same frame again gets the same answer. */
export interface ProcessedFrame {
  userId: string;
  frameId: string;
  ack: Record<string, unknown>;
}

/** A grant that is given, used once or revoked, with the request that it comes from. */
export type GrantWrite =
  | { type: 'give'; grant: GrantRecord }
  | { type: 'use'; id: string }
  | { type: 'revoke'; id: string; by: Author };

/** What a channel has to deliver about a request. Keyed by channel and request, of which only the newest is stored. */
export interface DeliveryWrite {
  channel: string;
  requestId: string;
  /** `present` a card, `update` it, `settle` it for good. */
  event: 'present' | 'update' | 'settle';
  /** The version of the request that came of it; later ones are higher. */
  version: number;
}

/** An entry for the journal of a durable turn: what one of its calls came to. */
export interface JournalWrite {
  turnId: string;
  /** Which call, in the words of who writes it; `answer:<request id>` is the store's own. */
  call: string;
  /** JSON; undefined is stored as null. */
  body: unknown;
}

/** An entry as it stands in the journal of its turn's present leg. */
export interface JournalEntry extends JournalWrite {
  /** From 1, without gap, in the order of the commits. */
  n: number;
  /** Of the commit that it came with. */
  at: Millis;
}

/** A turn whose journal gets an entry once this request is settled. */
export interface TurnWaitWrite {
  turnId: string;
  requestId: string;
}

/** What a commit is refused by unless its turn stands where its writer believes it to stand. */
export interface TurnFence {
  turnId: string;
  /** That of the stored record. */
  generation: number;
  /** How long its journal is; any length if not given. */
  entries?: number;
}

/** One event's worth of change to one ticket: all of it is committed, or none. */
export interface Commit {
  ticketId: string;
  at: Millis;
  sessions?: readonly SessionRecord[];
  turns?: readonly TurnRecord[];
  /**
   * The `revisions` of each are what this write replaces, none of a new message: they are added behind those that are stored, of
   * which the last 100 stay.
   */
  messages?: readonly MessageRecord[];
  requests?: readonly RequestWrite[];
  /** Appended to the ticket's audit in this order. */
  audit?: readonly AuditRecord[];
  grants?: readonly GrantWrite[];
  deliveries?: readonly DeliveryWrite[];
  /** Appended to the journals of these turns, in this order. */
  journal?: readonly JournalWrite[];
  /** What turns wait for from now on, until it is answered or the turn has ended; another leg goes on waiting. */
  waits?: readonly TurnWaitWrite[];
  /** What the next leg of a turn begins with; replaces the one before, `undefined` drops it. JSON. */
  state?: { turnId: string; state: unknown };
  /**
   * Refused with `turn_lost` unless the turn is stored, has not ended and is of this generation, and with `conflict` unless
   * its journal has so many entries; judged before anything of this commit is written.
   */
  fence?: TurnFence;
  /** Appended to the ticket's log in this order. */
  envelopes: readonly LoggableEnvelope[];
  frame?: ProcessedFrame;
}

/** What became of one commit; a refused one left no trace. */
export type CommitResult =
  | {
      ok: true;
      envelopes: readonly LoggedEnvelope[];
      /** All that was appended to journals, in this order, answers too; each as `Store.journal` reads it. */
      journal: readonly JournalEntry[];
    }
  | {
      ok: false;
      code: Extract<WireCode, 'conflict' | 'key_conflict' | 'duplicate_id' | 'turn_lost'>;
      ack?: Record<string, unknown>;
    };
