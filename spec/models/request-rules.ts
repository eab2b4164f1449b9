/** The kinds of request that the model is tried with, in the specification's own words, and how each is asked of the hub. */
import type { HitlRequestInput } from '../../lib/hub/requests/ask';
import type { AnswerPolicy } from '../../lib/protocol/records';

/** One round of answers. */
export interface Round {
  users?: readonly string[];
  groups?: readonly string[];
  /** How many different people must say yes. */
  yes: number;
  /** Out of how many, where a majority decides. */
  of?: number;
}

/** Everything that is decided when a request is asked. Times are in ticks of the model's clock. */
export interface Rules {
  rounds: readonly Round[];
  /** The requester may not answer. */
  fourEyes?: boolean;
  /** Denied only when the yes that are needed cannot be reached any more; else one no is enough. */
  majority?: boolean;
  /** Only who holds the claim may answer. */
  exclusive?: boolean;
  /** When it ends, and what silence means. */
  end?: { after: number; means: 'expired' | 'denied' | 'approved' };
  remindAfter?: readonly number[];
  /** Who may answer too, from when on. */
  more?: { after: number; users: readonly string[] };
  /** It is a question, and these are the answers to choose from; else it is about a tool. */
  answers?: readonly string[];
  /** The first of them sometimes says why. */
  comments?: boolean;
  /** Approvals count together though they carry different answers. */
  mayDiffer?: boolean;
  /** The person who approves may change the arguments. */
  editable?: boolean;
  /** Two grants may come with the approval: one for the ticket, one for everywhere, which bob may not give. */
  grants?: boolean;
  /** A grant that was given before covers it. */
  covered?: boolean;
  /** How long a tick is, in milliseconds. Default: a minute. */
  tick?: number;
  /** Who tries to answer. */
  actors: readonly string[];
  /** Who of them tries to claim it. Default: all. */
  claimers?: readonly string[];
  /** Those who claim it also do other things in the ticket, and leave it. */
  comings?: boolean;
  /** Who tries to take it back. */
  withdrawers?: readonly string[];
  /** Whom the app lets; without it, the requester. */
  mayCancel?: readonly string[];
  /** It is asked in a turn, which ends. */
  turn?: boolean;
  /** It is asked in a turn that may be over while it stays, and asked again. */
  asker?: boolean;
  /** The app's own rule may turn against the first of them. */
  dismissal?: boolean;
  /** The runs that try to carry it out. Without any it is not withdrawn or replaced either: others are, in the same ways. */
  runs?: readonly string[];
}

const minute = 60_000;
export const tickOf = ({ tick = minute }: Rules) => tick;
/** Ticks that a claim lasts without being renewed, two minutes; and a run, one minute. */
export const claimLasts = (rules: Rules) => (2 * minute) / tickOf(rules);
export const runLasts = (rules: Rules) => minute / tickOf(rules);

/** The requester. The stranger is refused by the app's own rule. */
export const requester = 'rita';
export const groupsOf: Readonly<Record<string, readonly string[]>> = { lea: ['lead'], leo: ['lead'] };
export const stranger = 'mallory';

const anybody: readonly Round[] = [{ yes: 1 }];
const answers = ['left', 'right'];

export const requests: Readonly<Record<string, Rules>> = {
  'no rule': {
    rounds: anybody,
    actors: ['ann', 'bob', stranger],
    runs: ['run1', 'run2'],
    claimers: ['ann', 'bob'],
  },
  'an app that changes its mind': {
    rounds: anybody,
    actors: ['ann', 'bob'],
    claimers: ['ann'],
    dismissal: true,
  },
  'four eyes': { rounds: anybody, fourEyes: true, actors: ['ann', 'rita'] },
  'named people and a group': {
    rounds: [{ users: ['ann'], groups: ['lead'], yes: 1 }],
    actors: ['ann', 'bob', 'lea'],
  },
  'more people after a while': {
    rounds: [{ users: ['ann'], yes: 1 }],
    remindAfter: [1, 3],
    more: { after: 2, users: ['bob'] },
    actors: ['ann', 'bob'],
    claimers: ['bob'],
  },
  'two approvals, one veto': { rounds: [{ yes: 2 }], actors: ['ann', 'bob'], claimers: ['bob'] },
  'two approvals of three': {
    rounds: [{ yes: 2, of: 3 }],
    majority: true,
    actors: ['ann', 'bob', 'lea'],
    claimers: [],
  },
  'two stages': {
    rounds: [
      { users: ['ann'], yes: 1 },
      { groups: ['lead'], yes: 2 },
    ],
    actors: ['ann', 'lea', 'leo'],
    claimers: ['lea'],
  },
  'two stages with more people after a while': {
    rounds: [
      { users: ['ann'], yes: 1 },
      { users: ['lea'], yes: 1 },
    ],
    more: { after: 1, users: ['bob'] },
    actors: ['ann', 'bob'],
    claimers: [],
  },
  'two stages and a majority': {
    rounds: [
      { users: ['ann', 'lea'], yes: 1, of: 2 },
      { users: ['bob', 'zoe'], yes: 1, of: 2 },
    ],
    majority: true,
    actors: ['ann', 'bob', 'lea'],
    claimers: [],
  },
  'a question to two': { rounds: [{ yes: 2 }], answers, actors: ['ann', 'bob', 'lea'], claimers: [] },
  'a question to two of three': {
    rounds: [{ yes: 2, of: 3 }],
    majority: true,
    answers,
    comments: true,
    actors: ['ann', 'bob'],
    claimers: [],
  },
  'a question to two who may differ': {
    rounds: [{ yes: 2 }],
    answers,
    mayDiffer: true,
    actors: ['ann', 'bob'],
    claimers: [],
  },
  'a question in two stages': {
    rounds: [{ users: ['ann', 'lea'], yes: 1 }, { yes: 1 }],
    answers,
    actors: ['ann', 'lea'],
    claimers: [],
  },
  'an exclusive claim': { rounds: anybody, exclusive: true, actors: ['ann', 'bob'] },
  'a claim that lasts as long as its holder is there': {
    rounds: anybody,
    actors: ['ann', 'bob'],
    comings: true,
  },
  'a turn that ends': { rounds: anybody, actors: ['ann'], claimers: [], runs: ['run1'], turn: true },
  'a turn that is over while it stays': {
    rounds: anybody,
    actors: ['ann'],
    claimers: [],
    runs: ['run1'],
    asker: true,
  },
  'people who take it back': {
    rounds: anybody,
    actors: ['ann'],
    claimers: [],
    withdrawers: ['ann', requester],
  },
  'people whom the app lets take it back': {
    rounds: anybody,
    actors: ['ann'],
    claimers: [],
    withdrawers: ['ann', 'bob', requester],
    mayCancel: ['ann', 'bob'],
  },
  'an end': { rounds: anybody, end: { after: 3, means: 'expired' }, actors: ['ann'] },
  'an end that denies': {
    rounds: anybody,
    end: { after: 1, means: 'denied' },
    remindAfter: [1],
    actors: ['ann'],
  },
  'an end that approves': {
    rounds: anybody,
    end: { after: 1, means: 'approved' },
    actors: ['ann'],
    runs: ['run1'],
  },
  'arguments that may be edited': {
    rounds: anybody,
    editable: true,
    actors: ['ann', 'bob'],
    runs: ['run1'],
    claimers: [],
  },
  'grants on offer': { rounds: anybody, grants: true, actors: ['ann', 'bob'], claimers: [] },
  'grants on offer and two approvals': {
    rounds: [{ yes: 2 }],
    grants: true,
    actors: ['ann', 'bob', 'lea'],
    claimers: [],
  },
  'grants on offer and two stages': {
    rounds: [
      { users: ['ann'], yes: 1 },
      { users: ['bob'], yes: 1 },
    ],
    grants: true,
    actors: ['ann', 'bob'],
    claimers: [],
  },
  'a grant that covers it': {
    rounds: anybody,
    grants: true,
    covered: true,
    actors: ['ann'],
    runs: ['run1', 'run2'],
  },
  'a run that renews its lease': {
    rounds: anybody,
    tick: minute / 2,
    actors: ['ann'],
    claimers: [],
    runs: ['run1'],
  },
};

/** The request as the app would ask it. */
export function askOf(rules: Rules): Omit<HitlRequestInput, 'ticketId' | 'sessionId' | 'key'> {
  const { rounds, end, more, answers } = rules;
  const tick = tickOf(rules);
  const stages = rounds.map(({ users, groups, yes, of }) => ({
    ...(users && { users }),
    ...(groups && { groups }),
    ...(yes > 1 && { approvals: yes }),
    ...(of && { of }),
  }));
  return {
    type: answers ? 'question' : 'tool_approval',
    payload: payloadOf(rules, 1),
    userId: requester,
    ...(rules.asker && { turnId: 'a turn of another process' }),
    policy: {
      ...(stages.length > 1 ? { stages } : stages[0]),
      ...(rules.fourEyes && { excludeRequester: true }),
      ...(rules.majority && { denial: 'majority' }),
      ...(rules.mayDiffer && { agreement: 'any' }),
      ...(rules.exclusive && { claim: 'exclusive' }),
    } as AnswerPolicy,
    ...(rules.remindAfter && { remindIn: rules.remindAfter.map((after) => after * tick) }),
    ...(more && { escalate: { after: more.after * tick, to: { users: more.users } } }),
    ...(end && { expiresIn: end.after * tick, onExpiry: end.means }),
  };
}

/** What is asked, in each revision something else. */
export function payloadOf({ editable, grants, answers }: Rules, revision: number): Record<string, unknown> {
  if (answers) return { question: `Which way, for the ${revision}. time?`, options: answers };
  return {
    tool_name: 'block_ip',
    tool_args: { ip: `203.0.113.${revision}` },
    ...(editable && { editable }),
    ...(grants && { grants: offers }),
  };
}

/** Longer than any path takes. */
const expires_in_ms = 90 * 24 * 60 * minute;
const offers = [
  { scope: 'ticket', args: 'exact', expires_in_ms },
  { scope: 'everywhere', args: 'exact', expires_in_ms },
] as const;

/** What the machine is sent about the grant that a person chooses. */
export function grantOf(index: number, who: string) {
  const offer = offers[index];
  return offer && { ...offer, id: 'g1', index, permitted: mayGive(who, offer) };
}

/** The app's own rule about grants; of those in one ticket it is not asked. */
export function mayGive(who: string, { scope }: { scope: string }): boolean {
  return scope === 'ticket' || who !== 'bob';
}

/** What a person makes of the arguments who edits them. */
export const editedArgs = { ip: '198.51.100.1' };
