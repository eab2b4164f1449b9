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

describe('An ephemeral envelope', () => {
  test.each(cases)('$event comes back unchanged', (envelope) => {
    expect(ephemeralSchema.parse(JSON.parse(JSON.stringify(envelope)))).toEqual(envelope);
  });

  test.each(cases)('$event has no place in the log', (envelope) => {
    expect(ephemeralSchema.parse({ ...envelope, epoch: 'k3v9', seq: 1 })).toEqual(envelope);
  });

  test.each(cases)('$event names its ticket and its time', (envelope) => {
    const { ticket_id: _ticket, ...homeless } = envelope;
    const { timestamp: _timestamp, ...timeless } = envelope;
    expect(ephemeralSchema.safeParse(homeless).success).toBe(false);
    expect(ephemeralSchema.safeParse(timeless).success).toBe(false);
  });
});

test('A notice is of a kind that has a chat frame, and every chat frame has a notice', () => {
  expect(new Set(noticeSchema.shape.kind.options)).toEqual(new Set(chatFrameSchema.shape.type.options));
});
