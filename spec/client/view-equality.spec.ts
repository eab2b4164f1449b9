import fc from 'fast-check';
import '../seed';
import { type Envelope, emptyView, reduce, type View } from '../../lib/client';
import type { LoggedEnvelope, Snapshot } from '../../lib/protocol/envelopes';
import { type Step, step, TicketLog } from './ticket-log';

/** Every view on the way is frozen: a reducer that changed one in place would throw. */
const viewOf = (envelopes: readonly Envelope[], from: View = emptyView()) =>
  envelopes.reduce((view, envelope) => {
    for (const part of Object.values(view)) Object.freeze(part);
    return reduce(Object.freeze(view), envelope);
  }, from);

const isUnfinished = ({ ended_at }: { ended_at?: string | undefined }) => ended_at === undefined;

/** Those of the list that the other one has too. */
const knownTo = <T extends { id: string }>(list: readonly T[], other: readonly T[]) =>
  list.filter(({ id }) => other.some((each) => each.id === id));

/** What the document of `View` promises of a view that heard everything and one that began with a snapshot. */
function expectSame(long: View, short: View): void {
  expect(short.position).toEqual(long.position);
  expect(short.pending).toEqual(long.pending);
  expect(short.turns.filter(isUnfinished)).toEqual(long.turns.filter(isUnfinished));
  expect(short.turns).toEqual(knownTo(long.turns, short.turns));
  expect(short.settled).toEqual(knownTo(long.settled, short.settled));
  expect(short.sessions).toEqual(long.sessions);
  expect(short.timeline).toEqual(
    short.timeline.length > 0 ? long.timeline.slice(-short.timeline.length) : [],
  );
}

/** What the view that began with the snapshot must know, since it happened afterwards. */
function expectKnown(short: View, snapshot: Snapshot, tail: readonly LoggedEnvelope[]): void {
  const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id);
  const added = tail.filter(({ event }) => event === 'session_message_added').length;
  expect(short.timeline).toHaveLength(snapshot.messages.length + added);
  const resolved = tail.flatMap((each) => (each.event === 'hitl_request_resolved' ? [each.hitl.id] : []));
  expect(ids(short.settled)).toEqual(expect.arrayContaining(resolved));
  const ended = tail.flatMap((each) => (each.event === 'turn_ended' ? [each.turn_id] : []));
  expect(ids(short.turns)).toEqual(expect.arrayContaining(ended));
}

/** Of a log in which nothing is, no view knows the epoch; so something is said first. */
const stepsOf = (minLength: number, maxLength: number) =>
  fc.array(step, { minLength, maxLength }).map((steps): Step[] => [{ do: 'say', who: 0, tab: 0 }, ...steps]);

async function happened(steps: readonly Step[]) {
  const ticket = new TicketLog();
  await ticket.hub.start();
  for (const each of steps) await ticket.happen(each);
  const log = await ticket.log();
  const now = await ticket.hub.opening('T-1');
  await ticket.end();
  return { log, snapshots: ticket.snapshots, now };
}

test('a view made of the whole log, and one made of a snapshot and what came after it, agree on what both know', async () => {
  const seen: Record<string, number> = {};
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(stepsOf(15, 60), async (steps) => {
      const { log, snapshots } = await happened(steps);
      const long = viewOf(log);
      for (const snapshot of snapshots) {
        const tail = log.filter(({ seq }) => seq > snapshot.seq);
        const short = viewOf(tail, reduce(emptyView(), snapshot));
        expectSame(long, short);
        expectKnown(short, snapshot, tail);
        compared += Number(tail.length > 0 && snapshot.seq > 0);
      }
      for (const { event, ...rest } of log) {
        const what = 'hitl' in rest ? `${event} ${rest.hitl.status}` : event;
        seen[what] = (seen[what] ?? 0) + 1;
      }
    }),
    { numRuns: 200 },
  );
  // A property that held since nothing happened would say nothing.
  expect(compared).toBeGreaterThan(50);
  expect(Object.keys(seen).sort()).toEqual([
    'hitl_request_pending pending',
    'hitl_request_resolved approved',
    'hitl_request_resolved cancelled',
    'hitl_request_resolved denied',
    'hitl_request_resolved expired',
    'hitl_request_resolved superseded',
    'hitl_request_updated approved',
    'hitl_request_updated pending',
    'session_created',
    'session_message_added',
    'session_message_updated',
    'turn_ended',
    'turn_started',
  ]);
}, 60_000);

test('however often and from where the log is replayed, the view is the same', async () => {
  const retellings = fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(stepsOf(10, 40), retellings, async (steps, again) => {
      const { log } = await happened(steps);
      let view = emptyView();
      let handled = 0;
      // Also pieces that are all old, which must not bring back what is over.
      for (const [back, on] of [...again, [0, log.length] as const, ...again]) {
        const from = Math.max(0, handled - back);
        const to = Math.min(log.length, from + on);
        view = viewOf(log.slice(from, to), view);
        handled = Math.max(handled, to);
      }
      expect(view).toEqual(viewOf(log));
    }),
    { numRuns: 25 },
  );
}, 60_000);
