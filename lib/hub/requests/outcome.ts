/** Requests and their ends in the words of the API: `kind` and `requestedBy`, a question that is `answered`, and what an approval carries; turns, tools and `Requests` hand these out. */
import { HubError } from '../../errors';
import type { CountedVerdict, RequestRecord } from '../../protocol/records';
import type { AnyOutcome, AnyRequest, DecidedBy, HitlRequest, HitlTypes, NoTypes } from '../kinds/app-types';
import { deepFreeze } from '../kinds/kinds';

/** A request as the app sees it: a copy, frozen all the way down. */
export function toRequest<App extends HitlTypes = NoTypes>(record: RequestRecord): HitlRequest<App> {
  const { type: kind, userId: requestedBy, grant, ...rest } = structuredClone(record);
  const request: AnyRequest = {
    ...rest,
    kind,
    requestedBy,
    status: yesOf(record, record.status),
    verdicts: rest.verdicts.map((verdict) => ({ ...verdict, status: yesOf(record, verdict.status) })),
    ...(grant && { grant: toGivenGrant(grant) }),
  };
  return deepFreeze(request) as unknown as HitlRequest<App>;
}

/** The same back in the words of the wire and the store. */
export function toRecord(request: AnyRequest): RequestRecord {
  const { kind: type, requestedBy: userId, grant, status, verdicts, ...rest } = request;
  const stored = <Status extends string>(said: Status) => (said === 'answered' ? 'approved' : said);
  return {
    ...rest,
    type,
    userId,
    status: stored(status) as RequestRecord['status'],
    verdicts: verdicts.map((each) => ({ ...each, status: stored(each.status) as CountedVerdict['status'] })),
    ...(grant && { grant: withArgs(grant) }),
  };
}

/**
 * How a request ended.
 * @throws HubError `internal` for one that is pending
 */
export function toOutcome<App extends HitlTypes = NoTypes>(record: RequestRecord): AnyOutcome<App> {
  const { status, type: kind, reason, respondedBy: by, response } = record;
  if (status === 'pending')
    throw new HubError('internal', { message: 'A request was settled and is still pending' });
  const comment = response?.comment;
  const said = { ...(by && { by }), ...(comment !== undefined && { comment }) };
  const settled = {
    kind,
    status: yesOf(record, status),
    requestId: record.id,
    verdicts: record.verdicts.map((verdict) => toVerdict(record, verdict)),
  };
  const own =
    status === 'approved'
      ? { ...said, ...carried(record, response), decidedBy: decidedBy(record) }
      : status === 'denied'
        ? said
        : reason === undefined
          ? {}
          : { reason };
  const outcome = deepFreeze(structuredClone({ ...settled, ...own }));
  return Object.freeze({ ...outcome, request: toRequest(record) }) as unknown as AnyOutcome<App>;
}

function decidedBy({ usedGrant, respondedBy }: RequestRecord): DecidedBy {
  if (usedGrant) return 'grant';
  return respondedBy ? 'people' : 'deadline';
}

function toVerdict(record: RequestRecord, verdict: CountedVerdict) {
  const { by, at, stage, status, comment } = verdict;
  return {
    by,
    at,
    stage,
    status: yesOf(record, status),
    ...(comment !== undefined && { comment }),
    // Verdicts that an older version counted have no response of their own: the last one's is the request's.
    ...(status === 'approved' && carried(record, verdict.response ?? record.response)),
  };
}

/** What an approval carries beside its comment. */
function carried({ type, payload }: RequestRecord, response: RequestRecord['response']) {
  if (type === 'tool_approval') return { args: response?.tool_args ?? payload.tool_args };
  if (type === 'question') return { answer: response?.answer };
  const { comment: _comment, ...own } = response ?? {};
  return Object.keys(own).length > 0 ? { response: own } : {};
}

/** A question is answered where everything else is approved. */
function yesOf<Status extends string>({ type }: RequestRecord, status: Status): Status | 'answered' {
  return type === 'question' && status === 'approved' ? 'answered' : status;
}

function toGivenGrant({ args: covers, ...grant }: NonNullable<RequestRecord['grant']>) {
  return { ...grant, covers };
}

function withArgs({ covers: args, ...grant }: NonNullable<AnyRequest['grant']>) {
  return { ...grant, args };
}
