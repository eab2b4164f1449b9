/** The closed list of coded errors that every part of the library throws and every dialect, status and page shows. */
import type { RequestView } from './protocol/request-view';

/**
 * Each code with the HTTP status it is answered with before a socket exists and on REST, and with what it means.
 * `docs/errors.md` says for each what to do; a test holds the two lists together.
 */
export const errorCodes = {
  authentication_required: { status: 401, message: 'Authentication required' },
  forbidden: { status: 403, message: 'You have no access to this' },
  origin_refused: { status: 403, message: 'This Origin is not allowed' },
  not_found: { status: 404, message: 'Not found' },
  invalid_id: { status: 400, message: 'The id in the address is not acceptable' },
  invalid_handshake: { status: 400, message: 'This is not a valid WebSocket handshake' },
  upgrade_required: { status: 426, message: 'This address is that of a WebSocket' },
  unsupported_subprotocol: { status: 400, message: 'None of the offered subprotocols is spoken here' },
  ticket_full: { status: 429, message: 'The ticket has reached its number of clients' },
  inbox_limit: { status: 429, message: 'You have too many inboxes open; close one' },
  unavailable: { status: 503, message: 'The service cannot answer at the moment; try again later' },
  closing: { status: 503, message: 'The hub is closing; try again later' },
  busy: { status: 503, message: 'A bounded queue is full; try again later' },
  rate_limited: { status: 429, message: 'Too many frames; slow down' },
  invalid_frame: { status: 400, message: 'The frame or body does not have the required shape' },
  unknown_type: { status: 400, message: 'This kind of frame is not known' },
  too_large: { status: 413, message: 'The content is larger than allowed' },
  empty_message: { status: 400, message: 'A message needs content' },
  already_resolved: { status: 409, message: 'The request is already resolved' },
  already_answered: { status: 409, message: 'You have already answered this request' },
  stale_revision: { status: 409, message: 'The request has changed since you saw it' },
  not_allowed: { status: 403, message: 'You may not do this to the request' },
  claimed_by_other: { status: 409, message: 'Someone else holds the claim on this request' },
  not_claimed: { status: 409, message: 'You do not hold the claim on this request' },
  not_executable: { status: 409, message: 'What was approved cannot be carried out now' },
  invalid_response: { status: 422, message: 'The response does not fit the request' },
  invalid_request: { status: 422, message: 'The request is not acceptable' },
  key_conflict: { status: 409, message: 'The key is in use by a request with other content' },
  turn_ended: { status: 409, message: 'The turn has ended' },
  turn_lost: { status: 409, message: 'Another process goes on with the turn' },
  turn_changed: { status: 409, message: 'The code of the agent no longer fits what the turn has done' },
  turn_stuck: { status: 409, message: 'The turn is stuck, or is stuck no longer' },
  turn_too_long: { status: 413, message: 'The journal of the turn is full' },
  step_unknown: {
    status: 409,
    message: 'The process ended during the step; whether it was done is not known',
  },
  step_timeout: { status: 504, message: 'The step took longer than allowed' },
  session_resume_failed: { status: 409, message: 'The session could not be resumed; a new one begins' },
  tool_timeout: { status: 504, message: 'The tool took longer than allowed' },
  client_not_found: { status: 404, message: 'No such client is connected' },
  client_queue_full: { status: 503, message: 'The client reads too slowly and was disconnected' },
  conflict: { status: 409, message: 'The stored state has changed; try again' },
  duplicate_id: { status: 409, message: 'This id has been used before' },
  storage_failed: { status: 503, message: 'The store could not commit the change; nothing was changed' },
  internal: { status: 500, message: 'Something went wrong on our side' },
} as const;

/** Every code that travels. */
export type WireCode = keyof typeof errorCodes;

/** The codes that a program which uses the hub can meet: all but those that only a peer of the wire meets. */
export type ErrorCode = Exclude<
  WireCode,
  | 'invalid_handshake'
  | 'upgrade_required'
  | 'unsupported_subprotocol'
  | 'inbox_limit'
  | 'unknown_type'
  | 'session_resume_failed'
  | 'duplicate_id'
>;

/** What an error carries beside its message, by code, as it travels too; `undefined` where there is nothing. `hitl`: the request as it stands. */
export interface ErrorDetails extends Record<WireCode, unknown> {
  authentication_required: undefined;
  forbidden: undefined;
  /** `origin`: what came, none if there was none; `allowed`: what the option `http.origins` has, none for the request's own host. */
  origin_refused: { origin?: string; allowed?: readonly string[] } | undefined;
  not_found: undefined;
  invalid_id: undefined;
  invalid_handshake: undefined;
  /** `cause`: why a handshake came as a plain request; none for what was no handshake. */
  upgrade_required: { cause: 'not_attached' | 'stripped_upgrade' } | undefined;
  unsupported_subprotocol: undefined;
  /** Which bound is reached, and how many it allows. */
  ticket_full: { bound: 'ticket' | 'user_in_ticket' | 'user'; most: number };
  inbox_limit: undefined;
  unavailable: undefined;
  closing: undefined;
  busy: undefined;
  /** `final`: the connection is closed too. */
  rate_limited: { retry_after_ms: number; final?: boolean };
  /** `re`: the id of the refused frame. */
  invalid_frame: { re?: string } | undefined;
  unknown_type: { re?: string } | undefined;
  too_large: undefined;
  empty_message: { re?: string } | undefined;
  already_resolved: { hitl: RequestView };
  already_answered: { hitl: RequestView };
  stale_revision: { hitl: RequestView };
  /** `rule`: which one refuses; `hitl` where it is about a request. */
  not_allowed: { hitl?: RequestView; rule?: string };
  claimed_by_other: { hitl: RequestView };
  not_claimed: { hitl: RequestView };
  /** `rule`: why. */
  not_executable: { hitl: RequestView; rule?: string };
  /** Everything that is wrong, with its place. */
  invalid_response: { issues: readonly { path: string; message: string }[] } | undefined;
  invalid_request: undefined;
  /** The request that has the key. */
  key_conflict: { request_id: string } | undefined;
  turn_ended: undefined;
  turn_lost: undefined;
  /** Entry `n` of the journal is `recorded`, and the code makes the calls `instead`. */
  turn_changed: { turn_id: string; n: number; recorded: string; instead: readonly string[] };
  turn_stuck: { turn_id: string };
  /** How long the journal is. */
  turn_too_long: { entries: number; bytes: number };
  step_unknown: { step: string };
  step_timeout: { step: string; timeout_ms: number };
  session_resume_failed: undefined;
  tool_timeout: undefined;
  client_not_found: undefined;
  client_queue_full: undefined;
  conflict: undefined;
  /** The ack that the frame was answered with. */
  duplicate_id: Record<string, unknown> | undefined;
  /** The damaged row, or what the database said. */
  storage_failed: { table?: string; id?: string; code?: string; found?: number; known?: number } | undefined;
  internal: undefined;
}

/** What an error is made of beside its code. */
export interface HubErrorOptions<Code extends WireCode = WireCode> {
  /** What was wrong and what to write or do instead, in words. Default: the code's general message. */
  message?: string | undefined;
  /** Facts for the receiver, safe to send to the peer. */
  details?: ErrorDetails[Code] | undefined;
  /** For the log; never leaves the process. */
  cause?: unknown;
}

/** What travels of an error: on REST below `error`, on the socket in an `error` envelope. */
export interface ErrorBody {
  code: WireCode;
  message: string;
  details?: Record<string, unknown>;
}

/** The same in every copy of this package. */
const brand: unique symbol = Symbol.for('express-hitl.HubError') as never;

/** The one error class of this package; match on `code`, never on `message`. */
export class HubError<Code extends WireCode = WireCode> extends Error {
  override readonly name = 'HubError';
  /** What belongs to the code; see `ErrorDetails`. */
  readonly details: ErrorDetails[Code];
  /** @internal */
  readonly [brand] = true;

  /**
   * Whether this is an error of ours, of this code if one is named; never throws. Errors of another copy of the package are too.
   * After `HubError.is(error)` a `switch (error.code)` says what `error.details` is.
   */
  static is<Code extends ErrorCode>(error: unknown, code: Code): error is HubError<Code>;
  static is(error: unknown): error is AnyHubError;
  static is(error: unknown, code?: ErrorCode): boolean {
    return isHubError(error) && (code === undefined || error.code === code);
  }

  /** @param code one of `errorCodes` */
  constructor(
    readonly code: Code,
    { message = errorCodes[code].message, details, ...options }: HubErrorOptions<Code> = {},
  ) {
    super(message, options);
    this.details = details as ErrorDetails[Code];
  }

  /** The HTTP status this error is answered with. */
  get status(): number {
    return errorCodes[this.code].status;
  }

  /** The part that may leave the process: no stack, no cause. */
  toBody(): ErrorBody {
    const details = this.details as Record<string, unknown> | undefined;
    return { code: this.code, message: this.message, ...(details && { details }) };
  }
}

/** Any error that a program can meet, as a union: `switch (error.code)` narrows `error.details`. */
export type AnyHubError = { [Code in ErrorCode]: HubError<Code> }[ErrorCode];

/**
 * A stored record that cannot be read any more; nothing else is affected.
 * @param table of the store, as its documentation calls it
 */
export function damaged(table: string, id: string, cause?: unknown): HubError {
  return new HubError('storage_failed', {
    message: `The row ${id} of ${table} is damaged`,
    details: { table, id },
    cause,
  });
}

/** Whether it is one record that failed, by `damaged`, and not the store, so that going on without it makes sense. */
export function isDamage(error: HubError): boolean {
  return HubError.is(error, 'storage_failed') && error.details?.table !== undefined;
}

/**
 * What a log may say of something thrown: its code or name, and its message; never what it carries. Never throws, whatever
 * an app has thrown.
 */
export function describe(thrown: unknown): string {
  try {
    if (isHubError(thrown) && thrown.code !== 'internal') return `${thrown.code}: ${thrown.message}`;
    const cause = isHubError(thrown) ? (thrown.cause ?? thrown) : thrown;
    return cause instanceof Error ? `${cause.name}: ${cause.message}` : typeof cause;
  } catch {
    return indescribable;
  }
}

/** As `describe`, without the name or code. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? `${thrown.message}` : typeof thrown;
  } catch {
    return indescribable;
  }
}

/** Where it was thrown, for the log; nothing where that cannot be seen. Never throws. */
export function stackOf(thrown: unknown): string | undefined {
  try {
    return thrown instanceof Error && typeof thrown.stack === 'string' ? thrown.stack : undefined;
  } catch {
    return undefined;
  }
}

/** Of what throws when it is looked at. */
const indescribable = 'indescribable';

/** As `instanceof`, for something thrown, which may throw when it is looked at. */
export function isA<T>(thrown: unknown, type: abstract new (...args: never[]) => T): thrown is T {
  try {
    return thrown instanceof type;
  } catch {
    return false;
  }
}

/** Whether an app gives a promise where none can be used; that it fails then must not end the process. */
export function isPromise(given: unknown): boolean {
  if (!isA(given, Promise)) return false;
  given.catch(() => {});
  return true;
}

/** Whether it is one of ours that can be read: an app may throw it too, or something made from it. */
export function isHubError(thrown: unknown): thrown is HubError {
  try {
    return (
      typeof thrown === 'object' &&
      thrown !== null &&
      brand in thrown &&
      'code' in thrown &&
      Object.hasOwn(errorCodes, `${thrown.code}`) &&
      'message' in thrown &&
      typeof thrown.message === 'string'
    );
  } catch {
    return false;
  }
}

/** Any thrown value as a `HubError`; what we did not throw ourselves becomes `internal`, its cause for the log only. */
export function toHubError(thrown: unknown): HubError {
  return isHubError(thrown) ? thrown : new HubError('internal', { cause: thrown });
}
