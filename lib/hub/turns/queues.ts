/** The queues of the sessions in use: asks each session's actor whose turn it is; turns go by what it says. */
import { sessionMachine } from '../../actors/session-machine';
import { HubError } from '../../errors';
import { LiveActor } from '../commit/live-actor';

/** Turns that may wait in one session; one more message is refused as `busy`. */
export const maxQueuedTurns = 16;

export class Queues {
  private readonly bySession = new Map<string, LiveActor<typeof sessionMachine>>();

  /** A turn wants to be in its session's queue; returns whether it is its turn at once. @throws HubError `busy` */
  ask(session: { id: string; ticketId: string }, turnId: string): boolean {
    const { id, ticketId } = session;
    const actor = this.bySession.get(id) ?? begun({ id, ticketId, maxWaiting: maxQueuedTurns });
    const emitted = actor.send({ type: 'turn_asked', turnId });
    if (emitted.some(({ type }) => type === 'refused'))
      throw new HubError('busy', { message: 'Too many messages are waiting in this session' });
    this.bySession.set(id, actor);
    return emitted.some(({ type }) => type === 'turn_due');
  }

  /** Whether a turn of the session runs here, or waits for its turn. */
  has(sessionId: string): boolean {
    return this.bySession.has(sessionId);
  }

  /** Whether it is the turn that the others of its session wait for. */
  isFirst(sessionId: string, turnId: string): boolean {
    return this.bySession.get(sessionId)?.snapshot.context.turns[0] === turnId;
  }

  /** A turn that was begun before wants to go on; returns whether it is its turn at once. One that has a place keeps it. */
  back(session: { id: string; ticketId: string }, turnId: string): boolean {
    const { id, ticketId } = session;
    const actor = this.bySession.get(id) ?? begun({ id, ticketId, maxWaiting: maxQueuedTurns });
    if (actor.snapshot.context.turns.includes(turnId)) return false;
    const emitted = actor.send({ type: 'turn_back', turnId });
    this.bySession.set(id, actor);
    return emitted.some(({ type }) => type === 'turn_due');
  }

  /** A turn is over, or was never stored; returns the id of the turn whose turn it is now, if that has changed. */
  end(sessionId: string, turnId: string): string | undefined {
    const actor = this.bySession.get(sessionId);
    if (!actor) return undefined;
    const due = actor.send({ type: 'turn_over', turnId }).find((each) => each.type === 'turn_due');
    if (actor.snapshot.value === 'idle') this.bySession.delete(sessionId);
    return due?.turnId;
  }
}

function begun(input: { id: string; ticketId: string; maxWaiting: number }) {
  const [actor] = LiveActor.begin(sessionMachine, input);
  return actor;
}
