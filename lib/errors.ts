/** The closed list of coded errors that every room of the house throws and every dialect, status and page shows. */

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
  session_resume_failed: { status: 409, message: 'The session could not be resumed; a new one begins' },
  tool_timeout: { status: 504, message: 'The tool took longer than allowed' },
  client_not_found: { status: 404, message: 'No such client is connected' },
  client_queue_full: { status: 503, message: 'The client does not keep up and was disconnected' },
  conflict: { status: 409, message: 'The stored state has changed; try again' },
  duplicate_id: { status: 409, message: 'This id has been used before' },
  storage_failed: { status: 503, message: 'The store could not keep this; nothing was changed' },
  internal: { status: 500, message: 'Something went wrong on our side' },
} as const;

/** One of the closed list of codes. */
export type ErrorCode = keyof typeof errorCodes;

/** What travels of an error: on REST below `error`, on the socket in an `error` envelope. */
export interface ErrorBody {
  code: ErrorCode;
  message: string;
  details?: Record<string, unknown>;
}

/** The one error class of this package; match on `code`, never on `message`. */
export class HubError extends Error {
  override readonly name = 'HubError';

  /**
   * @param code one of `errorCodes`
   * @param message what was wrong and what to do, in words; default: the code's general message
   * @param details facts for the receiver, safe to send to the peer
   */
  constructor(
    readonly code: ErrorCode,
    message: string = errorCodes[code].message,
    readonly details?: Record<string, unknown>,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** The HTTP status this error is answered with. */
  get status(): number {
    return errorCodes[this.code].status;
  }

  /** The part that may leave the process: no stack, no cause. */
  toBody(): ErrorBody {
    return { code: this.code, message: this.message, ...(this.details && { details: this.details }) };
  }
}

/**
 * Something that is kept and cannot be read any more; nothing else is affected.
 * @param table of the store, as its documentation calls it
 */
export function damaged(table: string, id: string, cause?: unknown): HubError {
  return new HubError('storage_failed', `The row ${id} of ${table} is damaged`, { table, id }, { cause });
}

/** Whether it is one record that failed, by `damaged`, and not the store, so that going on without it makes sense. */
export function isDamage(error: HubError): boolean {
  return error.code === 'storage_failed' && error.details?.table !== undefined;
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
      thrown instanceof HubError &&
      Object.hasOwn(errorCodes, thrown.code) &&
      typeof thrown.message === 'string'
    );
  } catch {
    return false;
  }
}

/** Any thrown value as a `HubError`; what we did not throw ourselves becomes `internal`, its cause kept for the log only. */
export function toHubError(thrown: unknown): HubError {
  return isHubError(thrown) ? thrown : new HubError('internal', undefined, undefined, { cause: thrown });
}
