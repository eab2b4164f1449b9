/** Who is in a ticket and who may come in, as a state machine; the hub's rooms run one actor of it per ticket in use. */
import { assertEvent, assign, enqueueActions, setup } from 'xstate';

/** One connected tab as the ticket sees it. */
export interface TicketMember {
  clientId: string;
  userId: string;
  name: string;
  tabId: string;
}

/** How many clients may be in at once. */
export interface TicketBounds {
  /** In the ticket. */
  maxClients: number;
  /** In the ticket, of one person. */
  maxClientsOfUser: number;
  /** In all tickets together, of one person. */
  maxClientsOfUserInAll: number;
}

export interface TicketInput extends TicketBounds {
  ticketId: string;
}

export interface TicketContext extends TicketInput {
  members: ReadonlyMap<string, TicketMember>;
}

export type TicketEvent =
  | {
      type: 'join';
      clientId: string;
      userId: string;
      name: string;
      tabId: string;
      /** Clients of this person that are in, in whatever ticket. */
      inAll: number;
    }
  | { type: 'leave'; clientId: string }
  | { type: 'drain' };

/** What a ticket tells the hub. */
export type TicketEmitted =
  | { type: 'client_left'; clientId: string; userId: string }
  /** The same user came back in the same tab: this older client is out. */
  | { type: 'client_replaced'; clientId: string; by: string }
  | { type: 'presence_changed' }
  | Refused;

/** Which bound was reached: the ticket's, the person's in this ticket, or the person's in all tickets. */
export type FullBound = 'ticket' | 'user_in_ticket' | 'user';
type Refused = { type: 'refused' } & ({ code: 'ticket_full'; bound: FullBound } | { code: 'closing' });

function sameTab(context: TicketContext, event: TicketEvent): TicketMember | undefined {
  if (event.type !== 'join') return undefined;
  for (const member of context.members.values()) {
    if (member.userId === event.userId && member.tabId === event.tabId) return member;
  }
  return undefined;
}

/** How many clients each person has in this ticket. */
function clientsByUser({ members }: TicketContext): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { userId } of members.values()) counts.set(userId, (counts.get(userId) ?? 0) + 1);
  return counts;
}

export const ticketMachine = setup({
  types: {
    context: {} as TicketContext,
    events: {} as TicketEvent,
    emitted: {} as TicketEmitted,
    input: {} as TicketInput,
  },
  guards: {
    /** The same user in the same tab is already in: it takes that place, also when the ticket is full. */
    isTakeover: ({ context, event }) => sameTab(context, event) !== undefined,
    /** Of every other person at most half of the places count, so that nobody who has more tabs locks the others out. */
    hasRoom: ({ context, event }) => {
      const { members, maxClients } = context;
      if (members.size < maxClients) return true;
      const share = Math.ceil(maxClients / 2);
      let taken = 0;
      for (const [userId, count] of clientsByUser(context))
        taken += 'userId' in event && userId === event.userId ? count : Math.min(count, share);
      return taken < maxClients;
    },
    /** The person has as many clients in this ticket as one may. */
    isUserFull: ({ context, event }) => {
      const own = 'userId' in event ? (clientsByUser(context).get(event.userId) ?? 0) : 0;
      return own >= context.maxClientsOfUser;
    },
    /** The person has as many clients in all tickets as one may. */
    isUserFullInAll: ({ context, event }) =>
      event.type === 'join' && event.inAll >= context.maxClientsOfUserInAll,
    isMember: ({ context, event }) => 'clientId' in event && context.members.has(event.clientId),
    isLastMember: ({ context, event }) =>
      event.type === 'leave' && context.members.size === 1 && context.members.has(event.clientId),
  },
  actions: {
    admit: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'join');
      const replaced = sameTab(context, event);
      const members = new Map(context.members);
      if (replaced) members.delete(replaced.clientId);
      members.set(event.clientId, {
        clientId: event.clientId,
        userId: event.userId,
        name: event.name,
        tabId: event.tabId,
      });
      enqueue.assign({ members });
      if (replaced)
        enqueue.emit({ type: 'client_replaced', clientId: replaced.clientId, by: event.clientId });
      else enqueue.emit({ type: 'presence_changed' });
    }),
    dismiss: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'leave');
      const member = context.members.get(event.clientId);
      if (!member) return;
      const members = new Map(context.members);
      members.delete(event.clientId);
      enqueue.assign({ members });
      enqueue.emit({ type: 'client_left', clientId: member.clientId, userId: member.userId });
      enqueue.emit({ type: 'presence_changed' });
    }),
    refuse: enqueueActions(({ enqueue }) => enqueue.emit({ type: 'refused', code: 'closing' })),
    refuseFull: enqueueActions(({ enqueue }, { bound }: { bound: FullBound }) =>
      enqueue.emit({ type: 'refused', code: 'ticket_full', bound }),
    ),
    forgetAll: assign({ members: () => new Map<string, TicketMember>() }),
  },
}).createMachine({
  id: 'ticket',
  description: 'A room in which people and agents meet. It is kept in memory only while somebody is in it.',
  meta: {
    guards: {
      isTakeover: 'the same user is already in, in the same tab',
      hasRoom:
        'fewer clients are in than the ticket allows; of every other person at most half of the places count',
      isUserFull: 'the person has as many clients in the ticket as one may',
      isUserFullInAll: 'the person has as many clients in all tickets as one may',
      isMember: 'the client is in the ticket',
      isLastMember: 'the client is the only one in the ticket',
    },
    events: {
      join: 'A tab of a person wants in.',
      leave: 'A tab is gone.',
      drain: 'The hub begins to close.',
    },
  },
  context: ({ input }) => ({ ...input, members: new Map<string, TicketMember>() }),
  initial: 'idle',
  states: {
    idle: {
      description: 'Nobody is in. The hub drops the actor; the next join brings it back.',
      on: {
        join: [
          {
            guard: 'isUserFullInAll',
            actions: { type: 'refuseFull', params: { bound: 'user' } },
            description: 'The person is in enough tickets: refused before the handshake, nothing is created.',
          },
          { target: 'active', actions: 'admit', description: 'The first client comes in.' },
        ],
        drain: { target: 'closed', description: 'The hub closes and nobody is left to wait for.' },
      },
    },
    active: {
      description: 'At least one client is in.',
      on: {
        join: [
          { guard: 'isMember', description: 'It is in already: nothing changes.' },
          {
            guard: 'isTakeover',
            actions: 'admit',
            description:
              'The same tab comes back: the older client is replaced, also when the ticket is full.',
          },
          {
            guard: 'isUserFull',
            actions: { type: 'refuseFull', params: { bound: 'user_in_ticket' } },
            description: 'The person has enough tabs in the ticket: refused, so that others find room.',
          },
          {
            guard: 'isUserFullInAll',
            actions: { type: 'refuseFull', params: { bound: 'user' } },
            description: 'The person is in enough tickets: refused as in an empty ticket.',
          },
          { guard: 'hasRoom', actions: 'admit', description: 'One more client comes in.' },
          {
            actions: { type: 'refuseFull', params: { bound: 'ticket' } },
            description: 'The ticket is full: refused before the handshake, nothing is created.',
          },
        ],
        leave: [
          {
            guard: 'isLastMember',
            target: 'idle',
            actions: 'dismiss',
            description: 'The last client leaves.',
          },
          { guard: 'isMember', actions: 'dismiss', description: 'A client leaves, others stay.' },
        ],
        drain: {
          target: 'draining',
          description: 'The hub closes: nobody comes in, those in are told to leave.',
        },
      },
    },
    draining: {
      description: 'The hub is closing; clients leave, none come in.',
      on: {
        join: {
          actions: 'refuse',
          description: 'Come back when the next server is up.',
        },
        leave: [
          {
            guard: 'isLastMember',
            target: 'closed',
            actions: 'dismiss',
            description: 'The last client is gone.',
          },
          { guard: 'isMember', actions: 'dismiss', description: 'A client leaves, others still have to.' },
        ],
      },
    },
    closed: {
      description: 'Over in this process. What was said is in the store.',
      entry: 'forgetAll',
      type: 'final',
    },
  },
});

/** Who is in, one entry per person, in the order of their first tab. */
export function presenceOf(
  context: TicketContext,
): { user: { id: string; name: string }; clients: number }[] {
  const people = new Map<string, { user: { id: string; name: string }; clients: number }>();
  for (const { userId, name } of context.members.values()) {
    const person = people.get(userId);
    if (person) person.clients += 1;
    else people.set(userId, { user: { id: userId, name }, clients: 1 });
  }
  return [...people.values()];
}
