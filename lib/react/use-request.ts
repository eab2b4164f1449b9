/** `useRequest`: one request, the form in which it is answered, and what became of the answer. */
import { useMemo } from 'react';
import { type RequestResponse, type RequestView, TicketError } from '../client';
import { checkResponse, type Issue } from './check-response';
import type { Connections, RequestPlace } from './connections';
import { clearDesk, type Doing, type Draft, type Unsent } from './desks';
import { type Failure, failure, notShown, type RequestOutcome } from './outcome';
import { useConnections } from './provider';
import type { RequestLine } from './request-line';
import { type Source, useTracked } from './use-tracked';

export interface RequestState {
  /** None before it is known: while the page joins or asks, and where `error` says why there is none. */
  readonly request: RequestView | undefined;
  /** What was sent and has no answer yet. */
  readonly busy: Doing | undefined;
  /** Why the last thing that was tried failed, gone with the next try; or why there is no request. */
  readonly error: TicketError | undefined;
  /**
   * The response as far as `edit` has filled it in. When the request is amended only the comment stays. Of a request
   * that is settled it is what was filled in and not sent.
   */
  readonly draft: Draft;
  /** What was filled in for an earlier revision: to be shown and offered, never sent by itself. */
  readonly unsent: Unsent | undefined;
  /** Milliseconds to `expires_at` while it is pending: full seconds, above an hour full minutes; 0 when it is over. */
  readonly remainingMs: number | undefined;
}

/** The functions give promises that never reject; called again while under way they give the same one. */
export interface RequestActions {
  /**
   * Answers the revision that this component shows. What its `response_schema` refuses is not sent: the outcome is
   * `invalid_response`, with `details.issues`.
   * @param response default: the draft; of a denial its comment only
   */
  answer(status: 'approved' | 'denied', response?: RequestResponse): Promise<RequestOutcome>;
  /** "I am on it", for two minutes; again renews. */
  claim(): Promise<RequestOutcome>;
  release(): Promise<RequestOutcome>;
  /**
   * Fills in the form: these fields of the draft are replaced; one that is `undefined` is taken out.
   * @param revision for which they were filled in; default: the one that this component shows
   */
  edit(changed: RequestResponse, revision?: number): void;
  /** Forgets what is `unsent`, and of a request that is settled the draft as well. */
  discard(): void;
}

export type Request = RequestState & RequestActions;

const unknown: RequestState = {
  request: undefined,
  busy: undefined,
  error: undefined,
  draft: clearDesk.draft,
  unsent: undefined,
  remainingMs: undefined,
};

/**
 * Follows one request. The component renders again when the request changes, and for what else it reads of the result.
 * All state is held by the request's id: two components of one request share it, and none of it gets into another.
 * @param place the id, or with it the ticket, which saves asking the server where the request is
 */
export function useRequest(place: string | { id: string; ticketId?: string }): Request {
  const connections = useConnections();
  const { id, ticketId } = typeof place === 'string' ? { id: place, ticketId: undefined } : place;
  const source = useMemo(() => sourceOf(connections, { id, ticketId }), [connections, id, ticketId]);
  const state = useTracked(source, ['request']);
  const { request } = state;
  const actions = useMemo(
    () => actionsOf(connections, { id, ticketId }, request),
    [connections, id, ticketId, request],
  );
  return Object.assign(state, actions);
}

function sourceOf(connections: Connections, place: RequestPlace): Source<RequestState> {
  const { desks } = connections;
  return {
    subscribe: (listener) => connections.followRequest(place, listener),
    get() {
      const request = connections.request(place);
      const { doing, error } = desks.get(place.id);
      return {
        request,
        busy: doing.answer ? 'answer' : doing.claim ? 'claim' : doing.release && 'release',
        error: error ?? (request ? undefined : connections.searchError(place)),
        draft: desks.draft(place.id, request?.revision),
        unsent: desks.unsent(place.id, request?.revision),
        remainingMs: request && connections.remainingMs(request),
      };
    },
    initial: unknown,
  };
}

/** @param shown the request as the component shows it, which is what its user answers */
function actionsOf(
  connections: Connections,
  place: RequestPlace,
  shown: RequestView | undefined,
): RequestActions {
  const { desks } = connections;
  const { id } = place;

  const carryOut = async (send: (line: RequestLine) => Promise<RequestOutcome>): Promise<RequestOutcome> => {
    const known = connections.request(place);
    if (known && known.status !== 'pending') return tooLate(known);
    const line = connections.lineOf(place);
    return line ? send(line) : notShown();
  };

  const act = (
    what: Doing,
    send: (line: RequestLine) => Promise<RequestOutcome>,
  ): Promise<RequestOutcome> => {
    const { doing } = desks.get(id);
    const under = doing[what];
    if (under) return under;
    const outcome = carryOut(send).then((done) => {
      const { [what]: _done, ...others } = desks.get(id).doing;
      const { request } = done;
      desks.put(id, {
        doing: others,
        ...(!done.ok && { error: done.error }),
        ...(request && { received: request }),
      });
      return done;
    });
    desks.put(id, { doing: { ...doing, [what]: outcome }, error: undefined });
    return outcome;
  };

  return {
    answer(status, response) {
      const draft = desks.draft(id, shown?.revision);
      const { comment } = draft;
      const filled =
        response ?? (status === 'approved' ? draft : { ...(comment !== undefined && { comment }) });
      return act('answer', async (line) => {
        if (!shown) return notShown();
        const issues = status === 'approved' ? checkResponse(shown.response_schema, filled) : [];
        if (issues.length > 0) return unfit(issues);
        const { revision } = shown;
        const isEmpty = Object.keys(filled).length === 0;
        const outcome = await line.respond(id, { status, revision, ...(!isEmpty && { response: filled }) });
        if (outcome.ok) desks.clear(id, filled);
        return outcome;
      });
    },
    claim: () => act('claim', (line) => line.claim(id)),
    release: () => act('release', (line) => line.release(id)),
    edit: (changed, revision = shown?.revision) => desks.edit(id, revision, changed),
    discard() {
      if (shown && shown.status !== 'pending')
        desks.put(id, { ...clearDesk, received: desks.get(id).received });
      else desks.discard(id, shown?.revision);
    },
  };
}

// What the server would say, without asking it.

function tooLate(hitl: RequestView): Failure {
  return failure(new TicketError('already_resolved', 'The request is already resolved', { hitl }));
}

function unfit(issues: readonly Issue[]): Failure {
  const [first] = issues;
  const message = `${first?.path || 'The response'} ${first?.message}`;
  return failure(new TicketError('invalid_response', message, { issues }));
}
