/** Requests to people as the app's own code sees them: asks, answers, claims, amends, cancels, waits, lists, and says how what was approved goes; `hub.requests` is this. */
import { HubError } from '../../errors';
import type { AuditEntry } from '../../protocol/audit';
import type { Display, RequestResponse, User } from '../../protocol/records';
import type { Page } from '../../store/store';
import type {
  AnyOutcome,
  HitlRequest,
  HitlTypes,
  KindName,
  NoTypes,
  OpenRequest,
  OutcomeOf,
  OwnKindName,
  RequestStatus,
  ResponseIn,
} from '../kinds/app-types';
import { assertOptions } from '../options/options';
import {
  answerFields,
  auditFields,
  cancelFields,
  changeFields,
  claimFields,
  listFields,
  placeFields,
  waitFields,
} from '../options/request-options';
import { Executions } from './executions';
import type { Hitl } from './hitl';
import { toOutcome, toRequest } from './outcome';
import { type AppOccasion, type RequestInput, toAsked } from './request-input';

/** Where it is asked and for whom. */
export interface RequestPlace {
  ticketId: string;
  /** The id of who asks. */
  requestedBy: string;
  /** Default: a session of the requester's own in this ticket. */
  sessionId?: string;
  turnId?: string;
  occasion?: AppOccasion;
}

/** What every answer says beside what it answers. */
export interface AnswerFields {
  requestId: string;
  by: User;
  comment?: string;
  /**
   * The revision that was seen. Without it: the one that a classic client of this person in the ticket was shown last, else
   * the first, so that an amended request is refused.
   */
  revision?: number;
  occasion?: AppOccasion;
}

/** An answer, by what it says. `kind` is optional but for the app's own: with it the response is typed, and checked against the request. */
export type AnswerInput<App extends HitlTypes = NoTypes> =
  | (AnswerFields & { status: 'denied' })
  | (AnswerFields & { status: 'answered'; answer: string })
  | (AnswerFields & {
      status: 'approved';
      kind?: 'tool_approval';
      /** Edited arguments, where the request allows that. Default: those that were asked about. */
      args?: Record<string, unknown>;
      /** Which of the offered standing approvals comes with it, from 0. Default: none. */
      grant?: number;
    })
  | {
      [N in OwnKindName<App>]: AnswerFields & { status: 'approved'; kind: N } & ([
          ResponseIn<App['kinds'][N]>,
        ] extends [undefined]
          ? unknown
          : { response: ResponseIn<App['kinds'][N]> });
    }[OwnKindName<App>];

/** Pages of the store that are read for one page of a kind. */
const maxReads = 20;

/** What is given with an answer, of any kind. */
type AnyAnswer = AnswerFields & {
  status: 'denied' | 'answered' | 'approved';
  kind?: string;
  answer?: string;
  args?: Record<string, unknown>;
  grant?: number;
  response?: object;
};

export class Requests<App extends HitlTypes = NoTypes> {
  /** For code that runs by itself what was approved; `turn.callTool` does this. */
  readonly execution: Executions;

  /** @internal */
  constructor(private readonly port: Hitl) {
    this.execution = new Executions(port);
  }

  /**
   * Asks; resolves when it is stored and shown. `wait` for the outcome.
   * @returns the request; `isNew` is false where it was found by its key
   * @throws HubError `invalid_request`, `invalid_id`, `too_large`, `key_conflict`, `storage_failed`
   */
  async open<N extends KindName<App>>(
    request: RequestInput<App, N> & RequestPlace,
  ): Promise<OpenRequest<App, N>> {
    assertObject('The request', request);
    const { ticketId, requestedBy, sessionId, turnId, occasion, ...input } = request as RequestPlace & {
      kind: N;
    };
    assertOptions(
      'The request',
      defined({ ticketId, requestedBy, sessionId, turnId, occasion }),
      placeFields,
    );
    const place = { ticketId, userId: requestedBy, sessionId: sessionId ?? requestedBy };
    const asked = { ...toAsked('The request', input), ...place, ...(turnId !== undefined && { turnId }) };
    const { request: record, isNew } = await this.port.ask(asked, occasion);
    const opened: object = { ...toRequest<App>(record), isNew };
    return Object.freeze(opened) as OpenRequest<App, N>;
  }

  /**
   * Answers. The first answer that settles the request wins, and later ones are refused. Until then another answer of the same
   * person, in the same stage, replaces their earlier one.
   * @throws HubError `not_found`, `already_resolved`, `already_answered` (this very answer counts, or this person was counted in
   *   an earlier stage), `stale_revision`, `not_allowed` (`details.rule` says which rule), `claimed_by_other`,
   *   `invalid_response`, `invalid_request`, `too_large`, `storage_failed`
   */
  async answer(answer: AnswerInput<App>): Promise<HitlRequest<App>> {
    assertOptions('The answer', answer, answerFields);
    const { requestId, by, status, kind, revision, occasion, ...carried } = answer as AnyAnswer;
    const wrong = whyNoAnswer(answer as AnyAnswer);
    if (wrong) throw new HubError('invalid_request', { message: `The answer: ${wrong}` });
    if (kind !== undefined || status === 'answered') {
      const asked = (await this.port.get(requestId)).type;
      const meant = kind ?? 'question';
      if (asked !== meant)
        throw new HubError('invalid_response', {
          message: `The answer is to a ${meant}, and the request is a ${asked}`,
        });
    }
    const { comment, answer: text, args, grant, response: own } = carried;
    const response = defined({ ...own, comment, answer: text, tool_args: args, grant }) as RequestResponse;
    const verdict = status === 'denied' ? ('denied' as const) : ('approved' as const);
    const given = { by, status: verdict, response, ...(revision !== undefined && { revision }) };
    return toRequest(await this.port.respond(requestId, given, occasion));
  }

  /** Says "I am on it" for two minutes; again renews. @throws HubError as `answer` */
  async claim(claim: { requestId: string; by: User; occasion?: AppOccasion }): Promise<HitlRequest<App>> {
    assertOptions('The claim', claim, claimFields);
    return toRequest(await this.port.claim(claim.requestId, claim.by, claim.occasion));
  }

  /** Gives a claim up. @throws HubError `not_claimed`, `already_resolved`, `not_found` */
  async release(claim: { requestId: string; by: User; occasion?: AppOccasion }): Promise<HitlRequest<App>> {
    assertOptions('The release', claim, claimFields);
    return toRequest(await this.port.release(claim.requestId, claim.by, claim.occasion));
  }

  /**
   * Replaces what is asked, or what is shown beside it, while there is no answer: `revision` grows, answers to the older one
   * are refused.
   * @param change `payload` in the names of the wire, default: it stays; `display`: `null` for nothing, default: it stays
   * @throws HubError `invalid_request`, `too_large`, `already_resolved`, `not_found`
   */
  async amend(change: {
    requestId: string;
    payload?: Record<string, unknown>;
    display?: Display | null;
    occasion?: AppOccasion;
  }): Promise<HitlRequest<App>> {
    assertOptions('The amendment', change, changeFields);
    const { requestId, payload, display, occasion } = change;
    const amendment = { ...occasion, ...(display !== undefined && { display }) };
    return toRequest(await this.port.amend(requestId, payload, amendment));
  }

  /**
   * Takes a pending request back: a person (`by`: who asked, or whom `rules.mayCancel` lets), or, without `by`, the app.
   * @throws HubError `not_allowed` (`details.rule` is `requester` or `app`), `already_resolved`, `not_found`
   */
  async cancel(cancel: {
    requestId: string;
    by?: User;
    reason: string;
    occasion?: AppOccasion;
  }): Promise<HitlRequest<App>> {
    assertOptions('The cancellation', cancel, cancelFields);
    const { requestId, by, reason, occasion } = cancel;
    const record = by
      ? await this.port.withdraw(requestId, { by, reason }, occasion)
      : await this.port.cancel(requestId, reason, occasion);
    return toRequest(record);
  }

  /** @throws HubError `not_found` */
  async get(requestId: string): Promise<HitlRequest<App>> {
    return toRequest(await this.port.get(requestId));
  }

  /**
   * Oldest first; `limit` default 50, at most 200. A page may have fewer although there are more: `nextCursor` says so.
   * @throws HubError `invalid_request` for a filter that is not known, `invalid_id`, `invalid_frame` for a cursor that was not
   *   given
   */
  async list(
    query: {
      ticketId?: string;
      status?: RequestStatus;
      kind?: KindName<App>;
      limit?: number;
      cursor?: string;
    } = {},
  ): Promise<Page<HitlRequest<App>>> {
    assertOptions('The query', query, listFields);
    const { limit = 50, kind, status, ticketId } = query;
    const filter = defined({ ticketId, status: status === 'answered' ? ('approved' as const) : status });
    const isWanted = (request: HitlRequest<App>) =>
      (status === undefined || request.status === status) && (kind === undefined || request.kind === kind);
    const items: HitlRequest<App>[] = [];
    let { cursor } = query;
    for (let read = 0; read < maxReads; read += 1) {
      const page = await this.port.list(filter, limit - items.length, cursor);
      items.push(...page.items.map((record) => toRequest<App>(record)).filter(isWanted));
      cursor = page.nextCursor;
      if (cursor === undefined || items.length >= limit) break;
    }
    return { items, ...(cursor !== undefined && { nextCursor: cursor }) };
  }

  /**
   * The outcome of a request, as soon as there is one; at once if there is.
   * @throws HubError `not_found`, `closing` when the hub closes first; `signal`'s reason if it aborts first
   */
  wait<N extends KindName<App>>(wait: {
    request: OpenRequest<App, N>;
    signal?: AbortSignal;
  }): Promise<OutcomeOf<App, N>>;
  wait(wait: { requestId: string; signal?: AbortSignal }): Promise<AnyOutcome<App>>;
  async wait(wait: {
    request?: { id: string };
    requestId?: string;
    signal?: AbortSignal;
  }): Promise<AnyOutcome<App>> {
    assertOptions('The wait', wait, waitFields);
    const id = wait.requestId ?? wait.request?.id;
    if (id === undefined)
      throw new HubError('invalid_request', { message: 'The wait: write either request or requestId' });
    return toOutcome(await this.port.wait(id, wait.signal && { signal: wait.signal }));
  }

  /**
   * The audit of a ticket, or of one of its requests: every change, oldest first, read page by page as it is taken.
   * @throws HubError `invalid_request`, `invalid_id`, `unavailable`, `storage_failed`
   */
  audit(query: { ticketId: string; requestId?: string }): AsyncIterable<AuditEntry> {
    assertOptions('The query', query, auditFields);
    return this.port.audit(query);
  }
}

/** What does not go together, in words; nothing if all does. */
function whyNoAnswer({ requestId, by, status, answer, args, grant, response, comment }: AnyAnswer) {
  if (requestId === undefined) return 'requestId is missing';
  if (by === undefined) return 'by is missing; it is the person who answers';
  if (status === undefined) return "status is missing; write 'approved', 'answered' or 'denied'";
  const given = Object.entries({ answer, args, grant, response }).filter(([, each]) => each !== undefined);
  const allowed = { denied: [], answered: ['answer'], approved: ['args', 'grant', 'response'] }[status];
  const [excess] = given.find(([name]) => !(allowed as string[]).includes(name)) ?? [];
  if (excess !== undefined) return `${excess} goes with no answer that is '${status}'`;
  if (status === 'answered' && answer === undefined)
    return 'answer is missing; it is the answer to the question';
  if (response && 'comment' in response && comment !== undefined) return 'comment is given twice';
  return undefined;
}

/** Without what is not there. */
function defined<T extends object>(fields: T): { [P in keyof T]: Exclude<T[P], undefined> } {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [P in keyof T]: Exclude<T[P], undefined> };
}

function assertObject(noun: string, given: unknown): void {
  if (typeof given !== 'object' || given === null) assertOptions(noun, given, {});
}
