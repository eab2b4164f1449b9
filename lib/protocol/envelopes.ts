/** Every envelope a `hitl.v1` client may receive, of all three kinds; the rooms above import them from here. */
import { z } from 'zod';
import { directSchema } from './direct-envelopes';
import { ephemeralSchema } from './ephemeral-envelopes';
import { loggedSchema } from './logged-envelopes';

export * from './direct-envelopes';
export * from './ephemeral-envelopes';
export * from './logged-envelopes';
export type { MessageView } from './message-view';
export type { SessionView } from './session-view';

/** Any of them by its `event`; a client ignores what does not fit, since kinds and fields may be added. */
export const envelopeSchema = z.discriminatedUnion('event', [
  ...loggedSchema.options,
  ...ephemeralSchema.options,
  ...directSchema.options,
]);
export type Envelope = z.infer<typeof envelopeSchema>;
