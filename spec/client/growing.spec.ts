/** A view in which a message grows. */
import { type Envelope, emptyView, reduce, type View } from '../../lib/client';

const at = '2026-01-01T00:00:00.000Z';
const place = (seq: number) => ({
  timestamp: at,
  session_id: 's',
  turn_id: 't',
  ticket_id: 'T',
  epoch: 'e',
  seq,
});
const message = (content: string, more: object = { is_streaming: true }) => ({
  ...{ id: 'm', session_id: 's', turn_id: 't', type: 'response' as const, content, created_at: at },
  ...more,
});
const added: Envelope = { event: 'session_message_added', ...place(1), message: message('so ') };
const delta = (offset: number, text: string, message_id = 'm'): Envelope => ({
  ...{ event: 'message_delta', session_id: 's', turn_id: 't', message_id, offset, text },
});
const after = (...envelopes: Envelope[]): View => envelopes.reduce(reduce, emptyView());
const texts = ({ timeline }: View) => timeline.map(({ content }) => content);

test.each<[string, Envelope[], string]>([
  ['goes on where it ends', [delta(3, 'far'), delta(6, ', so good')], 'so far, so good'],
  ['has some of it already', [delta(3, 'far'), delta(0, 'so far, so good')], 'so far, so good'],
  ['has all of it already', [delta(3, 'far'), delta(1, 'o f')], 'so far'],
  ['begins beyond its end', [delta(4, 'ar')], 'so '],
  ['is of another message', [delta(3, 'far', 'n')], 'so '],
])('A delta that %s', (_what, deltas, text) => {
  expect(texts(after(added, ...deltas))).toEqual([text]);
});

test('what says nothing new leaves the view the same object', () => {
  const view = after(added, delta(3, 'far'));
  for (const envelope of [delta(3, 'far'), delta(9, '!'), delta(3, ''), delta(0, 'so far', 'n')])
    expect(reduce(view, envelope)).toBe(view);
});

test('a commit has all of it, after a gap too', () => {
  const view = after(added, delta(5, 'r'), {
    event: 'session_message_updated',
    ...place(2),
    message: message('so far'),
  });
  expect(texts(view)).toEqual(['so far']);
  expect(texts(reduce(view, delta(6, '!')))).toEqual(['so far!']);
});

test('one that is whole grows no more', () => {
  const whole = message('so far', {});
  const view = after(added, {
    event: 'session_message_updated',
    ...place(2),
    message: whole,
    streamed: true,
  });
  expect(view.timeline).toEqual([whole]);
  expect(reduce(view, delta(6, '!'))).toBe(view);
});

test('one whose turn ends is what was committed, as for one who reads it then', () => {
  const ended: Envelope = { event: 'turn_ended', ...place(2), status: 'aborted', reason: 'crash' };
  expect(after(added, delta(3, 'far'), ended).timeline).toEqual([message('so ', {})]);
  expect(after(added, ended).timeline).toEqual([message('so ', {})]);
  const other: Envelope = { ...ended, turn_id: 'u' };
  expect(texts(after(added, delta(3, 'far'), other))).toEqual(['so far']);
});
