/** What a request to a human must do, as a machine of its own: written from the specification, apart from the one in `lib/actors`. */
import { assign, emit, setup } from 'xstate';
import type { DeadlineType } from '../../lib/actors/hitl-request';
import { type TestModel, testModel } from '../../lib/testing';
import { claimLasts, groupsOf, type Rules, requester, runLasts, stranger } from './request-rules';

/** What a person does, or what time does. */
export type RequestDeed =
  | {
      type: 'respond';
      who: string;
      yes: boolean;
      /** The revision that was seen; left out by who cannot know it. */
      revision?: number;
      /** The response does not fit the request. */
      misfit?: boolean;
      /** The arguments are changed before they are approved. */
      edits?: boolean;
      /** Which of the offered grants comes with it. */
      grant?: number;
      /** Of a question: what is answered with a yes. */
      answer?: string;
      /** What is said beside it. */
      comment?: string;
    }
  | { type: 'claim' | 'release'; who: string }
  /** Someone does something else in the ticket, or leaves it and stays away. */
  | { type: 'stir' | 'leave'; who: string }
  /** A person takes it back. */
  | { type: 'withdraw'; who: string }
  | { type: 'amend' | 'cancel' | 'supersede' | 'end_turn' | 'retry' }
  /** Someone is about to do what was shown, what was made of it by an edit, or something else. */
  | { type: 'execute'; run: string; what: 'shown' | 'edited' | 'else' }
  | { type: 'executed' | 'failed' | 'lost' | 'not_run'; run: string }
  /** The turn that asked is over; it is asked again. */
  | { type: 'asker_leave' | 'asker_return' }
  /** The grant that was given with it, or that approved it, is taken back. */
  | { type: 'revoke'; who: string }
  /** The app's own rule turns against someone. */
  | { type: 'dismiss'; who: string }
  /** A deadline is told before its time. */
  | { type: 'tell'; deadline: DeadlineType }
  /** A tick passes. */
  | { type: 'wait' };

/** What everybody can see of a request. */
export interface RequestSight {
  status: string;
  revision: number;
  round: number;
  claimedBy: string | null;
  /** Ticks until the claim ends by itself, and until the run is given up for lost. */
  claimLeft: number | null;
  runLeft: number | null;
  /** Who said what in which round, in the order in which they said it. */
  counted: readonly string[];
  answeredBy: string | null;
  /** The answer that was approved. */
  answer: string | null;
  reason: string | null;
  /** Asked again with its key, it is found. */
  hasKey: boolean;
  run: string | null;
  /** The answer reaches no asker. */
  isAskerGone: boolean;
  /** The grant that came with the approval, from 0, and who has revoked it. */
  grant: string | null;
  reminded: number;
  escalated: number;
  /** How often its beginning and its end were sent to every client. */
  told: { pending: number; resolved: number };
}

/** A request that can be acted on and looked at, wherever it lives. */
export interface RequestSystem {
  /** `ok`, or the code of the refusal with what it says beside it. */
  perform(deed: RequestDeed): Promise<string>;
  look(): Promise<RequestSight>;
  /** Ends what runs, and restores it from what was stored; only where that can be done. */
  restart?(): void | Promise<void>;
  /** Leaves nothing behind. */
  stop(): void | Promise<void>;
}

interface Counted {
  who: string;
  yes: boolean;
  round: number;
  grant: number | null;
  answer: string | null;
  comment: string | null;
}

interface Facts {
  rules: Rules;
  revision: number;
  round: number;
  counted: readonly Counted[];
  /** What the last completed round has approved. */
  agreed: string | null;
  grant: { index: number; revokedBy: string | null } | null;
  /** The grant that approved it was revoked. */
  isUncovered: boolean;
  claim: { who: string; left: number } | null;
  /** Ticks to each deadline; none once it is past. */
  endLeft: number | null;
  moreLeft: number | null;
  remindersLeft: readonly number[];
  isWidened: boolean;
  reminded: number;
  escalated: number;
  dismissed: readonly string[];
  answeredBy: string | null;
  answer: string | null;
  reason: string | null;
  hasKey: boolean;
  approved: 'shown' | 'edited';
  run: {
    name: string;
    state: 'executing' | 'executed' | 'failed' | 'unknown' | 'not_run';
    left: number;
  } | null;
  isAskerGone: boolean;
}

interface Moment {
  context: Facts;
  event: RequestDeed;
}

/** What becomes of an answer to a pending request: a refusal by its code, or what it settles. */
export function ruling({ context: facts, event }: Moment): string {
  if (event.type !== 'respond') return 'nothing';
  const { rules, round, claim } = facts;
  const { who, yes, answer = null } = event;
  if (event.misfit || (event.edits && !rules.editable)) return 'invalid_response';
  if (event.grant !== undefined && (!yes || !rules.grants || event.grant > 1)) return 'invalid_response';
  const forbidden = whyForbidden(facts, who);
  if (forbidden) return forbidden;
  const own = facts.counted.find((each) => each.who === who);
  if (own && (own.round < round || isTheSame(own, countedAs(event, round)))) return 'already_answered';
  if ((event.revision ?? 1) !== facts.revision) return 'stale_revision';
  if (rules.exclusive && claim && claim.who !== who) return 'claimed_by_other';
  if (event.grant === 1 && who === 'bob') return 'not_allowed grant';
  const { yes: needed, of = needed } = rules.rounds[round] ?? { yes: 1 };
  const others = facts.counted.filter((each) => each !== own && each.round === round);
  const against = others.filter((each) => !each.yes).length + 1;
  if (!yes) return !rules.majority || of - against < needed ? 'denied' : 'counted';
  const alike = others.filter((each) => each.yes && (rules.mayDiffer || each.answer === answer)).length + 1;
  const isContrary = !rules.mayDiffer && facts.agreed !== null && facts.agreed !== answer;
  if (alike < needed || isContrary) return 'counted';
  return round + 1 < rules.rounds.length ? 'next round' : 'approved';
}

function countedAs(event: Extract<RequestDeed, { type: 'respond' }>, round: number): Counted {
  const { who, yes, grant = null, answer = null, comment = null } = event;
  return { who, yes, round, grant, answer, comment };
}

function isTheSame(one: Counted, other: Counted): boolean {
  return (['yes', 'grant', 'answer', 'comment'] as const).every((field) => one[field] === other[field]);
}

function whyForbidden({ rules, round, isWidened, dismissed }: Facts, who: string): string | undefined {
  if (who === stranger || dismissed.includes(who)) return 'not_allowed app';
  if (rules.fourEyes && who === requester) return 'not_allowed four_eyes';
  const { users, groups } = rules.rounds[round] ?? {};
  if (!users && !groups) return undefined;
  const named = [...(users ?? []), ...(isWidened ? (rules.more?.users ?? []) : [])];
  const isNamed = named.includes(who) || groupsOf[who]?.some((group) => groups?.includes(group));
  return isNamed ? undefined : 'not_allowed answerers';
}

/** Why a pending request may not be claimed. */
function claimRefusal({ context, event }: Moment): string | undefined {
  if (event.type !== 'claim') return undefined;
  if (context.claim && context.claim.who !== event.who) return 'claimed_by_other';
  return whyForbidden(context, event.who);
}

/** Why someone may not take a pending request back. */
function withdrawalRefusal({ context: { rules }, event }: Moment): string | undefined {
  if (event.type !== 'withdraw') return undefined;
  if (rules.mayCancel) return rules.mayCancel.includes(event.who) ? undefined : 'not_allowed app';
  return event.who === requester ? undefined : 'not_allowed requester';
}

/** Why what was approved may not be done now. */
function executionRefusal({ context: { run, approved, isUncovered }, event }: Moment): string | undefined {
  if (event.type !== 'execute') return undefined;
  if (run?.state === 'executing') return run.name === event.run ? undefined : 'not_executable under_way';
  if (run?.state === 'executed') return 'not_executable done';
  if (run && run.state !== 'not_run') return 'not_executable needs_retry';
  if (event.what !== approved) return 'not_executable digest';
  return isUncovered ? 'not_executable grant_revoked' : undefined;
}

const rules = (which: string) => (moment: Moment) => ruling(moment) === which;
const isOver = { type: 'refuse', params: { code: 'already_resolved' } } as const;
const notExecutable = (why: string) =>
  ({ type: 'refuse', params: { code: `not_executable ${why}` } }) as const;
const endsNow = (means: string) => (moment: Moment) =>
  moment.context.endLeft === 1 && moment.context.rules.end?.means === means;

export const requestSpecification = setup({
  types: {
    context: {} as Facts,
    events: {} as RequestDeed,
    emitted: {} as { type: 'refused'; code: string },
    input: {} as Rules,
  },
  guards: {
    isCounted: rules('counted'),
    endsRound: rules('next round'),
    approves: rules('approved'),
    denies: rules('denied'),
    mayClaim: (moment) => claimRefusal(moment) === undefined,
    mayWithdraw: (moment) => withdrawalRefusal(moment) === undefined,
    holdsClaim: ({ context, event }) => 'who' in event && context.claim?.who === event.who,
    endsExpired: endsNow('expired'),
    endsDenied: endsNow('denied'),
    endsApproved: endsNow('approved'),
    mayExecute: (moment) => executionRefusal(moment) === undefined,
    isItsRun: ({ context, event }) =>
      'run' in event && context.run?.state === 'executing' && context.run.name === event.run,
    mayRetry: ({ context }) => context.run?.state === 'failed' || context.run?.state === 'unknown',
    isRunDue: ({ context }) => context.run?.state === 'executing' && context.run.left === 1,
    mayNotRun: ({ context: { run }, event }) =>
      'run' in event &&
      (!run || run.state === 'not_run' || (run.state === 'executing' && run.name === event.run)),
    isCovered: ({ context }) => context.rules.covered === true,
    isRunning: ({ context }) => context.run?.state === 'executing',
  },
  actions: {
    refuse: emit((_moment, { code }: { code: string }) => ({ type: 'refused' as const, code })),
    refuseAnswer: emit((moment) => ({ type: 'refused' as const, code: ruling(moment) })),
    refuseClaim: emit((moment) => ({ type: 'refused' as const, code: claimRefusal(moment) ?? '' })),
    refuseWithdrawal: emit((moment) => ({ type: 'refused' as const, code: withdrawalRefusal(moment) ?? '' })),
    refuseExecution: emit((moment) => ({ type: 'refused' as const, code: executionRefusal(moment) ?? '' })),
    count: assign(({ context: { counted, round }, event }) =>
      event.type === 'respond'
        ? { counted: [...counted.filter(({ who }) => who !== event.who), countedAs(event, round)] }
        : {},
    ),
    settle: assign(({ event }) =>
      event.type === 'respond'
        ? {
            answeredBy: event.who,
            answer: event.answer ?? null,
            approved: event.edits ? 'edited' : 'shown',
          }
        : {},
    ),
    give: assign(({ context: { counted } }) => {
      const [first, ...others] = counted.filter(({ yes }) => yes);
      const isAgreed = typeof first?.grant === 'number' && others.every(({ grant }) => grant === first.grant);
      return isAgreed ? { grant: { index: Number(first.grant), revokedBy: null } } : {};
    }),
    revoke: assign(({ context: { grant, rules }, event }) => ({
      grant: grant && { ...grant, revokedBy: grant.revokedBy ?? ('who' in event ? event.who : null) },
      isUncovered: rules.covered === true,
    })),
    beginNextRound: assign(({ context, event }) => ({
      round: context.round + 1,
      agreed: event.type === 'respond' ? (event.answer ?? null) : null,
    })),
    take: assign(({ context, event }) =>
      'who' in event ? { claim: { who: event.who, left: claimLasts(context.rules) } } : {},
    ),
    letGo: assign({ claim: null }),
    giveUpKey: assign({ hasKey: false }),
    askAnew: assign(({ context }) => ({
      revision: context.revision + 1,
      counted: [],
      agreed: null,
      round: 0,
    })),
    giveReason: assign((_moment, { reason }: { reason: string }) => ({ reason })),
    age: assign(({ context }) => aged(context)),
    begin: assign(({ context, event }) =>
      event.type === 'execute'
        ? { run: { name: event.run, state: 'executing' as const, left: runLasts(context.rules) } }
        : {},
    ),
    endRun: assign(({ context: { run } }, { state }: { state: 'executed' | 'failed' | 'unknown' }) => ({
      run: run && { ...run, state, left: 0 },
    })),
    noteNotRun: assign(({ event }) =>
      'run' in event ? { run: { name: event.run, state: 'not_run' as const, left: 0 } } : {},
    ),
    loseAsker: assign(({ context: { rules } }) => ({ isAskerGone: rules.asker === true })),
    regainAsker: assign({ isAskerGone: false }),
    ageRun: assign(({ context: { run } }) => ({ run: run && { ...run, left: run.left - 1 } })),
    forgetRun: assign({ run: null }),
    dismiss: assign(({ context, event }) =>
      event.type === 'dismiss' ? { dismissed: [...new Set([...context.dismissed, event.who])] } : {},
    ),
  },
}).createMachine({
  id: 'request',
  context: ({ input }) => ({
    rules: input,
    revision: 1,
    round: 0,
    counted: [],
    agreed: null,
    grant: null,
    isUncovered: false,
    claim: null,
    endLeft: input.end?.after ?? null,
    moreLeft: input.more?.after ?? null,
    remindersLeft: input.remindAfter ?? [],
    isWidened: false,
    reminded: 0,
    escalated: 0,
    dismissed: [],
    answeredBy: null,
    answer: null,
    reason: null,
    hasKey: true,
    approved: 'shown',
    run: null,
    isAskerGone: false,
  }),
  initial: 'asked',
  on: {
    dismiss: { actions: 'dismiss' },
    // Before its time a deadline means nothing.
    tell: {},
  },
  states: {
    asked: { always: [{ guard: 'isCovered', target: 'settled.approved' }, { target: 'pending' }] },
    pending: {
      on: {
        respond: [
          { guard: 'approves', target: 'settled.approved', actions: ['count', 'settle', 'give', 'letGo'] },
          { guard: 'denies', target: 'settled.denied', actions: ['count', 'settle', 'letGo'] },
          { guard: 'endsRound', actions: ['count', 'beginNextRound', 'letGo'] },
          { guard: 'isCounted', actions: ['count', 'letGo'] },
          { actions: 'refuseAnswer' },
        ],
        claim: [{ guard: 'mayClaim', actions: 'take' }, { actions: 'refuseClaim' }],
        release: [
          { guard: 'holdsClaim', actions: 'letGo' },
          { actions: { type: 'refuse', params: { code: 'not_claimed' } } },
        ],
        stir: { guard: 'holdsClaim', actions: 'take' },
        leave: { guard: 'holdsClaim', actions: 'letGo' },
        amend: { actions: ['askAnew', 'letGo'] },
        withdraw: [
          {
            guard: 'mayWithdraw',
            target: 'settled.cancelled',
            actions: [{ type: 'giveReason', params: { reason: 'I was wrong' } }, 'letGo'],
          },
          { actions: 'refuseWithdrawal' },
        ],
        end_turn: {
          target: 'settled.cancelled',
          actions: [{ type: 'giveReason', params: { reason: 'its turn has ended' } }, 'letGo', 'giveUpKey'],
        },
        cancel: {
          target: 'settled.cancelled',
          actions: [{ type: 'giveReason', params: { reason: 'no longer needed' } }, 'letGo'],
        },
        supersede: {
          target: 'settled.superseded',
          actions: [{ type: 'giveReason', params: { reason: 'superseded' } }, 'letGo', 'giveUpKey'],
        },
        wait: [
          {
            guard: 'endsExpired',
            target: 'settled.expired',
            actions: [{ type: 'giveReason', params: { reason: 'nobody answered in time' } }, 'letGo'],
          },
          {
            guard: 'endsDenied',
            target: 'settled.denied',
            actions: [{ type: 'giveReason', params: { reason: 'nobody answered in time' } }, 'letGo'],
          },
          {
            guard: 'endsApproved',
            target: 'settled.approved',
            actions: [{ type: 'giveReason', params: { reason: 'nobody answered in time' } }, 'letGo'],
          },
          { actions: 'age' },
        ],
        execute: { actions: notExecutable('not_approved') },
        executed: { actions: notExecutable('other_run') },
        failed: { actions: notExecutable('other_run') },
        lost: { actions: notExecutable('other_run') },
        not_run: {},
        asker_leave: { actions: 'loseAsker' },
        asker_return: { actions: 'regainAsker' },
        retry: { actions: notExecutable('not_approved') },
      },
    },
    settled: {
      on: {
        respond: { actions: isOver },
        claim: { actions: isOver },
        release: { actions: isOver },
        amend: { actions: isOver },
        cancel: { actions: isOver },
        withdraw: { actions: isOver },
        stir: {},
        leave: {},
        end_turn: {},
        // It stays as it ended; only its key goes to the newer one.
        supersede: { actions: 'giveUpKey' },
        execute: { actions: notExecutable('not_approved') },
        executed: { actions: notExecutable('other_run') },
        failed: { actions: notExecutable('other_run') },
        lost: { actions: notExecutable('other_run') },
        retry: { actions: notExecutable('not_approved') },
        not_run: {},
        asker_leave: {},
        asker_return: {},
        wait: {},
      },
      initial: 'expired',
      states: {
        approved: {
          on: {
            execute: [{ guard: 'mayExecute', actions: 'begin' }, { actions: 'refuseExecution' }],
            executed: [
              { guard: 'isItsRun', actions: { type: 'endRun', params: { state: 'executed' } } },
              { actions: notExecutable('other_run') },
            ],
            failed: [
              { guard: 'isItsRun', actions: { type: 'endRun', params: { state: 'failed' } } },
              { actions: notExecutable('other_run') },
            ],
            lost: [
              { guard: 'isItsRun', actions: { type: 'endRun', params: { state: 'unknown' } } },
              { actions: notExecutable('other_run') },
            ],
            not_run: [
              { guard: 'mayNotRun', actions: 'noteNotRun' },
              { guard: 'isRunning', actions: notExecutable('other_run') },
              {},
            ],
            asker_return: { actions: 'regainAsker' },
            revoke: { actions: 'revoke' },
            retry: [{ guard: 'mayRetry', actions: 'forgetRun' }, { actions: notExecutable('not_approved') }],
            wait: [
              { guard: 'isRunDue', actions: { type: 'endRun', params: { state: 'unknown' } } },
              { guard: 'isRunning', actions: 'ageRun' },
            ],
          },
        },
        denied: {},
        expired: {},
        cancelled: {},
        superseded: {},
      },
    },
  },
});

/** A tick later, where that is not the end. */
function aged(facts: Facts): Partial<Facts> {
  const { claim, endLeft, moreLeft, remindersLeft } = facts;
  const less = (left: number | null) => (left === null || left === 1 ? null : left - 1);
  const due = remindersLeft.filter((left) => left === 1).length;
  return {
    claim: claim && claim.left > 1 ? { ...claim, left: claim.left - 1 } : null,
    endLeft: less(endLeft),
    moreLeft: less(moreLeft),
    remindersLeft: remindersLeft.filter((left) => left > 1).map((left) => left - 1),
    ...(moreLeft === 1 && { isWidened: true, escalated: facts.escalated + 1 }),
    reminded: facts.reminded + due,
  };
}

/** How a verdict that stands is written down, whatever it is read from. */
export function countedLine(
  who: string,
  status: string,
  round: number,
  { answer, comment }: { answer?: unknown; comment?: unknown } = {},
): string {
  return [who, status, round, answer ?? '-', comment ?? '-'].join(' ');
}

/** The status, whether settled or not. */
function statusOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? String(Object.values(value)[0]) : String(value);
}

/** Answers with each of the grants on offer, with one that is not, and with a grant where there is nothing to grant. */
function choices(actors: readonly string[], revision: number) {
  const [who = 'ann'] = actors;
  return [
    ...actors.flatMap((each) => [0, 1].map((grant) => ({ who: each, yes: true, revision, grant }))),
    { who, yes: true, revision, grant: 2 },
    { who, yes: false, revision, grant: 0 },
  ];
}

/** A no from each, and a yes with each answer; the first of them may also say why. */
function verdicts({ actors, answers, comments }: Rules, revision: number) {
  const [who = 'ann'] = actors;
  const yes = (answer?: string) => ({ yes: true, revision, ...(answer !== undefined && { answer }) });
  const no = { yes: false, revision };
  const each = [...(answers?.map(yes) ?? [yes()]), no];
  const reasoned = comments ? [yes(answers?.[0]), no] : [];
  return [
    ...actors.flatMap((actor) => each.map((verdict) => ({ who: actor, ...verdict }))),
    ...reasoned.map((verdict) => ({ who, ...verdict, comment: 'because' })),
  ];
}

/** The deadlines that may be sent too early. */
function deadlinesOf({ rules, claim, run }: Facts, isPending: boolean): DeadlineType[] {
  if (!isPending) return run?.state === 'executing' ? ['execution_lease_end'] : [];
  return [
    'expire',
    ...(claim ? (['lease_end'] as const) : []),
    ...(rules.remindAfter ? (['remind'] as const) : []),
    ...(rules.more ? (['escalate'] as const) : []),
  ];
}

/** Amendments that are tried one after another; more would only repeat what the second shows. */
const maxRevision = 2;

/** The model of the requests of one kind. */
export function modelOfRequest(rules: Rules): TestModel<typeof requestSpecification, RequestSystem> {
  const { actors, claimers = actors, withdrawers = [], runs = [], editable, dismissal } = rules;
  const { grants, covered, answers: [answer] = [] } = rules;
  const [first = 'ann'] = actors;
  const perform = (system: RequestSystem, deed: RequestDeed) => system.perform(deed);
  const people = claimers.map((who) => ({ who }));
  const names = runs.map((run) => ({ run }));
  const once = runs.length > 0 ? [{}] : [];
  return testModel(requestSpecification, {
    input: rules,
    events: {
      respond: {
        perform,
        cases: ({ context: { revision } }) => [
          ...verdicts(rules, revision),
          { who: first, yes: true, revision: revision + 1, ...(answer !== undefined && { answer }) },
          { who: first, yes: false },
          { who: first, yes: true, revision, misfit: true },
          ...(runs.length > 0 ? [{ who: first, yes: true, revision, edits: true }] : []),
          ...(grants ? choices(actors, revision) : []),
        ],
      },
      claim: { perform, cases: people },
      release: { perform, cases: people },
      stir: { perform, cases: rules.comings ? people : [] },
      leave: { perform, cases: rules.comings ? people : [] },
      withdraw: { perform, cases: withdrawers.map((who) => ({ who })) },
      end_turn: { perform, cases: rules.turn ? [{}] : [] },
      amend: {
        perform,
        cases: ({ context, value }) => (value === 'pending' && context.revision === maxRevision ? [] : [{}]),
      },
      cancel: { perform, cases: once },
      supersede: { perform, cases: once },
      execute: {
        perform,
        cases: names.flatMap((run) => [
          { ...run, what: 'shown' } as const,
          { ...run, what: 'else' } as const,
          ...(editable ? [{ ...run, what: 'edited' } as const] : []),
        ]),
      },
      executed: { perform, cases: names },
      failed: { perform, cases: names },
      lost: { perform, cases: names },
      not_run: { perform, cases: names },
      asker_leave: { perform, cases: rules.asker ? [{}] : [] },
      asker_return: { perform, cases: rules.asker ? [{}] : [] },
      revoke: {
        perform,
        cases: ({ context }) => (context.grant || covered ? [{ who: 'ann' }, { who: 'bob' }] : []),
      },
      retry: { perform, cases: once },
      wait: { perform },
      dismiss: { perform, cases: dismissal ? [{ who: first }] : [] },
      tell: {
        perform,
        cases: ({ context, value }) =>
          deadlinesOf(context, value === 'pending').map((deadline) => ({ deadline })),
      },
    },
    reply: ({ emitted, before }) => {
      const [refused] = emitted;
      if (!refused) return 'ok';
      return refused.code === 'already_resolved'
        ? `already_resolved ${statusOf(before.value)}`
        : refused.code;
    },
    look: (system) => system.look(),
    view: ({ value, context }): RequestSight => ({
      status: statusOf(value),
      revision: context.revision,
      round: context.round,
      claimedBy: context.claim?.who ?? null,
      claimLeft: context.claim?.left ?? null,
      runLeft: context.run?.state === 'executing' ? context.run.left : null,
      counted: context.counted.map(({ who, yes, round, answer, comment }) =>
        countedLine(who, yes ? 'approved' : 'denied', round, { answer, comment }),
      ),
      answeredBy: context.answeredBy,
      answer: context.answer,
      reason: context.reason,
      hasKey: context.hasKey,
      run: context.run?.state ?? null,
      isAskerGone: context.isAskerGone,
      grant: context.grant && `${context.grant.index} ${context.grant.revokedBy ?? 'holds'}`,
      reminded: context.reminded,
      escalated: context.escalated,
      told: { pending: covered ? 0 : 1, resolved: value === 'pending' ? 0 : 1 },
    }),
    // What a settled request was before plays no part in what it does from then on, nor does the order of what was counted.
    key: ({ value, context: { rules: _rules, counted, ...facts } }) =>
      value === 'pending'
        ? { ...facts, counted: counted.toSorted((one, other) => (one.who < other.who ? -1 : 1)) }
        : [value, facts.run, facts.approved, facts.grant, facts.isUncovered, facts.isAskerGone],
  });
}
