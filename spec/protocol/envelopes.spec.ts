import { directSchema } from '../../lib/protocol/direct-envelopes';
import { envelopeSchema, hitlRequest } from '../../lib/protocol/envelopes';
import { ephemeralSchema } from '../../lib/protocol/ephemeral-envelopes';
import { loggedSchema } from '../../lib/protocol/logged-envelopes';
import { now, place, request } from './records';

test('An envelope is logged, ephemeral or direct, and no event is two of them', () => {
  const kinds = [loggedSchema, ephemeralSchema, directSchema].flatMap((schema) =>
    schema.options.map(({ shape }) => shape.event.value),
  );
  expect(new Set(kinds).size).toBe(kinds.length);
  expect(envelopeSchema.options.map(({ shape }) => shape.event.value)).toEqual(kinds);
});

test('A logged envelope needs its place, since a client resumes by it', () => {
  const envelope = hitlRequest('hitl_request_resolved', request, now);
  expect(envelopeSchema.safeParse({ ...envelope, ...place }).data).toEqual({ ...envelope, ...place });
  expect(envelopeSchema.safeParse(envelope).success).toBe(false);
});

test('An event that is not known does not fit', () => {
  for (const unknown of [{}, { event: 'token' }, { event: null }, [], null, 'welcome']) {
    expect(envelopeSchema.safeParse(unknown).success).toBe(false);
  }
});
