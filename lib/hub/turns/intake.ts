/** What a message brings into the store: one commit of it, of its session if that is new, and of the turn that answers it; turns call it. */
import { turnMachine, turnRecord } from '../../actors/turn-machine';
import { isMoved } from '../../protocol/activity';
import { type LoggableEnvelope, sessionCreated, sessionMessageAdded } from '../../protocol/envelopes';
import type { Millis, TurnRun } from '../../protocol/records';
import type { Funnel } from '../commit/funnel';
import { LiveActor } from '../commit/live-actor';
import type { Steps } from '../commit/steps';
import { messageAck } from './accepted';
import type { KnownSessions } from './known-sessions';
import { envelopesOf, type Running } from './running';
import { type About, messageOf, type Said, type Spoken } from './said';

export interface IntakeParts {
  funnel: Funnel;
  steps: Steps;
  sessions: KnownSessions;
  /** Of a turn that begins now: how it goes on from process to process; nothing for one that does not. */
  newRun(now: Millis): TurnRun | undefined;
  /** This node, as stored with the turns it has. */
  owner: string;
  /** Makes what runs a turn. */
  toRunning(actor: LiveActor<typeof turnMachine>, about: About): Running;
}

export class Intake {
  constructor(private readonly parts: IntakeParts) {}

  /** Commits a message, and with it the turn that answers it, started if it is due. @throws HubError as `Turns.message` */
  async commit(
    spoken: Spoken,
    said: Said,
    { turnId, isDue, now }: { turnId: string | undefined; isDue: boolean; now: Millis },
  ): Promise<{ messageId: string; running: Running | undefined }> {
    const { frame } = said;
    const { sessions } = this.parts;
    const { isNew } = spoken;
    // Somebody else may have spoken in it since it was looked up.
    const session = sessions.get(spoken.session.id) ?? spoken.session;
    const isWritten = isNew || isMoved(session.lastActiveAt, now);
    const stored = isWritten ? { ...session, lastActiveAt: now } : session;
    const message = messageOf(session, said, turnId, now);
    const running = turnId === undefined ? undefined : this.begin(turnId, { message, user: said.user });
    const begun = running && isDue ? running.actor.send(this.startOf(running, now)) : [];
    const envelopes: LoggableEnvelope[] = [
      ...(isNew ? [sessionCreated(stored, now)] : []),
      ...(running ? envelopesOf(running, begun, now) : []),
      sessionMessageAdded(message, now),
    ];
    const accepted = { sessionId: session.id, messageId: message.id, ...(turnId && { turnId }) };
    const commit = {
      ticketId: session.ticketId,
      at: now,
      sessions: isWritten ? [stored] : [],
      turns: running ? [turnRecord(running.actor.snapshot)] : [],
      messages: [message],
      envelopes,
      ...(frame && { frame: { ...frame, ack: messageAck(accepted) } }),
    };
    const onStored = () => {
      sessions.remember(stored);
      said.onStored?.(stored);
    };
    await this.parts.funnel.commit(commit, { onStored });
    return { messageId: message.id, running };
  }

  private begin(id: string, about: About): Running {
    const { message, user } = about;
    const { ticketId, sessionId, createdAt } = message;
    const run = this.parts.newRun(createdAt);
    const kept = { messageId: message.id, user };
    const input = {
      id,
      ticketId,
      sessionId,
      userId: user.id,
      queuedAt: createdAt,
      ...kept,
      ...(run && { run }),
    };
    const [actor] = LiveActor.begin(turnMachine, input, this.parts.steps);
    return this.parts.toRunning(actor, about);
  }

  private startOf({ tenure }: Running, at: Millis) {
    const take = { owner: this.parts.owner, entries: 0 };
    return { type: 'start' as const, at, ...(tenure && { take }) };
  }
}
