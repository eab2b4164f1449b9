/** One message that grows: what is written goes out as deltas, tick by tick, and is committed now and then and at its end; `Streams` begins it, whatever speaks in the turn writes into it. */
import { HubError, isHubError } from '../../errors';
import {
  type MessageDelta,
  messageStreamed,
  sessionMessageAdded,
  sessionMessageUpdated,
} from '../../protocol/envelopes';
import type { MessageRecord, MessageType, Millis } from '../../protocol/records';
import type { Commit, Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import { newId } from '../commit/new-id';
import { maxOutputBytes, type Speaker } from './outputs';
import { hasGrownEnough, longestPause } from './stream-pace';
import { StreamText } from './stream-text';

/** Characters that wait for the end of the tick, or of a commit, until a writer is held back. */
export const maxUnsent = 1_024;
/** Pieces within a tick, however short, until a writer is held back: a loop of empty ones must let others run. */
export const maxPieces = 256;

export interface StreamParts {
  store: Pick<Store, 'message'>;
  clock: Clock;
  /** Sends to all clients of the ticket. */
  deliver(delta: MessageDelta): void;
  /** @param isWhole whether the message is whole with it */
  commit(commit: Commit, isWhole: boolean): Promise<unknown>;
  /** Called once, when it does not grow any more. */
  onOver(stream: Stream): void;
}

export interface StreamInput {
  type: MessageType;
  /** Of a message that may be stored already; its content is then replaced. Default: a new message. */
  id?: string | undefined;
}

export class Stream {
  private readonly text = new StreamText(maxOutputBytes);
  /** As it was committed last; none before the first commit. */
  private stored: MessageRecord | undefined;
  private committing: Promise<void> | undefined;
  private cancelPause: (() => void) | undefined;
  /** The store refused a commit in between: another is made after a pause, however fast the text grows. */
  private mustPause = false;
  private hasTick = false;
  private pieces = 0;
  /** To be shown before it has text. */
  private isWanted = false;
  private readonly begun = deferred<MessageRecord>();
  /** What writers that are held back wait for. */
  private room: Deferred<void> | undefined;
  private readonly over = new AbortController();
  /** Why nothing more is taken. */
  private refusal: unknown;
  /** It ended as it should. */
  private isWhole = false;
  private ending: Promise<MessageRecord | undefined> | undefined;

  constructor(
    readonly turn: Speaker,
    private readonly input: StreamInput,
    private readonly parts: StreamParts,
  ) {}

  /** None before its first commit. */
  get messageId(): string | undefined {
    return this.stored?.id;
  }

  /** The message as it begins; asking for it shows it, also without text. Rejects where it ends before it began. */
  get message(): Promise<MessageRecord> {
    this.isWanted = true;
    this.tickLater();
    return this.begun.promise;
  }

  /** Aborts when nothing more is taken, with the reason. */
  get signal(): AbortSignal {
    return this.over.signal;
  }

  /** Resolves when nothing of it is under way any more; there once it ends. Never rejects. */
  get settled(): Promise<unknown> | undefined {
    return this.ending?.catch(() => {});
  }

  /** What clients were sent and is not committed, for one that has just joined; nothing if there is none. */
  get delta(): MessageDelta | undefined {
    const from = this.stored?.content.length;
    if (from === undefined || from >= this.text.taken.length) return undefined;
    return this.deltaOf(this.text.taken.slice(from), from);
  }

  /**
   * Adds a text; resolves when there is room for more.
   * @throws HubError `invalid_request` for what is no text and after the end, `too_large`, `turn_ended`, `storage_failed`; what was
   *   written before is then committed
   */
  async write(text: string): Promise<void> {
    if (this.ending) throw this.refusal;
    if (typeof text !== 'string') return this.fail(noText(text));
    if (!this.text.append(text)) return this.fail(tooLarge());
    this.tickLater();
    this.pieces += 1;
    if (this.text.length - this.text.taken.length < maxUnsent && this.pieces < maxPieces) return;
    this.room ??= deferred();
    await this.room.promise;
  }

  /** All is written: resolves with the message once that is committed. Repeatable. @throws HubError as `write` */
  async end(): Promise<MessageRecord> {
    if (!this.ending) {
      if (!this.text.close()) return this.fail(tooLarge());
      this.isWhole = true;
      this.finish(new HubError('invalid_request', { message: 'The stream has ended; begin another one' }));
    }
    const message = await this.ending;
    if (!this.isWhole || !message) throw this.refusal;
    return message;
  }

  /** Nothing more comes, for this reason: resolves when what has come is committed, or cannot be. Repeatable. Never rejects. */
  async stop(reason: unknown): Promise<void> {
    this.finish(reason);
    await this.settled;
  }

  private async fail(reason: unknown): Promise<never> {
    await this.stop(reason);
    throw this.refusal;
  }

  private finish(reason: unknown): void {
    if (this.ending) return;
    this.refusal = reason;
    this.text.close();
    this.cancelPause?.();
    this.ending = this.commitRest();
    this.ending.catch(() => {});
    // Last, since it calls listeners of the agent's.
    this.over.abort(reason);
  }

  private async commitRest(): Promise<MessageRecord | undefined> {
    try {
      await this.committing;
      // What nobody has seen need not be shown to have ended.
      if (this.stored || this.isWhole || this.text.length > 0) return await this.commit(true);
      this.begun.reject(this.refusal);
      return undefined;
    } catch (error) {
      this.begun.reject(error);
      throw error;
    } finally {
      this.release();
      this.parts.onOver(this);
    }
  }

  private tickLater(): void {
    if (this.hasTick) return;
    this.hasTick = true;
    setImmediate(() => {
      this.hasTick = false;
      this.tick();
    });
  }

  /**
   * Sends what has come, and commits it where that is due. While a commit is under way both wait for it, so that what is sent
   * next goes on where that ends: a client that missed something has all again.
   */
  private tick(): void {
    if (this.ending || this.committing) return;
    this.pieces = 0;
    const { stored, text } = this;
    if (stored) {
      this.send(stored);
      if (!this.mustPause && hasGrownEnough(stored.content.length, text.length)) this.commitSoFar();
      else if (text.length > stored.content.length) this.commitAfterPause();
    } else if (this.isWanted || text.length > 0) this.commitSoFar();
    if (!this.committing) this.release();
  }

  private send({ id }: MessageRecord): void {
    const offset = this.text.taken.length;
    const text = this.text.take();
    if (text !== '') this.parts.deliver(this.deltaOf(text, offset, id));
  }

  private deltaOf(text: string, offset: number, messageId = `${this.messageId}`): MessageDelta {
    const { id, sessionId } = this.turn;
    return {
      event: 'message_delta',
      session_id: sessionId,
      turn_id: id,
      message_id: messageId,
      offset,
      text,
    };
  }

  /** Lets held back writers go on. */
  private release(): void {
    this.room?.resolve();
    this.room = undefined;
  }

  private commitAfterPause(): void {
    this.cancelPause ??= this.parts.clock.later(longestPause(this.text.length), () => {
      this.cancelPause = undefined;
      this.mustPause = false;
      if (!this.ending && !this.committing) this.commitSoFar();
    });
  }

  private commitSoFar(): void {
    this.cancelPause?.();
    this.cancelPause = undefined;
    this.committing = this.commit(false)
      .catch((error: unknown) => this.onRefused(error))
      .then(() => {
        this.committing = undefined;
        this.tick();
      });
  }

  private onRefused(error: unknown): void {
    const isPassing = isHubError(error) && (error.code === 'storage_failed' || error.code === 'busy');
    if (this.stored && isPassing) this.mustPause = true;
    else this.finish(error);
  }

  /** Commits all of it so far. @throws HubError as the funnel */
  private async commit(isEnd: boolean): Promise<MessageRecord> {
    const { parts, input, turn } = this;
    const before = this.stored ?? (input.id === undefined ? undefined : await parts.store.message(input.id));
    const at = parts.clock.now();
    const { isStreaming: _isStreaming, ...known } = before ?? this.newMessage(at);
    this.text.take();
    const message: MessageRecord = {
      ...known,
      content: this.text.taken,
      ...(before && { updatedAt: at }),
      ...(!isEnd && { isStreaming: true }),
    };
    const toEnvelope = before ? (isEnd ? messageStreamed : sessionMessageUpdated) : sessionMessageAdded;
    const { ticketId } = turn;
    await parts.commit(
      { ticketId, at, messages: [message], envelopes: [toEnvelope(message, at)] },
      isEnd && this.isWhole,
    );
    this.stored = message;
    this.begun.resolve(message);
    return message;
  }

  private newMessage(createdAt: Millis): MessageRecord {
    const { id: turnId, ticketId, sessionId } = this.turn;
    const { type, id = newId(createdAt) } = this.input;
    return { id, ticketId, sessionId, turnId, type, content: '', createdAt, revisions: [] };
  }
}

interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** A promise to be settled by hand; that it rejects is for whoever looks at it. */
function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> = { resolve: () => {}, reject: () => {} };
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {});
  return { promise, ...settle };
}

function tooLarge(): HubError {
  return new HubError('too_large', { message: `A message has at most ${maxOutputBytes} bytes` });
}

function noText(value: unknown): HubError {
  const what =
    value === null || value === undefined
      ? `${value}`
      : typeof value === 'object'
        ? `an object with ${Object.keys(value).slice(0, 5).join(', ') || 'no fields'}`
        : `of type ${typeof value}`;
  return new HubError('invalid_request', {
    message: `turn.stream: each piece is a text, and this one was ${what}; take the text out of it first`,
  });
}
