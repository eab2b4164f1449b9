/** The bugs that are planted in the machines, one at a time; the mutation check and its spec go through them. */

/** One bug: a text of a source file, which must be there once, and what it is replaced by. */
export interface Mutant {
  /** What is wrong then. */
  bug: string;
  /** Below `lib/actors`. */
  file: string;
  find: string;
  replace: string;
}

/** Bugs in one file. */
function inFile(
  file: string,
  bugs: readonly (readonly [bug: string, find: string, replace: string])[],
): Mutant[] {
  return bugs.map(([bug, find, replace]) => ({ bug, file, find, replace }));
}

export const mutants: readonly Mutant[] = [
  ...inFile('hitl-request-guards.ts', [
    ["the app's own rule is not asked", "'permitted' in event && !event.permitted", 'false'],
    ['the requester may answer in spite of four eyes', 'standing(step)?.isExcluded === true', 'false'],
    [
      'anybody may take a question back',
      "event.type === 'withdraw' && event.permitted === undefined",
      'false',
    ],
    [
      "the requester's word counts more than the app's rule",
      'event.permitted === undefined && event.by.userId !== context.userId',
      'event.by.userId !== context.userId',
    ],
    ['anybody may answer, whoever was named', 'standing(step)?.isNamed === false', 'false'],
    ['anybody may give any grant', 'event.grant !== undefined && !event.grant.permitted', 'false'],
    ['a grant arises though not all of them named it', 'each.grant === index &&', ''],
    ['a grant arises before the last stage', '!event.grant || !completesLastStage(step)', '!event.grant'],
    [
      'a grant is revoked again and again',
      'grant !== undefined && grant.revokedAt === undefined',
      'grant !== undefined',
    ],
    ['the same answer is counted again', 'verdict.status === event.status &&', 'false &&'],
    ['a yes cannot become a no', 'verdict.status === event.status &&', ''],
    [
      'another answer is refused as if it were the same',
      'canonicalJson(responseOf(verdict)) === canonicalJson(event.response ?? {})',
      'true',
    ],
    [
      'a person says no twice',
      "count(others(step), step.context.stage, 'denied')",
      "count(step.context.verdicts, step.context.stage, 'denied')",
    ],
    ['an answer to an older revision counts', '(event.revision ?? 1) !== context.revision', 'false'],
    [
      'an answer that names no revision always counts',
      '(event.revision ?? 1)',
      '(event.revision ?? context.revision)',
    ],
    [
      "someone else's claim is taken away",
      'step.event.at < step.context.claim.until && !isHolder(step)',
      'false',
    ],
    [
      'the holder cannot renew a claim',
      'step.context.claim.until && !isHolder(step)',
      'step.context.claim.until',
    ],
    ['an exclusive claim binds nobody', 'standing(step)?.isKeptOut === true', 'false'],
    ['a claim is exclusive without being so', 'standing(step)?.isKeptOut === true', 'isHeldByOther(step)'],
    [
      'one no is a veto where a majority decides',
      "isDenial(step) && step.context.policy.denial !== 'majority'",
      'isDenial(step)',
    ],
    ['a majority is lost one no too late', "'denied') + 1 > spare", "'denied') > spare"],
    ['a majority is lost one no too early', "'denied') + 1 > spare", "'denied') + 1 >= spare"],
    ['the first stage is the last', 'stagesOf(step.context.policy).length - 1', 'step.context.stage'],
    ['a claim never ends by itself', 'event.at >= context.claim.until', 'false'],
    ['a claim ends before its time', 'event.at >= context.claim.until', 'event.at > 0'],
    [
      'a reminder comes before its time',
      '(context.remindAt[0] ?? Number.POSITIVE_INFINITY) <= event.at',
      'true',
    ],
    [
      'an escalation comes before its time',
      '(context.escalateAt ?? Number.POSITIVE_INFINITY) <= event.at',
      'true',
    ],
    ['the end is ignored', 'context.expiresAt !== undefined && event.at >= context.expiresAt', 'false'],
    ['the end comes late by a moment', 'event.at >= context.expiresAt', 'event.at > context.expiresAt'],
    [
      'the end comes before its time',
      'context.expiresAt !== undefined && event.at >= context.expiresAt',
      'context.expiresAt !== undefined',
    ],
    [
      'silence that should mean no means nothing',
      "isTooLate(step) && step.context.onExpiry === 'denied'",
      'false',
    ],
    [
      'silence means yes unasked',
      "isTooLate(step) && step.context.onExpiry === 'approved'",
      'isTooLate(step)',
    ],
  ]),
  ...inFile('hitl-request-setup.ts', [
    [
      'an answer is not counted',
      'return { verdicts: [...verdictsBeside(context, by.userId), verdict] };',
      'return {};',
    ],
    [
      'a changed verdict stands beside the one before',
      '[...verdictsBeside(context, by.userId), verdict]',
      '[...context.verdicts, verdict]',
    ],
    ['what was sent with a verdict is lost', '...(response && { response }),', ''],
    [
      'nobody is recorded to have answered',
      'return { respondedBy, respondedAt: event.at',
      'return { respondedAt: event.at',
    ],
    [
      'an edit is approved as if nothing was edited',
      "(event.type === 'respond' && event.digest) || context.digest",
      'context.digest',
    ],
    ['the next stage is not begun', 'stage: context.stage + 1', 'stage: context.stage'],
    [
      'a claim stays when it should be released',
      'dropClaim: assign({ claim: undefined })',
      'dropClaim: assign({})',
    ],
    ['an amendment is no new revision', 'revision: context.revision + 1', 'revision: context.revision'],
    ['answers count for what was asked later', 'verdicts: [], stage: 0', 'stage: 0'],
    ['an amendment leaves the stage where it was', 'verdicts: [], stage: 0', 'verdicts: []'],
    [
      'a reminder is sent again and again',
      'context.remindAt.filter((at) => at > event.at)',
      'context.remindAt',
    ],
    ['one reminder silences the others', 'context.remindAt.filter((at) => at > event.at)', '[]'],
    ['an escalation asks nobody more', 'policy: escalated(policy, escalateTo)', 'policy'],
    ['an escalation is sent again and again', 'escalateAt: undefined,\n      policy', 'policy'],
    ['why it was withdrawn is lost', 'return { reason: event.reason };', 'return {};'],
    [
      'a holder who is there loses the claim',
      'return context.claim ? { claim:',
      'return false && context.claim ? { claim:',
    ],
  ]),
  ...inFile('execution-machine.ts', [
    [
      'something else is done than was approved',
      "event.type === 'execute' && event.digest !== context.digest",
      'false',
    ],
    ["another run's word counts", "'runId' in event && event.runId !== context.run?.runId", 'false'],
    ['two runs do it at the same time', "'runId' in event && event.runId === context.run?.runId", 'true'],
    ['what a revoked grant approved is done', 'event.isRevoked === true', 'false'],
    ['a run cannot renew its lease', "'runId' in event && event.runId === context.run?.runId", 'false'],
    [
      'a run that is gone is waited for without end',
      'event.at >= (leaseEnd(context) ?? Number.POSITIVE_INFINITY)',
      'false',
    ],
    [
      'a lost run counts as done',
      "actions: [{ type: 'endRun', params: { state: 'unknown' } }, 'emitUpdated'],\n          description: 'The program that did it is",
      "actions: [{ type: 'endRun', params: { state: 'executed' } }, 'emitUpdated'],\n          description: 'The program that did it is",
    ],
    [
      'a run is not forgotten when it may be done again',
      'dropRun: assign({ run: undefined })',
      'dropRun: assign({})',
    ],
    [
      'a renewed lease is no longer than before',
      '{ ...context.run, until: event.until }',
      '{ ...context.run }',
    ],
    ['a failed run counts as done', "target: 'failed',", "target: 'executed',"],
    [
      'what was done can be done again at once',
      "actions: notExecutable('done')",
      "target: 'executing', actions: 'beginRun'",
    ],
  ]),
  ...inFile('hitl-request-machine.ts', [
    ['that it began is not sent', "      entry: 'emitPending',\n", ''],
    ['that it ended is not sent', "entry: ['endWait', 'emitResolved']", "entry: ['endWait']"],
    [
      'that it ended is sent twice',
      "entry: ['endWait', 'emitResolved']",
      "entry: ['endWait', 'emitResolved', 'emitResolved']",
    ],
    ['a claim outlives the request', "entry: ['endWait', 'emitResolved']", "entry: ['emitResolved']"],
    ['a withdrawn request counts as denied', "cancel: { target: '#cancelled'", "cancel: { target: '#denied'"],
    ['a replaced request counts as withdrawn', "target: '#superseded',", "target: '#cancelled',"],
    [
      'a veto is lost',
      "guard: 'isVeto',\n            target: '#denied'",
      "guard: 'isVeto',\n            target: '.open'",
    ],
    [
      'a no approves',
      "guard: 'isVeto',\n            target: '#denied'",
      "guard: 'isVeto',\n            target: '#approved'",
    ],
    [
      'an expired request counts as denied',
      "guard: 'isTooLate',\n            target: '#expired'",
      "guard: 'isTooLate',\n            target: '#denied'",
    ],
    [
      "anybody who stirs renews the holder's claim",
      "renew: {\n              guard: 'isHolderForLonger',",
      'renew: {',
    ],
    ['anybody who leaves takes the claim along', "leave: {\n              guard: 'isHolder',", 'leave: {'],
    [
      'the claim of a holder who has left stays',
      "guard: 'isHolder',\n              target: 'open',\n              actions: ['dropClaim', 'emitUpdated'],\n              description: 'The holder has left the ticket.',",
      "guard: 'isHolder',\n              description: 'The holder has left the ticket.',",
    ],
    [
      'a question whose turn has ended is its answer for ever',
      "actions: ['recordReason', 'dropKey'],",
      "actions: ['recordReason'],",
    ],
    [
      'a late answer is passed over in silence',
      "respond: { actions: tooLate, description: 'Too late: the answer has been given.' },",
      '',
    ],
    [
      'a late withdrawal cancels what was decided',
      "cancel: { actions: tooLate, description: 'Too late to withdraw.' }",
      "cancel: { target: '.cancelled' }",
    ],
    ['that a run cannot be going is not sent', 'executed: noRun,', ''],
  ]),
  ...inFile('hitl-request.ts', [
    ['the end is not sent', "['expire', context.expiresAt],", ''],
    ['the end of a claim is not sent', "['lease_end', context.claim?.until],", ''],
    ['the latest deadline is due first', '!next || at < next.at', '!next || at > next.at'],
  ]),
  ...inFile('agreement.ts', [
    ['the quorum is one too many', '(isSame).length + 1 >= needed', '(isSame).length >= needed'],
    ['the quorum is one too few', '(isSame).length + 1 >= needed', '(isSame).length + 2 >= needed'],
    [
      'approvals count together whatever they carry',
      "if (policy.agreement === 'any') return approvals.length",
      'if (true) return approvals.length',
    ],
    [
      'approvals must carry the same though any will do',
      "if (policy.agreement === 'any') return approvals.length",
      'if (false) return approvals.length',
    ],
    [
      'all approvals of a stage must carry the same',
      'approvals.filter(isSame).length + 1',
      '(approvals.every(isSame) ? approvals.length : 0) + 1',
    ],
    ['a later stage approves something else', '(!before || isSame(before)) &&', ''],
    ['approvals of other stages count too', 'each.stage === stage && each.status', 'each.status'],
    [
      'a person who changes an approval counts twice',
      'approvalsIn(stage, verdictsBeside(request, userId))',
      'approvalsIn(stage, request.verdicts)',
    ],
  ]),
  ...inFile('../protocol/agreement.ts', [
    [
      'a comment keeps approvals apart',
      '{ comment: _comment, ...content }: Response = {}',
      '{ ...content }: Response = {}',
    ],
    [
      'the choice of a grant keeps approvals apart',
      "if (type !== 'tool_approval') return content;",
      'return content;',
    ],
  ]),
  ...inFile('../protocol/audience.ts', [
    ['a verdict of a completed stage can be changed', 'each.stage < stage', 'false'],
    ['nobody may change a verdict', 'each.stage < stage', 'true'],
    [
      'who is in no named group may answer',
      'groups.some((group) => people.groups?.includes(group))',
      'people.groups !== undefined',
    ],
    [
      'who is in a named group may not answer',
      ' || groups.some((group) => people.groups?.includes(group))',
      '',
    ],
    ['an escalation opens a stage to nobody new', '...(more.users ?? [])', ''],
    ['an escalation widens one round only', '...(stages && { stages })', ''],
  ]),
  ...inFile('answer-policy.ts', [
    ['denials of other stages count too', 'verdict.stage === stage && verdict.status', 'verdict.status'],
  ]),
  ...inFile('ticket-machine.ts', [
    ['one client too many joins', 'return taken < maxClients;', 'return taken <= maxClients;'],
    [
      'one client too few may join',
      'if (members.size < maxClients) return true;',
      'if (members.size + 1 < maxClients) return true;\n      if (members.size + 1 === maxClients) return false;',
    ],
    ['tabs of one person lock the others out', 'Math.min(count, share)', 'count'],
    ['tabs of one person take no place at all', 'Math.min(count, share)', '0'],
    [
      'one client of a person too many joins',
      'own >= context.maxClientsOfUser',
      'own > context.maxClientsOfUser',
    ],
    [
      'one client of a person too few may join',
      'own >= context.maxClientsOfUser',
      'own + 1 >= context.maxClientsOfUser',
    ],
    [
      'what others have in a ticket counts as the own',
      "const own = 'userId' in event ? (clientsByUser(context).get(event.userId) ?? 0) : 0;",
      'const own = context.members.size;',
    ],
    ['a tab that comes back is one more client', 'sameTab(context, event) !== undefined', 'false'],
    [
      'a tab takes the place of any other of its person',
      'member.userId === event.userId && member.tabId === event.tabId',
      'member.userId === event.userId',
    ],
    ['a replaced client stays in', 'if (replaced) members.delete(replaced.clientId);', ''],
    [
      'a replaced client is sent nothing',
      "if (replaced)\n        enqueue.emit({ type: 'client_replaced'",
      "if (false && replaced)\n        enqueue.emit({ type: 'client_replaced'",
    ],
    ['who joined is not sent', "else enqueue.emit({ type: 'presence_changed' });", ''],
    [
      'who leaves stays a member',
      'members.delete(event.clientId);\n      enqueue.assign({ members });',
      'enqueue.assign({ members });',
    ],
    [
      'the ticket is empty while a client is connected',
      'context.members.size === 1 && context.members.has(event.clientId)',
      'context.members.has(event.clientId)',
    ],
    ['a closing ticket lets people in', "actions: 'refuse',", "actions: 'admit',"],
    ['a ticket does not close', "target: 'draining',", ''],
  ]),
  ...inFile('session-machine.ts', [
    [
      'one turn too many waits',
      'context.turns.length > context.maxWaiting',
      'context.turns.length > context.maxWaiting + 1',
    ],
    [
      'a turn that waits is over, and with it the one that runs',
      'context.turns.filter((turnId) => turnId !== event.turnId)',
      '[]',
    ],
    ['the turn that waits never begins', "actions: ['unline', 'emitDue'],", "actions: 'unline',"],
    [
      'two turns of a session run at once',
      "{ actions: 'line', description: 'It waits until",
      "{ actions: ['line', 'emitDue'], description: 'It waits until",
    ],
    [
      'a turn that comes back is refused as one that is new',
      "{\n            actions: 'line',\n            description: 'It waits behind",
      "{ guard: 'isFull', actions: 'refuseBusy' },\n          {\n            actions: 'line',\n            description: 'It waits behind",
    ],
    [
      'a turn that comes back runs beside the one that runs',
      "actions: 'line',\n            description: 'It waits behind",
      "actions: ['line', 'emitDue'],\n            description: 'It waits behind",
    ],
    [
      'a turn that comes back twice has two places',
      'isInLine: ({ context, event }) => context.turns.includes(event.turnId)',
      'isInLine: () => false',
    ],
    [
      'a turn that comes back to an idle session never goes on',
      "actions: ['line', 'emitDue'],\n          description: 'Nothing runs: it goes on at once.'",
      "actions: 'line',\n          description: 'Nothing runs: it goes on at once.'",
    ],
  ]),
  ...inFile('turn-machine.ts', [
    [
      'a failed turn counts as completed',
      "target: 'aborted',\n          actions: { type: 'abort', params: { reason: 'error' } }",
      "target: 'completed',\n          actions: { type: 'abort', params: { reason: 'error' } }",
    ],
    [
      'a completed turn counts as aborted',
      "complete: { target: 'completed'",
      "complete: { target: 'aborted'",
    ],
    [
      'a turn that is cancelled goes on',
      "target: '.aborted',\n      actions: { type: 'abort', params: { reason: 'cancelled' } },",
      "actions: { type: 'abort', params: { reason: 'cancelled' } },",
    ],
    ['a close counts as a crash', "params: { reason: 'shutdown' }", "params: { reason: 'crash' }"],
    [
      'the end of an aborted turn is not sent',
      "type: 'final',\n      entry: 'emitEnded',\n    },\n  },",
      "type: 'final',\n    },\n  },",
    ],
    ['a turn ends without an end', 'end: assign({ endedAt: ({ event }) => event.at })', 'end: assign({})'],
    [
      'a turn begins without a beginning',
      'begin: assign({ startedAt: ({ event }) => event.at })',
      'begin: assign({})',
    ],
    ['what a turn is about is lost', 'return { intent: event.intent };', 'return {};'],
    [
      'a turn begins without a word',
      "actions: ['begin', 'takeUp', 'emitStarted'],\n          description: 'It is its turn",
      "actions: ['begin', 'takeUp'],\n          description: 'It is its turn",
    ],
    ['a durable turn ends with its process', "crash: {\n      guard: 'isPlain',", 'crash: {'],
    ['a durable turn ends when its hub closes', "shutdown: {\n      guard: 'isPlain',", 'shutdown: {'],
    ['a plain turn outlives its process', 'context.run === undefined', 'false'],
    [
      'a durable turn is tried again for ever',
      'run.tries >= event.maxTries',
      'run.tries > event.maxTries + 1_000',
    ],
    ['a durable turn is tried once too often', 'run.tries >= event.maxTries', 'run.tries > event.maxTries'],
    ['tries count although it got further', 'event.entries === run.triedAt &&', ''],
    [
      'that a turn waits is not sent',
      "entry: 'emitUpdated',\n      exit: 'forgetWait',",
      "exit: 'forgetWait',",
    ],
    [
      'that a turn is stuck is not sent',
      "entry: 'emitUpdated',\n      exit: 'forgetProblem',",
      "exit: 'forgetProblem',",
    ],
    [
      'that a turn goes on is not sent',
      "actions: ['takeUp', 'emitUpdated'],\n          description: 'An answer",
      "actions: ['takeUp'],\n          description: 'An answer",
    ],
    [
      'that another process goes on with it is not sent',
      "actions: ['takeOver', 'emitUpdated']",
      "actions: ['takeOver']",
    ],
    ['a turn that goes on waits still', "exit: 'forgetWait',", ''],
    ['a turn that goes on is stuck still', "exit: 'forgetProblem',", ''],
    [
      'a turn that waits has an owner still',
      "actions: 'rest',\n          description: 'The agent code waits",
      "description: 'The agent code waits",
    ],
    ['a turn that is stuck has an owner still', "exit: 'leave',", ''],
    [
      'a turn that got stuck before it began never has a beginning',
      "actions: ['begin', 'takeUp', 'emitStarted'],\n            description",
      "actions: ['takeUp', 'emitStarted'],\n            description",
    ],
    ['a turn that is too old counts as cancelled', "reason: 'expired'", "reason: 'cancelled'"],
    [
      'the next leg begins although it has to wait',
      "event.type === 'again' && event.waitsFor !== undefined",
      'false',
    ],
    [
      'what a later leg waits for is lost',
      'dueBy(pass(beginLeg(run, at, when, dueAt)), dueAt)',
      'dueBy(pass(beginLeg(run, at, undefined, dueAt)), dueAt)',
    ],
    [
      'who knows the leg before may write into the next',
      'dueBy(pass(beginLeg(run, at, when, dueAt)), dueAt)',
      'dueBy(beginLeg(run, at, when, dueAt), dueAt)',
    ],
    ['a time to wake at is lost', 'restRun(run, dueAt)', 'restRun(run, undefined)'],
    ['that another process went on with it is not recorded', ', continuedAt: event.at };', ' };'],
    ['a turn starts over in the leg where it was stuck', 'takeRun(beginLeg(run, at), {', 'takeRun(run, {'],
  ]),
  ...inFile('turn-run.ts', [
    [
      'a turn is taken under the generation before',
      'generation: run.generation + 1',
      'generation: run.generation',
    ],
    ['tries are not counted', 'run.tries + 1', 'run.tries'],
    ['how far it got is not known', 'tries: 1, triedAt: entries', 'tries: 1'],
    ['it is let go of, and owned still', '{ ...leaveRun(run), tries: 0 }', '{ ...run, tries: 0 }'],
    ['an end in good order counts as a try', '{ ...leaveRun(run), tries: 0 }', 'leaveRun(run)'],
    ['the next leg has the journal of the one before', 'leg: run.leg + 1', 'leg: run.leg'],
    ['when a leg began is not known', ', legBegunAt: at', ''],
    ['the next leg waits as the one before', '{ ...rest, leg:', '{ ...run, leg:'],
    [
      'a turn that waits grows older than it may',
      'dueAt ?? Number.POSITIVE_INFINITY, run.expiresAt ?? Number.POSITIVE_INFINITY',
      'dueAt ?? run.expiresAt ?? Number.POSITIVE_INFINITY',
    ],
    ['it is due when it was before', 'dueBy({ dueAt: _earlier, ...run }', 'dueBy({ ...run }'],
  ]),
  ...inFile('turn.ts', [
    ['what a turn waits for is not stored', '...(waitsFor && { waitsFor }), ', ''],
    ['why a turn is stuck is not stored', ', ...(problem && { problem })', ''],
  ]),
];
