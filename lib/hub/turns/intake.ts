/** What a message brings into the store: one commit of it, of its session if that is new, and of the turn that answers it; turns call it. */
import { turnMachine, turnRecord } from '../../actors/turn-machine';
import { type LoggableEnvelope, sessionCreated, sessionMessageAdded } from '../../protocol/envelopes';
import type { MessageRecord, Millis, User } from '../../protocol/records';
import type { Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Funnel } from '../commit/funnel';
import { LiveActor } from '../commit/live-actor';
import type { Steps } from '../commit/steps';
import type { Hitl } from '../requests/hitl';
import { messageAck } from './accepted';
import { Outputs } from './outputs';
import { envelopesOf, type Running } from './running';
import { messageOf, type Said, type Spoken } from './said';
import type { Streams } from './streams';
import { Turn } from './turn';
import { TurnLink } from './turn-link';

/** Characters of a turn's intent; what is longer is cut. */
export const maxIntentLength = 200;

export class Intake {
  private readonly outputs: Outputs;

  constructor(
    private readonly parts: {
      store: Store;
      funnel: Funnel;
      clock: Clock;
      hitl: Hitl;
      streams: Streams;
      steps: Steps;
    },
  ) {
    this.outputs = new Outputs(parts);
  }

  /** Commits a message, and with it the turn that answers it, started if it is due. @throws HubError as `Turns.message` */
  async commit(
    { session, isNew }: Spoken,
    said: Said,
    { turnId, isDue, now }: { turnId: string | undefined; isDue: boolean; now: Millis },
  ): Promise<{ messageId: string; running: Running | undefined }> {
    const { user, frame } = said;
    const message = messageOf(session, said, turnId, now);
    const running = turnId === undefined ? undefined : this.toRunning(turnId, user, message);
    const begun = running && isDue ? running.actor.send({ type: 'start', at: now }) : [];
    const envelopes: LoggableEnvelope[] = [
      ...(isNew ? [sessionCreated(session, now)] : []),
      ...(running ? envelopesOf(running, begun, now) : []),
      sessionMessageAdded(message, now),
    ];
    const accepted = { sessionId: session.id, messageId: message.id, ...(turnId && { turnId }) };
    const commit = {
      ticketId: session.ticketId,
      at: now,
      sessions: [{ ...session, lastActiveAt: now }],
      turns: running ? [turnRecord(running.actor.snapshot)] : [],
      messages: [message],
      envelopes,
      ...(frame && { frame: { ...frame, ack: messageAck(accepted) } }),
    };
    await this.parts.funnel.commit(commit, { onStored: () => said.onStored?.(session) });
    return { messageId: message.id, running };
  }

  private toRunning(id: string, user: Required<User>, message: MessageRecord): Running {
    const { clock } = this.parts;
    const { ticketId, sessionId, createdAt } = message;
    const input = { id, ticketId, sessionId, userId: user.id, queuedAt: createdAt };
    const [actor] = LiveActor.begin(turnMachine, input, this.parts.steps);
    const abort = new AbortController();
    const { signal } = abort;
    const nameIntent = (intent: string) =>
      void actor.send({ type: 'name_intent', at: clock.now(), intent: intent.slice(0, maxIntentLength) });
    const parts = { ...this.parts, outputs: this.outputs };
    const link = new TurnLink(parts, { id, ticketId, sessionId, user, signal }, nameIntent);
    const turn = new Turn(id, ticketId, sessionId, user, message, signal, link);
    return { actor, turn, link, abort };
  }
}
