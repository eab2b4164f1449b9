/** Picks chat messages out of what a test client hears; the example specs wait with it. */
import type { TestFrame } from '../../lib/testing/test-client';

/** For `TestClient.next`: a new message of this type. */
export const isMessage = (type: string) => (frame: TestFrame) =>
  frame.event === 'session_message_added' && frame.message.type === type;
