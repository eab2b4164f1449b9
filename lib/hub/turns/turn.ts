/** What the app's agent code is given for one turn: ways to speak, to ask people, and to notice that it was cancelled. */
import { HubError } from '../../errors';
import type { MessageRecord, MessageType, RequestRecord } from '../../protocol/records';
import type {
  Answer,
  Approval,
  Decision,
  HitlTypes,
  KindName,
  KnownUser,
  NoTypes,
  OpenRequest,
  OutcomeOf,
  OwnKindName,
  PayloadIn,
  ResponseOf,
} from '../kinds/app-types';
import { type AnyTool, partsOf, type ToolArgs, type ToolArgsIn, type ToolResult } from '../kinds/tool';
import { historyFields, sayFields, streamFields } from '../options/asked-options';
import { assertOptions, isPlain } from '../options/options';
import type { AskOptions } from '../requests/ask';
import { toOutcome, toRequest } from '../requests/outcome';
import {
  type ApprovalOptions,
  type Asked,
  type Question,
  type RequestInput,
  toAsked,
} from '../requests/request-input';
import type { CallName, Entry, Kept } from './entry';
import type { MessageStream, StreamOptions } from './message-stream';
import type { SayOptions } from './outputs';
import { assertStep, type StepContext, type StepOptions, type StepResult } from './steps';
import { isStreamSource, type StreamSource } from './stream-source';

/** What an answer may be: one of the options, or any text where there are none or `freeText` allows it. */
export type AnswerTo<
  Options extends readonly string[],
  FreeText extends boolean = false,
> = Options extends readonly []
  ? string
  : true extends FreeText
    ? Options[number] | (string & {})
    : Options[number];

/** What became of a call. A tool that throws makes the call reject with what it threw. */
export type ToolCall<Result> =
  /** `request` if a person was asked, or a grant was used (`request.usedGrant`). In a durable turn `result` is what JSON makes of it. */
  | { status: 'executed'; result: Result; request?: Approval['request'] }
  /**
   * Of durable turns: it has run, in a process that ended before the result was stored. `report`: what people wrote when they
   * said so; `message` is written for a model to read.
   */
  | { status: 'confirmed'; report?: string; message: string; request?: Approval['request'] }
  /** Not run; `message` is written for a model to read. */
  | {
      status: 'denied' | 'expired' | 'cancelled' | 'superseded';
      message: string;
      request?: Approval['request'];
    }
  /** Approved, but an earlier run of the same call was begun: `reason` says how far it came. */
  | {
      status: 'not_run';
      /** `left`: of durable turns; the process ended while it ran, and people left it. */
      reason: string;
      message: string;
      /** None if a rule allowed it. */
      request?: Approval['request'];
    };

/** The app's agent: called once per chat message. Its turn always ends: completed if it returns, else aborted. */
export type Agent<App extends HitlTypes = NoTypes> = (turn: Turn<App>) => unknown;

/** What a turn needs of the hub. */
export interface TurnPort {
  add(type: MessageType, content: string, options?: SayOptions): Promise<MessageRecord>;
  update(messageId: string, content: string): Promise<MessageRecord>;
  stream(source: StreamSource, options: StreamOptions): Promise<MessageRecord>;
  /** @throws HubError `turn_ended`, `busy` */
  openStream(options: StreamOptions): MessageStream;
  open(asked: Asked): Promise<{ request: RequestRecord; isNew: boolean }>;
  wait(requestId: string): Promise<RequestRecord>;
  history(limit: number): Promise<readonly MessageRecord[]>;
  nameIntent(intent: string): void;
  step(name: string, run: (context: StepContext) => unknown, options?: StepOptions): Promise<unknown>;
  /**
   * A call that the hub carries out for the code: in a durable turn it is done once, and what it gives is what was recorded.
   * @param work gives what the call gives, or has recorded it by the entry
   */
  keep(call: CallName, work: (entry: Entry) => Promise<Kept>): Promise<Kept>;
}

/** One chat message and the agent's answer to it; handed to the agent. */
export class Turn<App extends HitlTypes = NoTypes> {
  /** @internal */
  constructor(
    readonly id: string,
    readonly ticketId: string,
    readonly sessionId: string,
    /** Who wrote the message. */
    readonly user: KnownUser<App['user']>,
    /** The message to answer. */
    readonly message: Readonly<MessageRecord>,
    /** Aborted when the turn is cancelled or the hub closes; pass it to everything that takes long. */
    readonly signal: AbortSignal,
    private readonly port: TurnPort,
  ) {}

  /** The answer, or a part of it. @throws HubError `turn_ended`, `too_large`, `storage_failed` */
  say(content: string, options?: SayOptions): Promise<MessageRecord> {
    return this.add('turn.say', 'response', content, options);
  }

  /** A step the agent takes, shown small. Same errors. */
  trace(content: string, options?: SayOptions): Promise<MessageRecord> {
    return this.add('turn.trace', 'trace', content, options);
  }

  /** What the agent intends to do. Same errors. */
  plan(content: string, options?: SayOptions): Promise<MessageRecord> {
    return this.add('turn.plan', 'plan', content, options);
  }

  /** Something the reader should be careful about. Same errors. */
  warn(content: string, options?: SayOptions): Promise<MessageRecord> {
    return this.add('turn.warn', 'warning', content, options);
  }

  /**
   * Says it as it comes, while everybody reads along: what a model writes. Resolves when all of it is stored.
   * @param source gives the text, piece by piece; as a function it is called when that is wanted, and its signal aborts when it is
   *   wanted no longer
   * @throws HubError `turn_ended`, `too_large`, `storage_failed`, `busy` for more than 16 at a time, `invalid_request` for a piece that
   *   is no text; what the source throws. What came by then is stored
   */
  stream(source: StreamSource, options?: StreamOptions): Promise<MessageRecord>;
  /** The same by hand. @throws HubError `turn_ended`, `busy`, `invalid_request` */
  stream(options?: StreamOptions): MessageStream;
  stream(
    first: StreamSource | StreamOptions = {},
    options: StreamOptions = {},
  ): Promise<MessageRecord> | MessageStream {
    if (!isStreamSource(first)) {
      if (!isPlain(first)) throw noSource();
      assertOptions('turn.stream', first, streamFields);
      return handledStream(this.port.openStream(first));
    }
    const stream = async () => {
      assertOptions('turn.stream', options, streamFields);
      return this.port.stream(first, options);
    };
    return handled(stream());
  }

  /** Replaces what a message of this turn says; its last 100 earlier contents stay as revisions, of which the result has the one replaced. Also `not_found`. */
  update(message: Pick<MessageRecord, 'id'>, content: string): Promise<MessageRecord> {
    return handled(this.port.update(message.id, content));
  }

  /** What this turn is about, in at most 200 characters, the rest is cut; shown when it ends. */
  setIntent(intent: string): void {
    this.port.nameIntent(intent);
  }

  /** The last messages of the session, oldest first. @param options `limit`: at most 200, default 50 */
  history(options: { limit?: number } = {}): Promise<readonly MessageRecord[]> {
    return handled(
      (async () => {
        assertOptions('turn.history', options, historyFields);
        return this.port.history(Math.min(options.limit ?? 50, 200));
      })(),
    );
  }

  /**
   * Asks for permission to use a tool and waits, for seconds or for days. Run exactly the `args` of an approved outcome.
   * @param request `tool`: by its name, or what `hitl.tool` gave, whose schema then reads the arguments
   * @returns how it ended, also when it was withdrawn; it never hangs
   * @throws HubError `turn_ended`, `invalid_request`, `key_conflict`, `storage_failed`, `closing`
   */
  approve<T extends AnyTool>(
    request: { tool: T; args: ToolArgsIn<NoInfer<T>> } & ApprovalOptions,
  ): Promise<Approval<ToolArgs<T>>>;
  approve<Args extends Record<string, unknown>>(
    request: { tool: string; args: Args } & ApprovalOptions,
  ): Promise<Approval<Args>>;
  approve(request: { tool: string | AnyTool; args: unknown } & ApprovalOptions): Promise<Approval> {
    return this.askAndWait<Approval>('turn.approve', 'tool_approval', request);
  }

  /** Asks a question and waits. Same promises and errors as `approve`. */
  ask<const Options extends readonly string[] = readonly [], const FreeText extends boolean = false>(
    question: Question<Options, FreeText>,
  ): Promise<Answer<AnswerTo<Options, FreeText>>> {
    return this.askAndWait('turn.ask', 'question', question);
  }

  /** Asks something of one of the app's own kinds, and waits. Same promises and errors as `approve`. */
  request<N extends OwnKindName<App>>(
    kind: N,
    payload: PayloadIn<App['kinds'][N]>,
    options: AskOptions = {},
  ): Promise<Decision<ResponseOf<App['kinds'][N]>>> {
    return this.askAndWait('turn.request', kind, { ...options, payload });
  }

  /**
   * Calls a tool: its rules decide, people are asked where they say so, and it is run at most once. In a durable turn all of that
   * is recorded, and people are asked what became of a run whose process ended.
   * @param options `callId`: the same for the same call, also after a restart: it then re-attaches instead of asking or running
   *   again
   * @throws HubError as `approve`, `tool_timeout`; what the tool throws; in a durable turn `invalid_request` for a result that is
   *   no JSON, `too_large` beyond 256 KiB
   */
  callTool<T extends AnyTool>(
    tool: T,
    args: ToolArgsIn<NoInfer<T>>,
    options: { callId?: string } = {},
  ): Promise<ToolCall<ToolResult<T>>> {
    const call = async () => partsOf(tool).call(this, this.port, args, options);
    return handled(call() as Promise<ToolCall<ToolResult<T>>>);
  }

  /** Asks without waiting; resolves when it is stored and shown. Same errors as `approve`. */
  open<N extends KindName<App>>(request: RequestInput<App, N>): Promise<OpenRequest<App, N>> {
    const open = async () => {
      const { request: record, isNew } = await this.port.open(toAsked('turn.open', request));
      return Object.freeze({ ...toRequest(record), isNew }) as unknown as OpenRequest<App, N>;
    };
    return handled(open());
  }

  /** Waits for what was opened. Same promises and errors as `approve`. */
  wait<N extends KindName<App>>(request: OpenRequest<App, N>): Promise<OutcomeOf<App, N>> {
    const wait = async () => toOutcome(await this.port.wait(request.id));
    return handled(wait() as Promise<unknown> as Promise<OutcomeOf<App, N>>);
  }

  /**
   * Work from outside the turn, such as a model's or a service's: in a durable turn its result is recorded, and the function is
   * not called again once it is; on a plain turn it is called.
   * @param run given the same `key` at every attempt
   * @returns what JSON makes of what it returns
   * @throws HubError `invalid_request` for a result that is no JSON, and beside another step of the same name and input,
   *   `too_large` beyond 256 KiB, `step_timeout`, `step_unknown`, `turn_ended`; what the function throws
   */
  step<T>(
    name: string,
    run: (context: StepContext) => T | Promise<T>,
    options: StepOptions = {},
  ): Promise<StepResult<T>> {
    const step = async () => {
      assertStep(name, run, options);
      return this.port.step(name, run, options);
    };
    return handled(step() as Promise<StepResult<T>>);
  }

  private add(
    noun: string,
    type: MessageType,
    content: string,
    options: SayOptions = {},
  ): Promise<MessageRecord> {
    const add = async () => {
      assertOptions(noun, options, sayFields);
      return this.port.add(type, content, options);
    };
    return handled(add());
  }

  private askAndWait<T>(noun: string, kind: string, input: object): Promise<T> {
    const ask = async () => {
      if (typeof input !== 'object' || input === null) assertOptions(noun, input, {});
      const { request } = await this.port.open(toAsked(noun, { ...input, kind }));
      return toOutcome(await this.port.wait(request.id)) as unknown as T;
    };
    return handled(ask());
  }
}

/** The same promise; when the agent's code does not wait for it, its failure must not end the host's process. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** The same stream, of which the agent's code need not wait for anything either. */
function handledStream(stream: MessageStream): MessageStream {
  return {
    get message() {
      return stream.message;
    },
    write: (text) => handled(stream.write(text)),
    end: () => handled(stream.end()),
    abort: (reason) => handled(stream.abort(reason)),
  };
}

function noSource(): HubError {
  return new HubError('invalid_request', {
    message:
      'turn.stream takes an async iterable of texts, a function that gives one, or options; await a promise, or give a function that returns it',
  });
}
