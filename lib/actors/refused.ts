/** Why a machine refuses an event, and the action that says so; the machines of a request and of its execution share it. */

/** Why an event was refused; `rule` says which rule refused it where there are several behind one code. */
export interface Refusal {
  code:
    | 'already_resolved'
    | 'already_answered'
    | 'stale_revision'
    | 'not_allowed'
    | 'claimed_by_other'
    | 'not_claimed'
    | 'not_executable';
  rule?:
    | 'app'
    | 'four_eyes'
    | 'answerers'
    | 'requester'
    | 'grant'
    | 'not_approved'
    | 'digest'
    | 'under_way'
    | 'done'
    | 'needs_retry'
    | 'other_run'
    | 'grant_revoked';
}

/** The action that refuses an event with this code. */
export function refuse<const R extends Refusal>(params: R) {
  return { type: 'refuse', params } as const;
}
