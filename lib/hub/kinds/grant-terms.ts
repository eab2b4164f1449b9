/** What a grant is made of: offers as an agent writes them, what of a call a grant covers, and the grant an approval gives. */
import type { RequestInput } from '../../actors/hitl-request';
import { HubError } from '../../errors';
import type { AnswerPolicy, GrantRecord, GrantTerms, People, RequestRecord } from '../../protocol/records';
import { type Duration, toMillis } from '../options/duration';
import { grantsOffered } from './built-in-kinds';
import { digestOf } from './kinds';

/** A grant that a human may give with an approval. It is for the one tool that is asked about, and always ends. */
export interface GrantOffer {
  /** Where it holds; `everywhere` goes with `exact` only. Default `ticket`. */
  scope?: 'ticket' | 'everywhere';
  /** For the arguments that are approved, or for any arguments. Default `exact`. */
  args?: 'exact' | 'any';
  /** From the approval on; at most 90 days. Default `'24h'`. */
  expiresIn?: Duration;
  /** How many calls it is for, 1 to 10,000. Default: as many as come. */
  uses?: number;
}

/** As it stands in a payload. @throws HubError `invalid_request` for a duration that is none */
export function toGrantTerms({ expiresIn, ...offer }: GrantOffer) {
  return { ...offer, ...(expiresIn !== undefined && { expires_in_ms: Math.ceil(toMillis(expiresIn)) }) };
}

/** What a grant holds under: the same rules about people, however they are widened while one waits. */
export function policyDigestOf(policy: AnswerPolicy, escalateTo: People): string {
  return digestOf('policy', { policy, escalateTo });
}

/**
 * Digest of everything a call must have in common with the approval for a grant on these terms to cover it: the tool, the
 * ticket or any, the arguments or any, the very same offer, the same policy, and whatever else the payload says. So a grant
 * frees nothing but calls that would be asked about in the same way, and nothing that was not shown.
 */
export function coverageOf(
  call: Pick<RequestInput, 'ticketId' | 'payload' | 'policyDigest'>,
  terms: GrantTerms,
): string {
  const { scope, args, expires_in_ms, uses } = terms;
  // Of the offers the one that is taken counts; requests that older versions asked may say more than these fields.
  const { tool_name, tool_args, grants: _offers, ...rest } = call.payload;
  return digestOf('grant', {
    tool_name,
    ...(Object.keys(rest).length > 0 && { rest }),
    terms: { scope, args, expires_in_ms, uses },
    policy: call.policyDigest,
    ...(scope === 'ticket' && { ticket_id: call.ticketId }),
    ...(args === 'exact' && { tool_args }),
  });
}

/** What the app's rules receive of a grant to decide who may give, see and revoke it. */
export type GrantSubject = Pick<
  GrantRecord,
  'requestId' | 'ticketId' | 'toolName' | 'scope' | 'args' | 'toolArgs' | 'uses' | 'expiresAt' | 'policy'
>;

/** The grant that `request` gives, or would give with this response. */
export function grantSubject(
  request: RequestRecord,
  grant: Pick<GrantRecord, 'scope' | 'args' | 'uses' | 'expiresAt'>,
): GrantSubject {
  const { scope, args, uses, expiresAt } = grant;
  return {
    requestId: request.id,
    ticketId: request.ticketId,
    toolName: String(request.payload.tool_name),
    scope,
    args,
    ...(args === 'exact' && { toolArgs: grantedArgs(request) }),
    ...(uses !== undefined && { uses }),
    expiresAt,
    policy: request.policy,
  };
}

/** The grant to be stored with the approval that gave it. */
export function grantGiven(request: RequestRecord): GrantRecord {
  const { grant, respondedAt, verdicts } = request;
  const terms = grantsOffered(request)[verdicts.at(-1)?.grant ?? -1];
  if (!grant || !terms || respondedAt === undefined)
    throw new HubError('internal', { message: 'A grant was given that was not offered' });
  const payload = { ...request.payload, tool_args: grantedArgs(request) };
  return {
    ...grantSubject(request, grant),
    id: grant.id,
    givenBy: verdicts.filter(({ status }) => status === 'approved').map(({ by }) => by),
    covers: coverageOf({ ...request, payload }, terms),
    createdAt: respondedAt,
    used: 0,
  };
}

/** Arguments that were edited are what was approved. */
function grantedArgs({ payload, response }: RequestRecord): Record<string, unknown> {
  return response?.tool_args ?? (payload.tool_args as Record<string, unknown>);
}
