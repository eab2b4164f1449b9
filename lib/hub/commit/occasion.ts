/** The occasion of a change: which frame asked for it, who is behind it, which way and from where it came; every door to the hub says it. */
import type { Via } from '../../protocol/audit';
import type { RequestRecord, User } from '../../protocol/records';
import type { Commit, ProcessedFrame } from '../../store/store';

/** What a durable turn has committed beside something else: the entry of its journal that records it. */
export type Beside = Pick<Commit, 'journal' | 'waits' | 'fence'>;

export interface Occasion {
  /** The client frame that asked for the change; stored with the change, so that it is carried out once. */
  frame?: Omit<ProcessedFrame, 'ack'> | undefined;
  /** The author, for a change that names none itself. */
  by?: User | undefined;
  /** Default `app`. */
  via?: Via | undefined;
  /** The address of the peer. */
  from?: string | undefined;
  /**
   * Checks that the author still has access: called last, after every rule of the app, right before the change is decided. If it
   * throws, nothing is changed. Default: no check.
   */
  assertAccess?: (() => Promise<void>) | undefined;
  /** What is committed with the change, made from the request that comes of it. */
  beside?: ((record: RequestRecord) => Beside) | undefined;
}
