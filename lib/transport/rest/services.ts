/** REST for agents in other processes: asking, waiting, changing, and saying what became of what was approved. */
import { z } from 'zod';
import { HubError } from '../../errors';
import { type Duration, toMillis } from '../../hub/options/duration';
import type { HitlRequestInput } from '../../hub/requests/ask';
import { assertName } from '../../hub/tickets/client';
import { type Ask, amendSchema, askSchema, executionReportSchema } from '../../protocol/ask';
import type { AnswerPolicy, RequestRecord } from '../../protocol/records';
import { requestView, requestViewSchema } from '../../protocol/request-view';
import type { Service } from '../core/auth-options';
import { operation } from './operation';
import type { Rest } from './rest';
import { maxWaitMs, Waits } from './waits';

const hitl = z.object({ hitl: requestViewSchema });

export const createRequest = operation({
  id: 'createRequest',
  method: 'post',
  path: '/hitl/requests',
  callers: 'services',
  summary: 'Asks people, as a service; with a key that was used before, 200 and the request that is there.',
  body: askSchema,
  answers: { 201: hitl, 200: hitl },
  refusals: ['invalid_id', 'forbidden', 'not_allowed', 'invalid_request', 'key_conflict'],
});

export const waitForRequest = operation({
  id: 'waitForRequest',
  method: 'get',
  path: '/hitl/requests/:id/wait',
  callers: 'services',
  summary:
    'Waits until a request is settled; 202 if it is still pending after `timeout`, which is 60 seconds at most.',
  query: z.object({ timeout: z.string().max(32).default('30s') }),
  answers: { 200: hitl, 202: hitl },
  refusals: ['not_found', 'busy', 'invalid_request'],
});

export const amendRequest = operation({
  id: 'amendRequest',
  method: 'post',
  path: '/hitl/requests/:id/amend',
  callers: 'services',
  summary: 'Replaces what is asked, or what is shown beside it, while it is pending.',
  body: amendSchema,
  answers: { 200: hitl },
  refusals: ['not_found', 'already_resolved', 'invalid_request'],
});

export const reportExecution = operation({
  id: 'reportExecution',
  method: 'post',
  path: '/hitl/requests/:id/execution',
  callers: 'services',
  summary: 'Says how it stands with doing what was approved, under a lease of a minute.',
  body: executionReportSchema,
  answers: { 200: hitl },
  refusals: ['not_found', 'not_executable'],
});

export const serviceOperations = [createRequest, waitForRequest, amendRequest, reportExecution];

export function serveServices(rest: Rest): void {
  const { hub, access, clock } = rest.parts;
  const waits = new Waits({ hub, clock });
  const view = (record: RequestRecord) => ({ hitl: requestView(record, clock.now()) });

  rest.serve(createRequest, async (call) => {
    const { body, service } = call;
    if (!service) throw new HubError('authentication_required');
    await access.authorizeService(assertName(body.ticket_id), service);
    assertAnswered(body, service);
    const { request, isNew } = await hub.hitl.ask(toInput(body, service.id), rest.occasion(call), true);
    return { ...(isNew && { status: 201 as const }), body: view(request) };
  });

  rest.serve(waitForRequest, async (call) => {
    const { id } = await rest.visibleRequest(call);
    // A text that is no duration is refused by its reader.
    const asked = Math.min(toMillis(call.query.timeout as Duration), maxWaitMs);
    const ms = Math.min(asked, Number(call.service?.expiresAt ?? Infinity) - clock.now());
    const settled = call.req.res && (await waits.wait(call.user.id, id, ms, call.req.res));
    // It may have lost its access while it waited.
    await rest.visibleRequest(call);
    return settled ? { body: view(settled) } : { status: 202, body: view(await hub.hitl.get(id)) };
  });

  rest.serve(amendRequest, async (call) => {
    const { id } = await rest.visibleRequest(call);
    const { payload, display } = call.body;
    const amendment = { ...rest.requestOccasion(call), ...(display !== undefined && { display }) };
    return { body: view(await hub.hitl.amend(id, payload, amendment)) };
  });

  rest.serve(reportExecution, async (call) => {
    const { id } = await rest.visibleRequest(call);
    const { body } = call;
    const occasion = rest.requestOccasion(call);
    switch (body.state) {
      case 'executing': {
        const run = { runId: body.run_id, payload: body.payload };
        return { body: view(await hub.hitl.execute(id, run, occasion)) };
      }
      case 'executed':
        return { body: view(await hub.hitl.executed(id, body.run_id, undefined, occasion)) };
      case 'failed':
        return { body: view(await hub.hitl.executed(id, body.run_id, body.error, occasion)) };
      case 'retry':
        return { body: view(await hub.hitl.retry(id, occasion)) };
    }
  });
}

/** A program that could be approved by silence would approve itself. @throws HubError `not_allowed` */
function assertAnswered({ on_expiry }: Ask, { mayExpireApproved }: Service): void {
  if (on_expiry !== 'approved' || mayExpireApproved) return;
  throw new HubError('not_allowed', {
    message:
      "This service may not be approved by silence: leave on_expiry out, or have the app's service say mayExpireApproved",
    details: { rule: 'service' },
  });
}

function toInput(body: Ask, userId: string): HitlRequestInput {
  const { session_id, message_id, policy, escalate_to, remind_in, escalate_in, expires_in } = body;
  // An absent field stays absent: under exact optional types it is omitted, not set to undefined.
  const given = {
    key: body.key,
    supersede: body.supersede,
    message: message_id === undefined ? undefined : { id: message_id },
    display: body.display,
    policy: policy && toPolicy(policy),
    remindIn: remind_in,
    escalate:
      escalate_in === undefined && escalate_to === undefined
        ? undefined
        : { ...(escalate_in !== undefined && { after: escalate_in }), to: escalate_to ?? {} },
    expiresIn: expires_in,
    onExpiry: body.on_expiry,
  };
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const { ticket_id: ticketId, type, payload } = body;
  return { ...options, ticketId, type, payload, userId, sessionId: session_id ?? userId };
}

function toPolicy({ exclude_requester, ...policy }: NonNullable<Ask['policy']>): AnswerPolicy {
  // Whether it is one of the kinds of policy is looked at when it is asked.
  return { ...policy, ...(exclude_requester && { excludeRequester: true }) } as object as AnswerPolicy;
}
