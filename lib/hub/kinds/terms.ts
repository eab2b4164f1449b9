/** The terms a request is asked under, as one digest: who may answer, its deadlines, and what silence means; keys compare them. */
import { escalated } from '../../protocol/audience';
import type { AnswerPolicy, People, RequestRecord, Stage } from '../../protocol/records';
import { type Duration, toMillis } from '../options/duration';
import { digestOf, isSameJson } from './kinds';

/** The options of a request that are its terms. */
export interface Terms {
  policy?: AnswerPolicy;
  remindIn?: Duration | readonly Duration[];
  escalate?: { after?: Duration | undefined; to: People };
  expiresIn?: Duration;
  onExpiry?: 'expired' | 'denied' | 'approved';
}

/** Digest of the terms as they were asked, with every default filled in and in one order, so that equal terms give equal digests. */
export function termsDigestOf(asked: Terms): string {
  const { policy = {}, remindIn = [], escalate, expiresIn, onExpiry } = asked;
  return digestOf('terms', {
    policy: plainPolicy(policy),
    remindIn: [remindIn]
      .flat()
      .map(toMillis)
      .sort((a, b) => a - b),
    escalateIn: millis(escalate?.after),
    escalateTo: plainPeople(escalate?.to ?? {}),
    expiresIn: millis(expiresIn),
    onExpiry: onExpiry ?? 'expired',
  });
}

/**
 * Whether these are the terms that a record was asked under. A record that has no digest is
 * compared by its people and its end.
 */
export function hasTerms(record: RequestRecord, asked: Terms, digest: string): boolean {
  if (record.termsDigest !== undefined) return record.termsDigest === digest;
  const { policy = {}, escalate: { to: escalateTo } = { to: {} }, expiresIn } = asked;
  const end = record.expiresAt === undefined ? undefined : record.expiresAt - record.createdAt;
  return (
    [policy, escalated(policy, escalateTo)].some((each) =>
      isSameJson(plainPolicy(each), plainPolicy(record.policy)),
    ) && end === millis(expiresIn)
  );
}

function millis(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : toMillis(duration);
}

function plainPolicy(policy: AnswerPolicy) {
  const { stages, excludeRequester, denial, claim, agreement } = policy;
  return {
    stages: (stages ?? [policy]).map(plainStage),
    excludeRequester: excludeRequester ?? false,
    denial: denial ?? 'veto',
    claim: claim ?? 'courtesy',
    agreement: agreement ?? 'same',
  };
}

function plainStage({ name, approvals, of, ...people }: Stage) {
  return { name, approvals: approvals ?? 1, of, ...plainPeople(people) };
}

function plainPeople({ users, groups }: People) {
  return { users: sorted(users), groups: sorted(groups) };
}

/** An escalation leaves a list without names where there was none. */
function sorted(names: readonly string[] | undefined): string[] | undefined {
  return names && names.length > 0 ? [...new Set(names)].sort() : undefined;
}
