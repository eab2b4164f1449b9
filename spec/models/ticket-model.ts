/** What a ticket must do when clients join and leave, as a machine of its own: written from the specification, apart from the one in `lib/actors`. */
import { assign, emit, setup } from 'xstate';
import { type TestModel, testModel } from '../../lib/testing';

/** The tabs that join and leave: three of one person, one of another. */
export const tabs = ['ann left', 'ann right', 'ann third', 'ben left'] as const;
export type Tab = (typeof tabs)[number];
/** Clients at once: in the ticket, there of one person, and of one person in all tickets. */
export const bounds = { maxClients: 2, maxClientsOfUser: 2, maxClientsOfUserInAll: 4 };

/** Of the person of a tab, whether as many of their tabs are connected as one person may have. */
const isUserFull = (facts: Facts, tab: Tab) =>
  membersOf(facts).filter((each) => personOf(each) === personOf(tab)).length >= bounds.maxClientsOfUser;
const personOf = (tab: Tab) => tab.split(' ')[0];
/** Places that count against a tab: all of its own person's, and of the other person's one, which is half of two. */
const placesTaken = (facts: Facts, tab: Tab) => {
  const own = membersOf(facts).filter((each) => personOf(each) === personOf(tab)).length;
  return own + (membersOf(facts).length > own ? 1 : 0);
};

export type TicketDeed =
  /** A tab connects; if it is connected already, it reconnects and takes the older connection's place. */
  | { type: 'join' | 'leave'; tab: Tab }
  /** The hub begins to close, and is held up; then it goes on. */
  | { type: 'drain' | 'end' }
  /** The hub ends and starts again. */
  | { type: 'restart' };

/** Where a tab's last connection is. */
export type Whereabouts = 'never here' | 'in' | 'left' | 'cut off' | 'sent away';

/** Where all tabs are at the beginning. */
export const neverHere: Readonly<Record<Tab, Whereabouts>> = {
  'ann left': 'never here',
  'ann right': 'never here',
  'ann third': 'never here',
  'ben left': 'never here',
};

export interface TicketSight {
  /** Who is connected, with how many tabs, as each connected client was sent last; sorted. */
  presence: readonly string[];
  clients: number;
  tabs: Readonly<Record<Tab, Whereabouts>>;
}

/** A ticket that tabs can come into and leave. */
export interface TicketSystem {
  /** `ok`, the code of the refusal, or that an older connection was replaced. */
  perform(deed: TicketDeed): Promise<string>;
  look(): Promise<TicketSight>;
  /** Persists and restores the ticket; only where that can be done without an end of the hub. */
  restart?(): void;
  stop(): void | Promise<void>;
}

interface Facts {
  tabs: Readonly<Record<Tab, Whereabouts>>;
}

interface Moment {
  context: Facts;
  event: TicketDeed;
}

export const isIn = ({ tabs: each }: Facts, tab: Tab) => each[tab] === 'in';
const membersOf = (facts: Facts) => tabs.filter((tab) => isIn(facts, tab));
const isTabIn = ({ context, event }: Moment) => 'tab' in event && isIn(context, event.tab);
const moved =
  (to: Whereabouts) =>
  ({ context, event }: Moment) =>
    'tab' in event ? { tabs: { ...context.tabs, [event.tab]: to } } : {};
const allMoved = (facts: Facts, to: Whereabouts) => ({
  tabs: Object.fromEntries(
    tabs.map((tab) => [tab, isIn(facts, tab) ? to : facts.tabs[tab]]),
  ) as Facts['tabs'],
});

export const ticketSpecification = setup({
  types: {
    context: {} as Facts,
    events: {} as TicketDeed,
    emitted: {} as { type: 'answered'; as: string },
  },
  guards: {
    isTabIn,
    hasRoom: ({ context, event }) => 'tab' in event && placesTaken(context, event.tab) < bounds.maxClients,
    isUserFull: ({ context, event }) => 'tab' in event && isUserFull(context, event.tab),
    isLast: (moment) => isTabIn(moment) && membersOf(moment.context).length === 1,
  },
  actions: {
    enter: assign(moved('in')),
    leave: assign(moved('left')),
    cutOff: assign(({ context }) => allMoved(context, 'cut off')),
    sendAway: assign(({ context }) => allMoved(context, 'sent away')),
    answer: emit((_moment, { as }: { as: string }) => ({ type: 'answered' as const, as })),
  },
}).createMachine({
  id: 'ticketSpecification',
  context: { tabs: neverHere },
  initial: 'empty',
  states: {
    empty: {
      on: {
        join: { target: 'inUse', actions: 'enter' },
        // Who is not in cannot leave.
        leave: {},
        drain: 'over',
        restart: {},
      },
    },
    inUse: {
      on: {
        join: [
          { guard: 'isTabIn', actions: { type: 'answer', params: { as: 'ok, the older one was replaced' } } },
          { guard: 'isUserFull', actions: { type: 'answer', params: { as: 'ticket_full user_in_ticket' } } },
          { guard: 'hasRoom', actions: 'enter' },
          { actions: { type: 'answer', params: { as: 'ticket_full ticket' } } },
        ],
        leave: [
          { guard: 'isLast', target: 'empty', actions: 'leave' },
          { guard: 'isTabIn', actions: 'leave' },
        ],
        drain: 'draining',
        restart: { target: 'empty', actions: 'cutOff' },
      },
    },
    draining: {
      on: {
        join: { actions: { type: 'answer', params: { as: 'closing' } } },
        leave: [
          { guard: 'isLast', target: 'over', actions: 'leave' },
          { guard: 'isTabIn', actions: 'leave' },
        ],
        end: { target: 'over', actions: 'sendAway' },
      },
    },
    over: {
      on: {
        join: { actions: { type: 'answer', params: { as: 'closing' } } },
        leave: {},
        end: {},
      },
    },
  },
});

export function modelOfTicket(): TestModel<typeof ticketSpecification, TicketSystem> {
  const perform = (system: TicketSystem, deed: TicketDeed) => system.perform(deed);
  const everyTab = tabs.map((tab) => ({ tab }));
  const during = (...states: readonly string[]) => ({
    perform,
    cases: ({ value }: { value: string }) => (states.includes(value) ? [{}] : []),
  });
  return testModel(ticketSpecification, {
    events: {
      join: { perform, cases: everyTab },
      leave: { perform, cases: everyTab },
      drain: during('empty', 'inUse'),
      end: during('draining', 'over'),
      restart: during('empty', 'inUse'),
    },
    // Who was here before and how they went plays no part.
    key: ({ value, context }) => [value, membersOf(context)],
    reply: ({ emitted }) => emitted[0]?.as ?? 'ok',
    look: (system) => system.look(),
    view: ({ context }): TicketSight => ({
      presence: presenceOf(membersOf(context)),
      clients: membersOf(context).length,
      tabs: context.tabs,
    }),
  });
}

/** `ann 2` for two tabs of one person. */
export function presenceOf(members: readonly Tab[]): string[] {
  const people = new Map<string, number>();
  for (const tab of members) {
    const [person = ''] = tab.split(' ');
    people.set(person, (people.get(person) ?? 0) + 1);
  }
  return [...people].map(([person, clients]) => `${person} ${clients}`).sort();
}
