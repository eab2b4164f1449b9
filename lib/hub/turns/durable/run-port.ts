/** What a durable turn's code can do, each as a call of its run: say, find out, sleep, and ask; `Legs` hands one to the code of each leg. */
import { HubError, stackOf } from '../../../errors';
import { canonicalJson } from '../../../protocol/canonical-json';
import { asRead } from '../../../protocol/message-view';
import type { MessageRecord, MessageType, Millis, RequestRecord, User } from '../../../protocol/records';
import { maxRevisions } from '../../../store/shared/limits';
import type { Store } from '../../../store/store';
import type { Clock } from '../../commit/clock';
import { type Duration, toDeadlineMillis } from '../../options/duration';
import type { Logger } from '../../options/logger';
import type { Asked } from '../../requests/request-input';
import type { CallName, Entry, Kept } from '../entry';
import type { MessageStream, StreamOptions } from '../message-stream';
import type { Outputs, SayOptions } from '../outputs';
import { isInside, runStep, type StepContext, type StepOptions } from '../steps';
import type { StreamSource } from '../stream-source';
import { stillGrows } from '../streams';
import type { TurnPort } from '../turn';
import { asReadThen, type Reading, readingOf } from './as-then';
import { Asks, type AsksParts } from './asks';
import { Draws } from './draws';
import { Growing, type GrowingParts } from './growing';
import { keep } from './kept';
import { digestOfText, keyed } from './names';
import { failure, result } from './results';
import type { Run } from './run';

/** Messages of a session that are looked through for those that `history` gave before. */
const maxHistory = 1_000;

export interface RunPortParts extends AsksParts, GrowingParts {
  store: Store;
  clock: Clock;
  logger: Logger;
  outputs: Outputs;
}

export class RunPort implements TurnPort {
  /** Steps that are under way, by name and input. */
  private readonly stepsUnderWay = new Set<string>();
  private readonly draws: Draws;
  readonly asks: Asks;
  readonly growing: Growing;
  /** Why a line of the agent was refused first, where it could not have been said at all. */
  refusedLine: unknown;

  constructor(
    private readonly parts: RunPortParts,
    private readonly run: Run,
    user: Required<User>,
    readonly nameIntent: (intent: string) => void,
  ) {
    this.draws = new Draws(run.turn);
    this.asks = new Asks(parts, run, user);
    this.growing = new Growing(parts, run);
  }

  get isReplaying(): boolean {
    return this.run.isReplaying;
  }

  get now(): Millis {
    return this.run.now;
  }

  add(type: MessageType, content: string, options: SayOptions = {}): Promise<MessageRecord> {
    const { id: turnId, ticketId, sessionId } = this.run.turn;
    const d = digestOfText(String(content));
    return this.run.call('say', `say:${type}${keyed(options.key)}`, {
      perform: async (call) => {
        const beside = ({ id: m, createdAt: at }: MessageRecord) => this.run.beside(call, { m, at, d });
        await this.parts.outputs.add(this.run.turn, type, content, { ...options, beside }).catch((error) => {
          if (HubError.is(error, 'invalid_request')) this.refusedLine ??= error;
          throw error;
        });
      },
      revive: (body) => {
        const said = body as { m: string; at: Millis; d: string };
        if (said.d !== d) this.logChange(`a ${type} in other words than before, which stays as it was`);
        return { id: said.m, ticketId, sessionId, turnId, type, content, createdAt: said.at, revisions: [] };
      },
    });
  }

  stream(source: StreamSource, options: StreamOptions): Promise<MessageRecord> {
    return this.growing.pour(source, options);
  }

  openStream(options: StreamOptions): MessageStream {
    return this.growing.open(options);
  }

  update(messageId: string, content: string): Promise<MessageRecord> {
    return this.run.call('update', `update:${messageId}`, {
      perform: async (call) => {
        if (this.parts.streams.has(this.run.turn.ticketId, messageId)) throw stillGrows();
        const beside = ({ updatedAt }: MessageRecord) => this.run.beside(call, { at: updatedAt });
        await this.parts.outputs.update(this.run.turn, messageId, content, { beside });
      },
      revive: async (body) => {
        const message = await this.parts.store.message(messageId);
        const { at } = body as { at: Millis };
        return { ...(message as MessageRecord), content, updatedAt: at, revisions: [] };
      },
    });
  }

  history(limit: number): Promise<readonly MessageRecord[]> {
    const { store } = this.parts;
    const { id: turnId, sessionId } = this.run.turn;
    const read = async (most: number) => {
      const messages = await store.messages(sessionId, most);
      return messages.map((message) => asRead(message, (id) => id === turnId));
    };
    // What comes of it is recorded there.
    if (isInside(turnId)) return read(limit);
    return this.run.call('history', `history:${limit}`, {
      perform: async (call) => {
        const messages = await read(limit);
        await this.run.append(call, { v: messages.map(readingOf) });
      },
      revive: async (body) => {
        const { v } = body as { v: readonly Reading[] };
        const messages = await read(maxHistory);
        const byId = new Map(messages.map((message) => [message.id, message]));
        return v.flatMap((reading) => {
          const message = byId.get(reading[0]);
          return message ? [asReadThen(message, reading, maxRevisions)] : [];
        });
      },
    });
  }

  open(asked: Asked): Promise<{ request: RequestRecord; isNew: boolean }> {
    return this.asks.open(asked);
  }

  wait(requestId: string): Promise<RequestRecord> {
    return this.asks.wait(requestId);
  }

  step(name: string, run: (context: StepContext) => unknown, options: StepOptions = {}): Promise<unknown> {
    const { input } = options;
    const base = `step:${name}${input === undefined ? '' : `:${digestOfText(canonicalJson(input))}`}`;
    if (this.stepsUnderWay.has(base)) {
      const message = `Two steps "${name}" are under way at the same time: give each a name of its own, or an input`;
      return Promise.reject(new HubError('invalid_request', { message }));
    }
    this.stepsUnderWay.add(base);
    let wasBegun = false;
    const done = this.run.call('step', base, {
      note: () => {
        wasBegun = true;
      },
      perform: async (call) => {
        if (options.once && wasBegun)
          throw new HubError('step_unknown', {
            message: `The process ended in the step "${name}": whether it was done is not known`,
            details: { step: name },
          });
        if (options.once) await this.run.record(call, { begun: true });
        const body = await this.resultOf(name, call, run, options);
        if (body) await this.run.record(call, body);
      },
      revive: (body) => (body as { v?: unknown }).v,
    });
    const free = () => this.stepsUnderWay.delete(base);
    done.then(free, free);
    return done;
  }

  sleep(duration: Duration): Promise<void> {
    const ms = toDeadlineMillis(duration);
    let until: Millis | undefined;
    return this.run.call<void>('sleep', 'sleep', {
      isIdle: true,
      note: (begun) => {
        until = begun as Millis;
      },
      perform: async (call) => {
        const isNoted = until !== undefined;
        const end = until ?? this.parts.clock.now() + ms;
        if (!isNoted) await this.run.record(call, { begun: end });
        await this.run.sleepUntil(end);
        await this.run.awake();
        await this.run.record(call, {});
      },
      revive: () => {},
    });
  }

  keep(call: CallName, work: (entry: Entry) => Promise<Kept>): Promise<Kept> {
    return keep(this.run, (id) => this.keyOf(id), call, work);
  }

  random(): number {
    return this.draws.random();
  }

  uuid(): string {
    return this.draws.uuid();
  }

  /** What a step's function gives or throws, as it is recorded; nothing where the turn has ended meanwhile. */
  private async resultOf(
    name: string,
    call: string,
    run: (context: StepContext) => unknown,
    options: StepOptions,
  ) {
    const { id: turnId, signal } = this.run.turn;
    const step = { name, turnId, key: this.keyOf(call), run, options, signal, clock: this.parts.clock };
    try {
      return result(`the step "${name}"`, await runStep(step));
    } catch (error) {
      if (signal.aborted || this.run.isOver) return undefined;
      this.parts.logger.debug('A step of a turn failed', { turnId, step: name, stack: stackOf(error) });
      return failure(error);
    }
  }

  private keyOf(call: string): string {
    const { id, leg } = this.run.turn;
    return `${id}:${leg}:${digestOfText(call)}`;
  }

  private logChange(what: string): void {
    this.parts.logger.warn(`A turn that is continued says ${what}`, { turnId: this.run.turn.id });
  }
}
