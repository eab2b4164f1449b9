/** What an agent writes a message with, piece by piece; `turn.stream` gives one. */
import type { MessageRecord, MessageType } from '../../protocol/records';

/** What `turn.stream` may be given beside the text. */
export interface StreamOptions {
  /** As what it is said. Default `response`, as `turn.say`. */
  type?: Exclude<MessageType, 'user'>;
}

/** A message that grows while it is read. */
export interface MessageStream {
  /**
   * The message as it begins, for a request that is shown at it; asking for it shows the message before it has text. Rejects
   * where it ends before it began.
   */
  readonly message: Promise<MessageRecord>;
  /**
   * Adds a text. Resolves when there is room for more: await it, so that a fast writer goes no faster than the hub.
   * @throws HubError `invalid_request` for what is no text and after the end, `too_large`, `turn_ended`, `storage_failed`; what was
   *   written before is then stored, and the message grows no more
   */
  write(text: string): Promise<void>;
  /** All is written: resolves with the message once that is stored. Repeatable. Same errors. */
  end(): Promise<MessageRecord>;
  /** The rest will not come: resolves when what was written is stored; `write` and `end` are refused from then on, with the reason. */
  abort(reason?: string): Promise<void>;
}
