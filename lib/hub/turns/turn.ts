/** What the app's agent code is given for one turn: ways to speak, to ask humans, and to notice that it was cancelled. */
import { HubError } from '../../errors';
import type {
  CountedVerdict,
  MessageRecord,
  MessageType,
  RequestRecord,
  RequestStatus,
  User,
} from '../../protocol/records';
import { type GrantOffer, toGrantTerms } from '../kinds/grant-terms';
import { deepFreeze } from '../kinds/kinds';
import { approveFields, kindFields, questionFields } from '../options/asked-options';
import { assertOptions, type Fields } from '../options/options';
import type { AskOptions } from '../requests/ask';

/** What `approve` and `ask` share. */
interface TurnAskOptions extends AskOptions {
  /** The message the request is shown at. */
  message?: Pick<MessageRecord, 'id'>;
}

export interface ApproveOptions extends TurnAskOptions {
  toolName: string;
  toolArgs: Record<string, unknown>;
  /** Whether the human may edit the arguments before approving. Default false. */
  editable?: boolean;
  /** What the human may allow beside this one call, and what a call may be allowed by; at most 10. Default: nothing. */
  grants?: readonly GrantOffer[];
}

export interface QuestionOptions extends TurnAskOptions {
  question: string;
  options?: readonly string[];
  /** Accept an answer outside the options. Default false with options; without options any text is accepted. */
  freeText?: boolean;
}

/** How a request ended. */
export interface Decision {
  status: Exclude<RequestStatus, 'pending'>;
  comment?: string;
  /** Why it was cancelled, superseded or expired. */
  reason?: string;
  /** Every answer that was counted, oldest first, each with all that was sent with it; frozen. None where silence or a grant decided. */
  verdicts: readonly CountedVerdict[];
  /** The request as it was settled, frozen. */
  request: Readonly<RequestRecord>;
}

/** A request of a kind the app registers. */
export interface KindOptions extends TurnAskOptions {
  /** The kind's name. */
  type: string;
  /** What the kind requires. */
  payload: Record<string, unknown>;
}

/** The outcome of `approve`. `toolArgs` is what was approved: run exactly that. */
export interface Approval extends Decision {
  toolArgs: Readonly<Record<string, unknown>>;
}

/** The outcome of `ask`. `answer` is there if and only if the status is `approved`. */
export interface Answer extends Decision {
  answer?: string;
}

/** What a turn needs of the hub. */
export interface TurnPort {
  add(type: MessageType, content: string): Promise<MessageRecord>;
  update(messageId: string, content: string): Promise<MessageRecord>;
  request(input: { type: string; payload: Record<string, unknown> } & TurnAskOptions): Promise<RequestRecord>;
  history(limit: number): Promise<readonly MessageRecord[]>;
  nameIntent(intent: string): void;
}

/** One chat message and the agent's answer to it; handed to the `agent` callback. */
export class Turn {
  constructor(
    readonly id: string,
    readonly ticketId: string,
    readonly sessionId: string,
    /** Who wrote the message. */
    readonly user: Readonly<Required<User>>,
    /** The message to answer. */
    readonly message: Readonly<MessageRecord>,
    /** Aborted when the turn is cancelled or the hub closes; hand it on to whatever takes long. */
    readonly signal: AbortSignal,
    private readonly port: TurnPort,
  ) {}

  /** A step the agent takes, shown small. @throws HubError `turn_ended`, `too_large`, `storage_failed` */
  trace(content: string): Promise<MessageRecord> {
    return handled(this.port.add('trace', content));
  }

  /** What the agent intends to do. Same errors. */
  plan(content: string): Promise<MessageRecord> {
    return handled(this.port.add('plan', content));
  }

  /** Something the reader should be careful about. Same errors. */
  warn(content: string): Promise<MessageRecord> {
    return handled(this.port.add('warning', content));
  }

  /** The answer, or a part of it. Same errors. */
  respond(content: string): Promise<MessageRecord> {
    return handled(this.port.add('response', content));
  }

  /** Replaces the content of a message of this turn; the last 100 earlier ones are kept as revisions. Also `not_found`. */
  update(message: Pick<MessageRecord, 'id'>, content: string): Promise<MessageRecord> {
    return handled(this.port.update(message.id, content));
  }

  /** A word on what this turn is about, of at most 200 characters, the rest is cut; shown when it ends. */
  intent(intent: string): void {
    this.port.nameIntent(intent);
  }

  /** The last messages of the session, oldest first; at most 200, default 50. */
  history(limit = 50): Promise<readonly MessageRecord[]> {
    return handled(this.port.history(Math.min(limit, 200)));
  }

  /**
   * Asks for leave to run a tool and waits, for seconds or for days.
   * @returns how it ended, also when it was withdrawn; it never hangs
   * @throws HubError `turn_ended`, `invalid_request`, `key_conflict`, `storage_failed`, `closing`
   */
  approve(options: ApproveOptions): Promise<Approval> {
    const wrong = refused('turn.approve', options, approveFields);
    if (wrong) return wrong;
    const { toolName, toolArgs, editable, grants, ...rest } = options;
    const payload = {
      tool_name: toolName,
      tool_args: toolArgs,
      ...(editable && { editable }),
      ...(grants && grants.length > 0 && { grants: grants.map(toGrantTerms) }),
    };
    return handled(
      this.port.request({ ...rest, type: 'tool_approval', payload }).then((request) => ({
        ...toDecision(request),
        toolArgs: approvedArgs(request),
      })),
    );
  }

  /** Asks something of a kind the app registers, and waits; the response is in `request`. Same promises and errors as `approve`. */
  request(options: KindOptions): Promise<Decision> {
    const wrong = refused('turn.request', options, kindFields);
    if (wrong) return wrong;
    return handled(this.port.request(options).then(toDecision));
  }

  /** Asks a question and waits. Same promises and errors as `approve`. */
  ask(options: QuestionOptions): Promise<Answer> {
    const wrong = refused('turn.ask', options, questionFields);
    if (wrong) return wrong;
    const { question, options: choices, freeText, ...rest } = options;
    const payload = { question, options: choices ?? null, ...(freeText && { free_text: freeText }) };
    return handled(
      this.port.request({ ...rest, type: 'question', payload }).then((request) => ({
        ...toDecision(request),
        ...(request.status === 'approved' && request.response?.answer !== undefined
          ? { answer: request.response.answer }
          : {}),
      })),
    );
  }
}

/** The arguments a human has seen and approved, frozen (reference B31). */
export function approvedArgs(request: RequestRecord): Readonly<Record<string, unknown>> {
  const args = request.response?.tool_args ?? request.payload.tool_args;
  return deepFreeze(structuredClone(args as Record<string, unknown>));
}

function toDecision(request: RequestRecord): Decision {
  if (request.status === 'pending')
    throw new HubError('internal', { message: 'A request was settled and is still pending' });
  const settled = deepFreeze(structuredClone(request));
  return {
    status: request.status,
    ...(request.response?.comment !== undefined && { comment: request.response.comment }),
    ...(request.reason !== undefined && { reason: request.reason }),
    verdicts: settled.verdicts,
    request: settled,
  };
}

/** A rejection where the options hold what nobody knows. */
function refused(noun: string, options: unknown, fields: Fields): Promise<never> | undefined {
  try {
    assertOptions(noun, options, fields);
    return undefined;
  } catch (error) {
    return handled(Promise.reject(error));
  }
}

/** The same promise; when the agent's code does not wait for it, its failure must not end the host's process. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
