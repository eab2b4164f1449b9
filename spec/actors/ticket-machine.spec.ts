import {
  presenceOf,
  type TicketEvent,
  type TicketMember,
  ticketMachine,
} from '../../lib/actors/ticket-machine';
import { LiveActor } from '../../lib/hub/commit/live-actor';
import { Coverage } from './coverage';
import { everyEventEverywhere } from './paths';

const input = { ticketId: 'T', maxClients: 2, maxClientsOfUser: 2, maxClientsOfUserInAll: 4 };

function join(clientId: string, userId: string, tabId: string, inAll = 0): TicketEvent {
  return { type: 'join', clientId, userId, name: userId.toUpperCase(), tabId, inAll };
}

const events: TicketEvent[] = [
  join('c1', 'ann', 'left'),
  join('c2', 'ann', 'right'),
  join('c3', 'ben', 'left'),
  // The first one's tab comes back.
  join('c4', 'ann', 'left'),
  // An id that may be in already, from another tab.
  join('c2', 'ann', 'third'),
  // Of a person who has joined the ticket twice, or as many tickets as one may join.
  join('c5', 'ann', 'fourth', 2),
  join('c6', 'cem', 'left', 4),
  { type: 'leave', clientId: 'c1' },
  { type: 'leave', clientId: 'c2' },
  { type: 'leave', clientId: 'c3' },
  { type: 'leave', clientId: 'c4' },
  { type: 'leave', clientId: 'nobody' },
  { type: 'drain' },
];

/** The rules in plain code, apart from the machine. */
interface Oracle {
  state: 'idle' | 'active' | 'draining' | 'closed';
  members: readonly TicketMember[];
}

function judge(ticket: Oracle, event: TicketEvent): [Oracle, object[]] {
  const { state, members } = ticket;
  if (state === 'closed') return [ticket, []];
  if (event.type === 'drain') {
    const next = state === 'idle' ? 'closed' : 'draining';
    return [{ ...ticket, state: next }, []];
  }
  const { clientId } = event;
  const member = members.find((each) => each.clientId === clientId);
  if (event.type === 'leave') {
    if (!member) return [ticket, []];
    const rest = members.filter((each) => each !== member);
    const empty = state === 'draining' ? 'closed' : 'idle';
    return [
      { ...ticket, members: rest, state: rest.length > 0 ? state : empty },
      [{ type: 'client_left', clientId, userId: member.userId }, { type: 'presence_changed' }],
    ];
  }
  if (state === 'draining') return [ticket, [{ type: 'refused', code: 'closing' }]];
  if (member) return [ticket, []];
  const { userId, name, tabId, inAll } = event;
  const older = members.find((each) => each.userId === userId && each.tabId === tabId);
  const own = members.filter((each) => each.userId === userId).length;
  const full = (bound: string): [Oracle, object[]] => [
    ticket,
    [{ type: 'refused', code: 'ticket_full', bound }],
  ];
  if (!older && own === input.maxClientsOfUser) return full('user_in_ticket');
  if (!older && inAll === input.maxClientsOfUserInAll) return full('user');
  // Of another person's tabs one counts, which is half of the two places.
  const others = new Set(members.filter((each) => each.userId !== userId).map((each) => each.userId));
  if (!older && own + others.size >= input.maxClients) return full('ticket');
  const newcomer = { clientId, userId, name, tabId };
  return [
    {
      state: 'active',
      members: [...members.filter((each) => each !== older), newcomer],
    },
    older
      ? [{ type: 'client_replaced', clientId: older.clientId, by: clientId }]
      : [{ type: 'presence_changed' }],
  ];
}

const paths = everyEventEverywhere(ticketMachine, input, events, ({ value, context }) => [
  value,
  [...context.members.values()].map(({ clientId, tabId }: TicketMember) => [clientId, tabId]),
]);
const coverage = new Coverage(ticketMachine);

describe('A ticket', () => {
  it('is what the rules say after each event in each state, refused ones included', () => {
    expect(paths.length).toBeGreaterThan(200);
    for (const path of paths) {
      let expected: Oracle = { state: 'idle', members: [] };
      const { actor, send } = coverage.watch(input);
      for (const event of path) {
        const [next, told] = judge(expected, event);
        const emitted = send(event);
        const { value, context } = actor.getSnapshot();
        // The path is compared too, so that a failure says how it was reached.
        expect([path, value, [...context.members.values()], emitted]).toEqual([
          path,
          next.state,
          next.members,
          told,
        ]);
        expected = next;
      }
    }
  });

  it('was seen in every state, took every transition, and every guard said yes and no where it stands', () => {
    expect(coverage.missing()).toEqual([]);
  });

  it('never holds more clients than it may, in all and of one person, and never two of one tab', () => {
    for (const path of paths) {
      const [live] = LiveActor.begin(ticketMachine, input);
      for (const event of path) {
        live.send(event);
        const members = [...live.snapshot.context.members.values()];
        // One person's second tab takes no place of others.
        expect(members.length).toBeLessThanOrEqual(input.maxClients + 1);
        expect(new Set(members.map(({ userId }) => userId)).size).toBeLessThanOrEqual(input.maxClients);
        for (const { userId } of members)
          expect(members.filter((each) => each.userId === userId).length).toBeLessThanOrEqual(
            input.maxClientsOfUser,
          );
        expect(new Set(members.map(({ userId, tabId }) => `${userId} ${tabId}`)).size).toBe(members.length);
      }
    }
  });

  it('says of each client that comes back in a tab which one it replaced, so that the two can be distinguished', () => {
    const [live] = LiveActor.begin(ticketMachine, input);
    const told = ['c1', 'c4', 'c5'].flatMap((id) => live.send(join(id, 'ann', 'left')));
    expect(told).toEqual([
      { type: 'presence_changed' },
      { type: 'client_replaced', clientId: 'c1', by: 'c4' },
      { type: 'client_replaced', clientId: 'c4', by: 'c5' },
    ]);
    expect([...live.snapshot.context.members.keys()]).toEqual(['c5']);
  });

  it('shows each person once, in the order in which they came, with the number of their tabs', () => {
    const [live] = LiveActor.begin(ticketMachine, { ...input, maxClients: 5 });
    expect(presenceOf(live.snapshot.context)).toEqual([]);
    for (const event of [join('c1', 'ann', 'left'), join('c2', 'ben', 'left'), join('c3', 'ann', 'right')])
      live.send(event);
    expect(presenceOf(live.snapshot.context)).toEqual([
      { user: { id: 'ann', name: 'ANN' }, clients: 2 },
      { user: { id: 'ben', name: 'BEN' }, clients: 1 },
    ]);
  });

  it('does not change what it emitted before when another client joins', () => {
    const [live] = LiveActor.begin(ticketMachine, input);
    live.send(join('c1', 'ann', 'left'));
    const { members } = live.snapshot.context;
    live.send(join('c3', 'ben', 'left'));
    expect([...members.keys()]).toEqual(['c1']);
  });

  it.each([
    ['an event it does not know', { type: 'knock' }],
    ['a leave that names no client', { type: 'leave' }],
    ['a leave with an id that is none', { type: 'leave', clientId: { toString: 1 } }],
    ['a join without anything', { type: 'join' }],
    ['a join with ids that are not text', { type: 'join', clientId: 1, userId: null, name: [], tabId: {} }],
    ['a join with a count that is none', { ...join('c9', 'zoe', 'left'), inAll: 'many' }],
  ])('does not break on %s', (_name, illegal) => {
    const [live] = LiveActor.begin(ticketMachine, input);
    live.send(join('c1', 'ann', 'left'));
    // Types forbid these; a caller in plain JavaScript may still send them.
    live.send(illegal as unknown as TicketEvent);
    expect(live.snapshot.status).toBe('active');
    expect(live.snapshot.context.members.has('c1')).toBe(true);
  });
});
