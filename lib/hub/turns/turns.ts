/** Chat: takes a message in, queues and runs the turns that answer it, and sees to it that each turn ends once. */
import { isDeepStrictEqual } from 'node:util';
import { restoreTurn, turnMachine, turnRecord } from '../../actors/turn-machine';
import { describe, HubError, isHubError, stackOf } from '../../errors';
import type { SessionRecord, TurnRecord, User } from '../../protocol/records';
import type { Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Funnel } from '../commit/funnel';
import { Lanes } from '../commit/lanes';
import { LiveActor } from '../commit/live-actor';
import { newId } from '../commit/new-id';
import type { Occasion } from '../commit/occasion';
import type { Steps } from '../commit/steps';
import { deepFreeze } from '../kinds/kinds';
import type { Logger } from '../options/logger';
import { assertStillMay, known, type RuleOptions, saysYes } from '../requests/app-rules';
import type { Hitl } from '../requests/hitl';
import type { Client } from '../tickets/client';
import { type Accepted, cancelAck, toAccepted } from './accepted';
import { Endings } from './endings';
import { Intake } from './intake';
import { Orphans } from './orphans';
import { maxOutputBytes } from './outputs';
import { Queues } from './queues';
import { envelopesOf, type Running } from './running';
import type { Said, SaidElsewhere, Spoken } from './said';
import { type ResumeFailure, recallSession, resumeSession, sessionFor } from './sessions';
import type { Agent } from './turn';

export type { Accepted } from './accepted';
export { maxIntentLength } from './intake';

type Ending = 'complete' | 'fail' | 'cancel' | 'shutdown';

export class Turns {
  private readonly running = new Map<string, Running>();
  private readonly queues = new Queues();
  private readonly lanes = new Lanes();
  /** As it was last stored. */
  private readonly sessions = new WeakMap<Client, SessionRecord>();
  private readonly intake: Intake;
  private readonly endings: Endings;
  private readonly orphans: Orphans;
  /** No more messages are taken. */
  private closing = false;
  /** No more turns are started. */
  private isOver = false;
  private onIdle = () => {};

  constructor(
    private readonly parts: {
      store: Store;
      funnel: Funnel;
      clock: Clock;
      logger: Logger;
      hitl: Hitl;
      steps: Steps;
      agent?: Agent | undefined;
      /** Who may end a turn. */
      rules?: Pick<RuleOptions, 'mayCancelTurn'>;
    },
  ) {
    this.intake = new Intake(parts);
    this.endings = new Endings(parts);
    this.orphans = new Orphans(parts);
  }

  /** Turns running or waiting in this process. */
  get size(): number {
    return this.running.size;
  }

  /**
   * Takes a chat message: commits it, sends it to the whole ticket, and starts or queues the turn that answers it.
   * @throws HubError `empty_message`, `too_large`, `busy`, `closing`, `duplicate_id` (details: the first ack),
   *   `storage_failed`, what `occasion.assertAccess` throws
   */
  async message(client: Client, content: string, occasion: Occasion = {}): Promise<Accepted> {
    this.assertTakes(content);
    const said: Said = {
      type: 'user',
      user: client.user,
      content,
      isAnswered: this.hasAgent,
      frame: occasion.frame,
      // Before the delivery: a client that is sent only its own session has to know which that is.
      onStored: (session) => {
        client.attachSession(session.id);
        this.sessions.set(client, session);
      },
    };
    return this.lanes.run(tabOf(client), async () => {
      const spoken = await this.sessionOf(client);
      return this.lanes.run(spoken.session.id, async () => {
        await assertStillMay(occasion, this.parts.clock);
        return this.accept(spoken, said);
      });
    });
  }

  /**
   * Takes a message of an author without a connected client; for the id of a frame that was carried out, returns its result.
   * @throws HubError as `message`, but for `duplicate_id`
   */
  async say(said: SaidElsewhere): Promise<Accepted> {
    this.assertTakes(said.content);
    const { frame } = said;
    const before = async () => frame && (await this.parts.store.processedFrame(frame.userId, frame.frameId));
    return this.lanes.run(said.sessionId, async () => {
      const first = await before();
      if (first) return toAccepted(first);
      try {
        return await this.accept(await said.session(), said);
      } catch (error) {
        // In another session, at the same time.
        const earlier = isHubError(error) && error.code === 'duplicate_id' && (await before());
        if (earlier) return toAccepted(earlier);
        throw error;
      }
    });
  }

  /** Whether there is an agent that answers. */
  get hasAgent(): boolean {
    return this.parts.agent !== undefined;
  }

  /** @throws HubError `closing`, `empty_message`, `too_large` */
  private assertTakes(content: string): void {
    if (this.closing) throw new HubError('closing');
    if (content.trim().length === 0) throw new HubError('empty_message');
    if (Buffer.byteLength(content) > maxOutputBytes) throw new HubError('too_large');
  }

  /** Attaches the client to an earlier session of its own, for all it says from now on; returns why not. */
  resume(client: Client, sessionId: string): Promise<ResumeFailure | undefined> {
    return this.lanes.run(tabOf(client), () => resumeSession(this.parts.store, client, sessionId));
  }

  /** Attaches the client to the session last begun in its tab, if there is one. */
  recall(client: Client): Promise<void> {
    return this.lanes.run(tabOf(client), () => recallSession(this.parts.store, client));
  }

  /**
   * Stops a turn: its signal aborts, its pending requests are withdrawn, its further output is refused.
   * @param occasion `by`: the person who asks for it; default: the app's own code, which no rule holds back
   * @throws HubError `not_found` (no such turn on this node, or on another ticket), `turn_ended`, `not_allowed` (details.rule is `app`),
   *   what `occasion.assertAccess` throws
   */
  async cancel(ticketId: string, turnId: string, occasion: Occasion = {}): Promise<void> {
    const { frame, by } = occasion;
    const running = this.running.get(turnId);
    if (running?.actor.snapshot.context.ticketId === ticketId) {
      if (by) await this.assertMayCancel(by, turnRecord(running.actor.snapshot));
      if (occasion.assertAccess) await assertStillMay(occasion, this.parts.clock);
      if (!running.ended) running.cancelledBy = frame;
      else if (!frame || !isDeepStrictEqual(running.cancelledBy, frame)) throw new HubError('turn_ended');
      return this.end(running, 'cancel');
    }
    const stored = await this.parts.store.turn(turnId);
    if (stored?.ticketId !== ticketId) throw noSuchTurn();
    if (stored.endedAt !== undefined || !stored.run) throw new HubError('turn_ended');
    if (by) await this.assertMayCancel(by, stored);
    await assertStillMay(occasion, this.parts.clock);
    await this.lanes.run(stored.sessionId, () => this.cancelStored(turnId, frame));
  }

  /**
   * Tries a stuck turn again. On a hub whose agent is a plain one none is.
   * @throws HubError `not_found`, `turn_ended`, `turn_stuck` for one that is not stuck, `not_allowed` (details.rule is `app`), what
   *   `occasion.assertAccess` throws
   */
  async retry(turnId: string, occasion: Occasion = {}): Promise<void> {
    const turn = await this.parts.store.turn(turnId);
    if (!turn) throw noSuchTurn();
    if (occasion.by) await this.assertMayCancel(occasion.by, turn);
    await assertStillMay(occasion, this.parts.clock);
    if (turn.endedAt !== undefined) throw new HubError('turn_ended');
    throw new HubError('turn_stuck', { details: { turn_id: turnId } });
  }

  /** Begins a stuck turn again at its top. @throws HubError as `retry` */
  startOver(turnId: string, occasion: Occasion = {}): Promise<void> {
    return this.retry(turnId, occasion);
  }

  /** Ends a turn that runs in no process, with what it asks. */
  private async cancelStored(turnId: string, frame: Occasion['frame']): Promise<void> {
    const { store, funnel, clock, hitl } = this.parts;
    const stored = await store.turn(turnId);
    if (!stored || stored.endedAt !== undefined) throw new HubError('turn_ended');
    await hitl.endWithTurn(turnId);
    const actor = LiveActor.restore(turnMachine, restoreTurn(stored));
    const at = clock.now();
    const envelopes = envelopesOf({ actor }, actor.send({ type: 'cancel', at }), at);
    const turns = [turnRecord(actor.snapshot)];
    const { ticketId } = stored;
    await funnel.commit({
      ...{ ticketId, at, turns, envelopes },
      ...(frame && { frame: { ...frame, ack: cancelAck(turnId) } }),
    });
  }

  /** @throws HubError `not_allowed` */
  private async assertMayCancel(by: User, turn: TurnRecord): Promise<void> {
    const { rules } = this.parts;
    if (!rules?.mayCancelTurn) return;
    const ask = () => rules.mayCancelTurn?.({ user: known(by), turn: deepFreeze(structuredClone(turn)) });
    if (await saysYes({ name: 'rules.mayCancelTurn', ask, about: { turnId: turn.id } }, this.parts)) return;
    throw new HubError('not_allowed', { message: 'You may not end this turn', details: { rule: 'app' } });
  }

  /**
   * Ends the turns that a process which is gone has left behind; their requests stay pending, to be asked for again, and say
   * so.
   */
  recover(): Promise<void> {
    return this.orphans.recover((turnId) => this.running.has(turnId));
  }

  /** Refuses new messages; running and queued turns continue. */
  refuse(): void {
    this.closing = true;
  }

  /** Resolves when no turn runs or waits. */
  async idle(): Promise<void> {
    if (this.running.size === 0) return;
    await new Promise<void>((resolve) => {
      this.onIdle = resolve;
    });
  }

  /** Takes no more messages and aborts what runs; requests stay pending. Resolves when every turn has ended. */
  async close(): Promise<void> {
    this.refuse();
    this.isOver = true;
    this.endings.close();
    await this.orphans.close();
    // A message that was taken before may still be on its way to its queue.
    await this.lanes.settled();
    await Promise.all([...this.running.values()].map((running) => this.end(running, 'shutdown')));
  }

  /** The session that the client speaks in. What was read once is not read again: of a session only its last activity changes. */
  private async sessionOf(client: Client): Promise<{ session: SessionRecord; isNew: boolean }> {
    const now = this.parts.clock.now();
    const known = this.sessions.get(client);
    if (known && known.id === client.sessionId())
      return { session: { ...known, lastActiveAt: now }, isNew: false };
    return sessionFor(this.parts.store, client, now);
  }

  private async accept(spoken: Spoken, said: Said): Promise<Accepted> {
    const { session } = spoken;
    const now = this.parts.clock.now();
    // It may have begun while the message waited.
    if (this.closing) throw new HubError('closing');
    const turnId = said.isAnswered ? newId(now) : undefined;
    const isDue = turnId !== undefined && this.queues.ask(session, turnId);
    try {
      const { messageId, running } = await this.intake.commit(spoken, said, { turnId, isDue, now });
      if (running && turnId) {
        running.actor.publishSteps();
        this.running.set(turnId, running);
        if (isDue) void this.run(running);
      }
      return { sessionId: session.id, messageId, ...(turnId && { turnId }) };
    } catch (error) {
      if (turnId) this.queues.end(session.id, turnId);
      throw error;
    }
  }

  /** Calls the agent. Nothing it does, now or later, gets past here. */
  private async run(running: Running): Promise<void> {
    try {
      await new Promise((resolve) => setImmediate(resolve));
      if (running.ended) return;
      await this.parts.agent?.(running.turn);
      // What was said without waiting for it was still said before the end.
      await running.link.settled();
      const { refusedLine } = running.link;
      if (refusedLine !== undefined && !running.ended)
        this.log('The agent ended well, and a line of it was refused', running, refusedLine);
      await this.end(running, 'complete');
    } catch (error) {
      // What an agent throws after it was aborted is not logged.
      if (!running.ended) this.log('The agent failed', running, error, { stack: stackOf(error) });
      await this.end(running, 'fail');
    }
  }

  /** Ends a turn once; a second call changes nothing and waits for the same end. Never rejects. */
  private end(running: Running, type: Ending): Promise<void> {
    if (running.ended) return running.ended;
    const { actor, abort } = running;
    running.farewell = actor.send({ type, at: this.parts.clock.now() });
    const { sessionId } = actor.snapshot.context;
    running.ended = this.lanes.run(sessionId, async () => {
      await this.endings.store(running);
      // When the hub closes, waiters of a request that stays pending are rejected with `closing`.
      if (!this.isOver) running.link.end();
      const { id } = actor.snapshot.context;
      this.running.delete(id);
      const due = this.running.get(this.queues.end(sessionId, id) ?? '');
      // One that was cancelled while it waited is over as soon as its own end is stored.
      if (due && !due.ended && !this.isOver) await this.start(due);
      if (this.running.size === 0) this.onIdle();
    });
    // Last, since it calls listeners of the agent's: from here on nothing it says is taken.
    abort.abort(new HubError('turn_ended'));
    return running.ended;
  }

  private async start(next: Running): Promise<void> {
    const { funnel, clock } = this.parts;
    const at = clock.now();
    const envelopes = envelopesOf(next, next.actor.send({ type: 'start', at }), at);
    const turn = turnRecord(next.actor.snapshot);
    try {
      await funnel.commit({ ticketId: turn.ticketId, at, turns: [turn], envelopes });
      next.actor.publishSteps();
      void this.run(next);
    } catch (error) {
      this.log('A turn could not be started', next, error);
      // Not awaited: this lane is the one that its end needs.
      void this.end(next, 'fail');
    }
  }

  private log(
    what: string,
    { actor }: Running,
    error: unknown,
    more: { stack?: string | undefined } = {},
  ): void {
    this.parts.logger.error(what, { turnId: actor.snapshot.context.id, error: describe(error), ...more });
  }
}

function noSuchTurn(): HubError {
  return new HubError('not_found', { message: 'There is no such turn' });
}

/** The lane of everything that decides which session a tab speaks in. */
function tabOf({ ticketId, user, tabId }: Client): string {
  return `${ticketId}\n${user.id}\n${tabId}`;
}
