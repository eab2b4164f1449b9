/** The occasion of a change: which frame asked for it, who is behind it, which way and from where it came; every door to the hub says it. */
import type { Via } from '../../protocol/audit';
import type { User } from '../../protocol/records';
import type { ProcessedFrame } from '../../store/store';

export interface Occasion {
  /** The client frame that asked for the change, kept with it, so that it is done once. */
  frame?: Omit<ProcessedFrame, 'ack'> | undefined;
  /** Who, where the change itself names nobody. */
  by?: User | undefined;
  /** Default `app`. */
  via?: Via | undefined;
  /** The address of the peer. */
  from?: string | undefined;
  /**
   * Whether they still may: asked last, after every rule of the app, right before the change is decided. Throwing means no, and
   * then nothing is changed. Default: nobody is asked.
   */
  assertAccess?: (() => Promise<void>) | undefined;
}
