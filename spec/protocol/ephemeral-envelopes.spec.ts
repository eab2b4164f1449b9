import { chatFrameSchema } from '../../lib/protocol/chat-frames';
import {
  type EphemeralEnvelope,
  ephemeralSchema,
  noticeSchema,
} from '../../lib/protocol/ephemeral-envelopes';
import { iso } from './records';

const base = { timestamp: iso(0), ticket_id: 'INC-7' };
const ana = { id: 'ana', name: 'Ana' };
const cases: EphemeralEnvelope[] = [
  { event: 'presence_changed', ...base, presence: [{ user: ana, clients: 2 }] },
  { event: 'typing', ...base, user: ana },
  { event: 'notice', ...base, kind: 'status', content: 'Maintenance at noon', user: ana },
];
const delta: EphemeralEnvelope = {
  event: 'message_delta',
  session_id: 's-1',
  turn_id: 't-1',
  message_id: 'm-3',
  offset: 8,
  text: '203.0.113.7',
};

describe('An ephemeral envelope', () => {
  test.each([...cases, delta])('$event comes back unchanged', (envelope) => {
    expect(ephemeralSchema.parse(JSON.parse(JSON.stringify(envelope)))).toEqual(envelope);
  });

  test.each([...cases, delta])('$event has no place in the log', (envelope) => {
    expect(ephemeralSchema.parse({ ...envelope, epoch: 'k3v9', seq: 1 })).toEqual(envelope);
  });

  test.each(cases)('$event names its ticket and its time', (envelope) => {
    const { ticket_id: _ticket, ...homeless } = { ticket_id: '', ...envelope };
    const { timestamp: _timestamp, ...timeless } = { timestamp: '', ...envelope };
    expect(ephemeralSchema.safeParse(homeless).success).toBe(false);
    expect(ephemeralSchema.safeParse(timeless).success).toBe(false);
  });
});

test('A notice is of a kind that has a chat frame, and every chat frame has a notice', () => {
  expect(new Set(noticeSchema.shape.kind.options)).toEqual(new Set(chatFrameSchema.shape.type.options));
});
