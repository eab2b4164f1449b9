/** One turn's line to the hub: carries what the agent says and asks, and knows what has to be over before the turn is; turns make one each. */
import { randomUUID } from 'node:crypto';
import { HubError } from '../../errors';
import { asRead } from '../../protocol/message-view';
import type { MessageRecord, MessageType, RequestRecord, User } from '../../protocol/records';
import type { Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Hitl } from '../requests/hitl';
import type { Asked } from '../requests/request-input';
import { result } from './durable/results';
import { type CallName, type Entry, type Kept, unrecorded } from './entry';
import type { MessageStream, StreamOptions } from './message-stream';
import { isLeftBehind } from './orphans';
import type { Outputs, SayOptions, Speaker } from './outputs';
import type { TurnLine } from './running';
import { runStep, type StepContext, type StepOptions } from './steps';
import type { Stream } from './stream';
import { pour, type StreamSource } from './stream-source';
import { type Streams, stillGrows, wasAborted } from './streams';
import type { TurnPort } from './turn';

export class TurnLink implements TurnPort, TurnLine {
  /** What the agent has begun to say or to ask and is not committed yet. */
  private readonly underWay = new Set<Promise<unknown>>();
  /** Requests of a turn that is gone, asked again by this one: they end with it like its own. */
  private readonly adopted = new Set<string>();
  /** Requests that end with this turn. */
  private readonly ending = new Set<string>();
  /** Requests that this turn waits for and that outlive it. */
  private readonly attended = new Set<string>();
  /** What the agent writes by hand and has not ended. */
  private readonly unended = new Set<Stream>();
  private readonly over = new AbortController();
  /** Why a line of the agent was refused first, where it could not have been said at all. */
  refusedLine: unknown;

  constructor(
    private readonly parts: { store: Store; clock: Clock; hitl: Hitl; outputs: Outputs; streams: Streams },
    private readonly turn: Speaker & { user: Required<User> },
    readonly nameIntent: (intent: string) => void,
  ) {}

  add(type: MessageType, content: string, options?: SayOptions): Promise<MessageRecord> {
    return this.noteRefusal(this.track(this.parts.outputs.add(this.turn, type, content, options)));
  }

  update(messageId: string, content: string): Promise<MessageRecord> {
    if (this.parts.streams.has(this.turn.ticketId, messageId)) return Promise.reject(stillGrows());
    return this.noteRefusal(this.track(this.parts.outputs.update(this.turn, messageId, content)));
  }

  stream(source: StreamSource, options: StreamOptions): Promise<MessageRecord> {
    const write = async () => pour(source, this.begin(options));
    return this.noteRefusal(this.track(write()));
  }

  openStream(options: StreamOptions): MessageStream {
    const stream = this.begin(options);
    this.unended.add(stream);
    stream.signal.addEventListener('abort', () => {
      this.unended.delete(stream);
      void this.track(Promise.resolve(stream.settled));
    });
    return {
      get message() {
        return stream.message;
      },
      write: (text) => this.noteRefusal(stream.write(text)),
      end: () => stream.end(),
      abort: (reason = 'no reason was given') => stream.stop(wasAborted(reason)),
    };
  }

  private begin({ type = 'response' }: StreamOptions): Stream {
    return this.parts.streams.begin(this.turn, { type });
  }

  async history(limit: number): Promise<readonly MessageRecord[]> {
    const messages = await this.parts.store.messages(this.turn.sessionId, limit);
    // One turn at a time speaks in a session.
    return messages.map((message) => asRead(message, (turnId) => turnId === this.turn.id));
  }

  async step(
    name: string,
    run: (context: StepContext) => unknown,
    options: StepOptions = {},
  ): Promise<unknown> {
    const { id: turnId, signal } = this.turn;
    const key = `${turnId}:${name}:${randomUUID()}`;
    const value = await runStep({ name, turnId, key, run, options, signal, clock: this.parts.clock });
    return result(`The step "${name}"`, value).v;
  }

  keep(_call: CallName, work: (entry: Entry) => Promise<Kept>): Promise<Kept> {
    return work(unrecorded());
  }

  async open(asked: Asked): Promise<{ request: RequestRecord; isNew: boolean }> {
    const { request, isNew, endsWithTurn } = await this.track(this.ask(asked));
    if (endsWithTurn) this.ending.add(request.id);
    return { request, isNew };
  }

  async wait(requestId: string): Promise<RequestRecord> {
    // One that outlives the turn must not hold the agent's code when the turn is over; of one that ends with it the agent
    // learns the outcome.
    const signal = this.ending.has(requestId) ? this.over.signal : this.turn.signal;
    try {
      const settled = await this.parts.hitl.wait(requestId, { signal });
      this.attended.delete(requestId);
      return settled;
    } finally {
      this.parts.hitl.turnAway(requestId, this.turn.id);
    }
  }

  /** Resolves when what was begun before is committed or refused. What is written by hand is not waited for: it ends. */
  async settled(): Promise<void> {
    for (const stream of this.unended) void stream.stop(new HubError('turn_ended'));
    await Promise.allSettled(this.underWay);
  }

  /** Withdraws the pending requests that end with the turn. @throws HubError `storage_failed` */
  withdraw(): Promise<void> {
    const { adopted, attended } = this;
    return this.parts.hitl.endWithTurn(this.turn.id, { adopted, attended });
  }

  /** The end of the turn is committed: a request that it still waits for could not be withdrawn, and is not waited for any more. */
  end(): void {
    this.over.abort(new HubError('turn_ended'));
  }

  private async ask(
    asked: Asked,
  ): Promise<{ request: RequestRecord; isNew: boolean; endsWithTurn: boolean }> {
    const { hitl, store } = this.parts;
    const { id, ticketId, sessionId, user, signal } = this.turn;
    signal.throwIfAborted();
    const asker = {
      ticketId,
      sessionId,
      turnId: id,
      userId: user.id,
    };
    const { request, isNew } = await hitl.ask({ ...asked, ...asker }, { by: user, via: 'turn' });
    hitl.attend(request.id, id);
    if (request.detached) this.attended.add(request.id);
    // It may have been left in the moment before.
    if (request.turnId !== id && request.turnId) await hitl.takeUp(request.id);
    const isAdopted = await isLeftBehind(store, request, id);
    if (isAdopted) this.adopted.add(request.id);
    const isOwn = request.turnId === id && !request.detached;
    return { request, isNew, endsWithTurn: isOwn || isAdopted };
  }

  private noteRefusal<T>(line: Promise<T>): Promise<T> {
    line.catch((error: unknown) => {
      if (HubError.is(error, 'invalid_request')) this.refusedLine ??= error;
    });
    return line;
  }

  private track<T>(work: Promise<T>): Promise<T> {
    const done = () => this.underWay.delete(work);
    this.underWay.add(work);
    work.then(done, done);
    return work;
  }
}
