/** What the request machine can do: its types, guards and actions, each of them for the events it is made for; the machine is built on it. */
import { assertEvent, assign, emit, setup } from 'xstate';
import { escalated } from '../protocol/audience';
import { verdictsBeside } from './agreement';
import {
  noDeadlines,
  type RequestContext,
  type RequestEmitted,
  type RequestEvent,
  type RequestInput,
} from './hitl-request';
import { requestGuards } from './hitl-request-guards';
import type { Refusal } from './refused';

export const requestSetup = setup({
  types: {
    context: {} as RequestContext,
    events: {} as RequestEvent,
    emitted: {} as RequestEmitted,
    input: {} as RequestInput,
  },
  guards: requestGuards,
  actions: {
    countVerdict: assign(({ context, event }) => {
      assertEvent(event, 'respond');
      const by = { userId: event.by.userId, displayName: event.by.displayName };
      const { at, status, response } = event;
      const comment = response?.comment;
      const said = {
        ...(comment !== undefined && { comment }),
        ...(response && { response }),
        ...(event.grant && { grant: event.grant.index }),
      };
      const verdict = { by, at, status, stage: context.stage, ...said };
      return { verdicts: [...verdictsBeside(context, by.userId), verdict] };
    }),
    recordAnswer: assign(({ event }) => {
      assertEvent(event, 'respond');
      const respondedBy = { userId: event.by.userId, displayName: event.by.displayName };
      return { respondedBy, respondedAt: event.at, ...(event.response && { response: event.response }) };
    }),
    recordApproval: assign(({ context, event }) => ({
      approvedDigest: (event.type === 'respond' && event.digest) || context.digest,
    })),
    recordGrant: assign(({ event }) => {
      assertEvent(event, 'respond');
      if (!event.grant) return {};
      const { id, scope, args, uses, expires_in_ms } = event.grant;
      return {
        grant: { id, scope, args, expiresAt: event.at + expires_in_ms, ...(uses !== undefined && { uses }) },
      };
    }),
    recordUse: assign(({ event }) => {
      assertEvent(event, 'use_grant');
      return { respondedAt: event.at, usedGrant: event.grant };
    }),
    recordRevocation: assign(({ context, event }) => {
      assertEvent(event, 'revoke_grant');
      if (!context.grant) return {};
      const revokedBy = { userId: event.by.userId, displayName: event.by.displayName };
      return { grant: { ...context.grant, revokedAt: event.at, revokedBy } };
    }),
    nextStage: assign(({ context }) => ({ stage: context.stage + 1 })),
    takeClaim: assign(({ event }) => {
      assertEvent(event, 'claim');
      const by = { userId: event.by.userId, displayName: event.by.displayName };
      return { claim: { by, at: event.at, until: event.until } };
    }),
    renewClaim: assign(({ context, event }) => {
      assertEvent(event, 'renew');
      return context.claim ? { claim: { ...context.claim, until: event.until } } : {};
    }),
    dropClaim: assign({ claim: undefined }),
    // Nobody is reminded or asked any more, so that a settled request is what its record says and no more.
    endWait: assign({ claim: undefined, ...noDeadlines }),
    dropKey: assign({ key: undefined }),
    takePayload: assign(({ context, event }) => {
      assertEvent(event, 'amend');
      const { payload = context.payload, digest = context.digest, display = context.display } = event;
      const responseSchema = event.payload ? event.responseSchema : context.responseSchema;
      const shown = { payload, digest, responseSchema, display: display ?? undefined };
      return { ...shown, revision: context.revision + 1, verdicts: [], stage: 0 };
    }),
    passReminder: assign(({ context, event }) => ({
      remindAt: context.remindAt.filter((at) => at > event.at),
    })),
    widenAnswerers: assign(({ context: { policy, escalateTo } }) => ({
      escalateAt: undefined,
      policy: escalated(policy, escalateTo),
    })),
    recordReason: assign(({ event }) => {
      assertEvent(event, ['cancel', 'withdraw', 'turn_end', 'supersede']);
      return { reason: event.reason };
    }),
    recordExpiry: assign({ reason: 'nobody answered in time' }),
    noteAskerGone: assign({ asker: 'gone' as const }),
    noteAskerBack: assign({ asker: undefined }),
    refuse: emit((_step, refusal: Refusal) => ({ type: 'refused' as const, ...refusal })),
    emitPending: emit({ type: 'hitl_request_pending' }),
    emitUpdated: emit({ type: 'hitl_request_updated' }),
    emitResolved: emit({ type: 'hitl_request_resolved' }),
    emitReminded: emit({ type: 'reminded' }),
    emitEscalated: emit({ type: 'escalated' }),
    emitGrantGiven: emit({ type: 'grant_given' }),
    emitGrantUsed: emit({ type: 'grant_used' }),
    emitGrantRevoked: emit({ type: 'grant_revoked' }),
  },
});
