/** That the checks of the stress scenarios find what they are there to find: each violation is planted once. */
import { audit, type KeptLog } from './audit';
import { Ledger } from './ledger';
import { Random } from './random';
import type { LoggedOnWire, OnWire } from './wire';

const ticketId = 'T-1';
const place = (seq: number) => ({ ticket_id: ticketId, epoch: 'e', seq });
const said = (seq: number, id: string, content: string): LoggedOnWire => ({
  event: 'session_message_added',
  turn_id: 't',
  message: { id, type: 'user', turn_id: 't', content },
  ...place(seq),
});
const asked = (seq: number): LoggedOnWire => ({
  event: 'hitl_request_pending',
  hitl: { id: 'r', status: 'pending', revision: 1 },
  ...place(seq),
});
const resolved = (seq: number, by = 'ana'): LoggedOnWire => ({
  event: 'hitl_request_resolved',
  hitl: { id: 'r', status: 'approved', revision: 1, responded_by: { user_id: by } },
  ...place(seq),
});
const turn = (seq: number, event: 'turn_started' | 'turn_ended'): LoggedOnWire => ({
  event,
  turn_id: 't',
  ...place(seq),
});
const sound = [turn(1, 'turn_started'), said(2, 'm', 'hello'), asked(3), resolved(4), turn(5, 'turn_ended')];
const kept = (items: LoggedOnWire[] = sound): KeptLog => ({ ticketId, epoch: 'e', seq: items.length, items });

let ledger: Ledger;
beforeEach(() => {
  ledger = new Ledger();
});

const see = (who: string, envelope: LoggedOnWire) => ledger.observe(who, envelope, JSON.stringify(envelope));
const ack = (frame: { type: string; [field: string]: unknown }, answer: Partial<OnWire>, userId = 'ana') =>
  ledger.ack({ ticketId, userId, frame: { id: 'f', ...frame }, ack: { event: 'ack', re: 'f', ...answer } });

test('what is sound is let through', () => {
  for (const who of ['ana', 'ben']) for (const envelope of sound) see(who, envelope);
  ledger.sent.push({ ticketId, userId: 'ana', frame: { id: 'f', type: 'message', content: 'hello' } });
  ack({ type: 'message', content: 'hello' }, { message_id: 'm' });
  ack({ id: 'g', type: 'hitl_respond', request_id: 'r', status: 'approved' }, {});
  ledger.shown.push(
    { who: 'cem', ticketId, seq: 3, pending: ['r'], running: ['t'] },
    { who: 'cem', ticketId, seq: 5, pending: [], running: [] },
  );
  audit(ledger, [kept()]);
  expect(ledger.violations).toEqual([]);
});

test('the same envelope with its fields in another order is the same', () => {
  see('ana', turn(1, 'turn_started'));
  ledger.observe(
    'ben',
    turn(1, 'turn_started'),
    '{"seq":1,"epoch":"e","ticket_id":"T-1","turn_id":"t","event":"turn_started"}',
  );
  expect(ledger.violations).toEqual([]);
});

const planted: readonly [what: string, plant: () => void, log: LoggedOnWire[]][] = [
  [
    'two clients see different envelopes at one place',
    () => {
      see('ana', said(2, 'm', 'hello'));
      see('ben', said(2, 'm', 'goodbye'));
    },
    sound,
  ],
  ['another epoch', () => ['e', 'f'].map((epoch) => see('ana', { ...asked(3), epoch })), sound],
  ['an envelope that is not in the log', () => see('ana', said(6, 'n', 'lost')), sound],
  ['an envelope that the log has otherwise', () => see('ana', said(2, 'm', 'goodbye')), sound],
  ['a gap in the log', () => {}, [turn(1, 'turn_started'), said(3, 'm', 'hello')]],
  [
    'an acked message that is not in the log',
    () => ack({ type: 'message', content: 'x' }, { message_id: 'x' }),
    sound,
  ],
  [
    'an acked message that says something else',
    () => ack({ type: 'message', content: 'other' }, { message_id: 'm' }),
    sound,
  ],
  [
    'an acked message that is in the log twice',
    () => ack({ type: 'message', content: 'hello' }, { message_id: 'm' }),
    [said(1, 'm', 'hello'), said(2, 'm', 'hello')],
  ],
  [
    'a frame that was carried out twice and never acked',
    () =>
      ledger.sent.push({ ticketId, userId: 'ana', frame: { id: 'f', type: 'message', content: 'hello' } }),
    [said(1, 'm', 'hello'), said(2, 'n', 'hello')],
  ],
  [
    'two acks of one frame that differ',
    () => {
      ack({ type: 'message', content: 'hello' }, { message_id: 'm' });
      ack({ type: 'message', content: 'hello' }, { message_id: 'n' });
    },
    sound,
  ],
  [
    'an acked answer that did not win',
    () => ack({ type: 'hitl_respond', request_id: 'r', status: 'approved' }, {}, 'ben'),
    sound,
  ],
  [
    'an acked answer that is not in the log',
    () => ack({ type: 'hitl_respond', request_id: 'q', status: 'approved' }, {}),
    sound,
  ],
  ['a request resolved twice', () => {}, [asked(1), resolved(2), resolved(3)]],
  ['a request resolved that was never asked', () => {}, [resolved(1)]],
  ['a request asked twice', () => {}, [asked(1), asked(2)]],
  [
    'a snapshot without a pending request',
    () => ledger.shown.push({ who: 'cem', ticketId, seq: 3, pending: [], running: ['t'] }),
    sound,
  ],
  [
    'a snapshot with a resolved request',
    () => ledger.shown.push({ who: 'cem', ticketId, seq: 4, pending: ['r'], running: ['t'] }),
    sound,
  ],
  [
    'a snapshot without a running turn',
    () => ledger.shown.push({ who: 'cem', ticketId, seq: 3, pending: ['r'], running: [] }),
    sound,
  ],
  ['a turn that ends twice', () => {}, [turn(1, 'turn_ended'), turn(2, 'turn_ended')]],
  ['a turn that speaks after its end', () => {}, [turn(1, 'turn_ended'), said(2, 'm', 'hello')]],
];

test.each(planted)('found: %s', (_what, plant, log) => {
  plant();
  audit(ledger, [kept(log)]);
  expect(ledger.violations).not.toEqual([]);
});

test('the same seed decides the same, another one does not', () => {
  const row = (random: Random) => Array.from({ length: 20 }, () => random.int(0, 1_000_000));
  expect(row(new Random(7))).toEqual(row(new Random(7)));
  expect(row(new Random(7))).not.toEqual(row(new Random(8)));
  expect(row(new Random(7).fork('a'))).not.toEqual(row(new Random(7).fork('b')));
});
