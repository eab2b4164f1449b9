/** Chat: takes a message in, and answers it with a turn of the agent; ends turns, and goes on with those of another process. */
import { isDeepStrictEqual } from 'node:util';
import { turnRecord } from '../../actors/turn-machine';
import { HubError, isDamage, isHubError, toHubError } from '../../errors';
import type { SessionRecord, TurnRecord, User } from '../../protocol/records';
import { isOpen } from '../../store/shared/turns';
import type { Store } from '../../store/store';
import type { Committed } from '../commit/after-commit';
import type { Clock } from '../commit/clock';
import type { Funnel } from '../commit/funnel';
import { Lanes } from '../commit/lanes';
import { newId } from '../commit/new-id';
import type { Occasion } from '../commit/occasion';
import type { Steps } from '../commit/steps';
import { deepFreeze } from '../kinds/kinds';
import type { Logger } from '../options/logger';
import { assertStillMay, known, type RuleOptions, saysYes } from '../requests/app-rules';
import type { Hitl } from '../requests/hitl';
import type { Client } from '../tickets/client';
import { type Accepted, toAccepted } from './accepted';
import type { AgentCode } from './durable/agent-code';
import { DurableTurns } from './durable/durable-turns';
import { Intake } from './intake';
import { KnownSessions } from './known-sessions';
import { OngoingTurns } from './ongoing';
import { Orphans } from './orphans';
import { maxOutputBytes, Outputs } from './outputs';
import { plainTurn } from './plain-turn';
import type { Said, SaidElsewhere, Spoken } from './said';
import { type ResumeFailure, recallSession, resumeSession, sessionFor } from './sessions';
import { StoredTurns } from './stored-turns';
import type { Streams } from './streams';
import type { Agent } from './turn';

export type { Accepted } from './accepted';
export { maxIntentLength } from './outputs';

/** The app's agent: plain, or the code of a durable one. */
export type AgentOrCode = { plain: Agent } | { durable: AgentCode };

export class Turns {
  private readonly ongoing: OngoingTurns;
  private readonly durable: DurableTurns;
  private readonly lanes = new Lanes();
  private readonly sessions = new KnownSessions();
  private readonly intake: Intake;
  private readonly stored: StoredTurns;
  private readonly orphans: Orphans;
  /** No more messages are taken. */
  private closing = false;

  constructor(
    private readonly parts: {
      store: Store;
      funnel: Funnel;
      clock: Clock;
      logger: Logger;
      hitl: Hitl;
      streams: Streams;
      steps: Steps;
      agent(): AgentOrCode | undefined;
      /** Who may end a turn. */
      rules?: Pick<RuleOptions, 'mayCancelTurn'>;
      /** Whether a turn may go on for this person. */
      mayContinue(ticketId: string, user: Required<User>): Promise<boolean>;
    },
  ) {
    const outputs = new Outputs(parts);
    this.ongoing = new OngoingTurns({
      ...parts,
      isShared: () => this.code !== undefined,
      holdsItsSession: (turn) => this.holdsItsSession(turn),
      fetch: (turnId) => this.durable.look(turnId),
    });
    this.durable = new DurableTurns({
      ...{ ...parts, outputs, ongoing: this.ongoing },
      code: () => this.code,
      endStored: (turn, type) => this.endStored(turn, type),
    });
    const plain = { ...parts, outputs, agent: () => this.plain };
    this.intake = new Intake({
      ...parts,
      sessions: this.sessions,
      owner: this.durable.owner,
      newRun: (now) => this.code?.newRun(now),
      toRunning: (actor, about) =>
        this.code ? this.durable.toRunning(actor, about, this.code) : plainTurn(plain, actor, about),
    });
    this.stored = new StoredTurns(parts);
    this.orphans = new Orphans({ ...parts, stored: this.stored });
  }

  private get code(): AgentCode | undefined {
    const agent = this.parts.agent();
    return agent && 'durable' in agent ? agent.durable : undefined;
  }

  private get plain(): Agent | undefined {
    const agent = this.parts.agent();
    return agent && 'plain' in agent ? agent.plain : undefined;
  }

  /** Turns that run, or wait for their turn, in this process. */
  get size(): number {
    return this.ongoing.size;
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
      onStored: (session) => client.attachSession(session.id),
    };
    return this.lanes.run(tabOf(client), async () => {
      const spoken = await this.sessionOf(client);
      return this.ongoing.lanes.run(spoken.session.id, async () => {
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
    return this.ongoing.lanes.run(said.sessionId, async () => {
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
    return this.parts.agent() !== undefined;
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
    const { frame } = occasion;
    const running = this.ongoing.get(turnId);
    if (running?.actor.snapshot.context.ticketId === ticketId) {
      await this.assertMaySteer(turnRecord(running.actor.snapshot), occasion);
      if (!running.ended) running.cancelledBy = frame;
      else if (!frame || !isDeepStrictEqual(running.cancelledBy, frame)) throw new HubError('turn_ended');
      return this.ongoing.end(running, 'cancel');
    }
    const stored = await this.parts.store.turn(turnId);
    if (stored?.ticketId !== ticketId) throw new HubError('not_found', { message: 'There is no such turn' });
    if (!stored.run || !isOpen(stored.status)) throw new HubError('turn_ended');
    await this.assertMaySteer(stored, occasion);
    return this.endStored(stored, 'cancel', frame);
  }

  /**
   * A stuck turn is tried again with the present code: over its journal, or from the top with an empty one.
   * @param occasion as `cancel`
   * @throws HubError `not_found`, `turn_ended`, `turn_stuck` (it is not stuck), `busy` (another turn of its session is not over),
   *   `not_allowed`, `conflict` (the agent is not durable), what `occasion.assertAccess` throws
   */
  async retry(turnId: string, type: 'retry' | 'start_over', occasion: Occasion = {}): Promise<void> {
    if (this.closing) throw new HubError('closing');
    const stored = await this.parts.store.turn(turnId);
    if (!stored) throw new HubError('not_found', { message: 'There is no such turn' });
    if (!isOpen(stored.status)) throw new HubError('turn_ended');
    await this.assertMaySteer(stored, occasion);
    return this.durable.retry(turnId, type);
  }

  /** @throws HubError `not_allowed`, what `occasion.assertAccess` throws */
  private async assertMaySteer(turn: TurnRecord, occasion: Occasion): Promise<void> {
    if (occasion.by) await this.assertMayCancel(occasion.by, turn);
    if (occasion.assertAccess) await assertStillMay(occasion, this.parts.clock);
  }

  /** @throws HubError `not_allowed` */
  private async assertMayCancel(by: User, turn: TurnRecord): Promise<void> {
    const { rules } = this.parts;
    if (!rules?.mayCancelTurn) return;
    const ask = () => rules.mayCancelTurn?.({ user: known(by), turn: deepFreeze(structuredClone(turn)) });
    if (await saysYes({ name: 'rules.mayCancelTurn', ask, about: { turnId: turn.id } }, this.parts)) return;
    throw new HubError('not_allowed', {
      message: 'You may not end or steer this turn',
      details: { rule: 'app' },
    });
  }

  /** Ends a turn that was not here. @throws HubError `turn_ended`, `storage_failed`, what else the funnel throws */
  private async endStored(
    { id }: Pick<TurnRecord, 'id'>,
    type: 'cancel' | 'expire',
    frame?: Occasion['frame'],
  ): Promise<void> {
    const ended = await this.stored.endWithRequests(id, type, () => this.ongoing.has(id), frame);
    if (ended) return this.ongoing.removeStored(ended);
    const running = this.ongoing.get(id);
    if (running) await this.ongoing.end(running, type);
  }

  /**
   * Goes on with the durable turns that a process which is gone has left behind, and ends the others; requests of these stay
   * pending, to be asked for again, and say so.
   */
  async recover(): Promise<void> {
    const durable = await this.orphans.recover({
      isHere: (turnId) => this.ongoing.has(turnId),
      isOpen: async (turnId) => {
        const turn = await this.parts.store.turn(turnId).catch((error: unknown) => {
          // One that cannot be read cannot go on either.
          if (!isDamage(toHubError(error))) throw error;
          return undefined;
        });
        return turn?.run !== undefined && isOpen(turn.status);
      },
    });
    await this.durable.start(durable);
  }

  /** Follows every commit. */
  note(committed: Committed): void {
    this.durable.note(committed);
  }

  /** Resolves when no durable turn that is due is on its way. */
  settled(): Promise<void> {
    return this.durable.settled();
  }

  /** Refuses new messages; running and queued turns continue, but for durable ones, which another process continues. */
  refuse(): void {
    if (this.closing) return;
    this.closing = true;
    this.durable.drain();
  }

  /** Resolves when no turn runs or waits for its turn. */
  idle(): Promise<void> {
    return this.ongoing.idle();
  }

  /** Takes no more messages and aborts what runs; requests stay pending. Resolves when every turn has ended or was released. */
  async close(): Promise<void> {
    this.refuse();
    this.ongoing.close();
    await this.orphans.close();
    // A message that was taken before may still be on its way to its queue.
    await this.lanes.settled();
    await this.ongoing.lanes.settled();
    await this.durable.close();
    await Promise.all(this.ongoing.all().map((running) => this.ongoing.end(running, 'shutdown')));
  }

  /** The session that the client speaks in. What was read once is not read again: of a session only its last activity changes. */
  private async sessionOf(client: Client): Promise<{ session: SessionRecord; isNew: boolean }> {
    const attached = client.sessionId();
    const known = attached === undefined ? undefined : this.sessions.get(attached);
    if (known) return { session: known, isNew: false };
    return sessionFor(this.parts.store, client, this.parts.clock.now());
  }

  private async accept(spoken: Spoken, said: Said): Promise<Accepted> {
    const { session } = spoken;
    const now = this.parts.clock.now();
    // It may have begun while the message waited.
    if (this.closing) throw new HubError('closing');
    const turnId = said.isAnswered ? newId(now) : undefined;
    const isDue = turnId !== undefined && (await this.ongoing.ask(session, turnId));
    try {
      const { messageId, running } = await this.intake.commit(spoken, said, { turnId, isDue, now });
      if (running && turnId) {
        running.actor.publishSteps();
        this.ongoing.add(running);
        if (isDue) {
          running.tenure?.begin();
          void this.ongoing.run(running);
        }
      }
      return { sessionId: session.id, messageId, ...(turnId && { turnId }) };
    } catch (error) {
      if (turnId) this.ongoing.forget(session.id, turnId);
      throw error;
    }
  }

  /** Whether the next message of the session waits for this turn, which another process may have left. */
  private holdsItsSession({ status, run }: TurnRecord): boolean {
    if (!run || status === 'stuck') return false;
    return status !== 'waiting' || !this.code?.freesItsSession;
  }
}

/** The lane of everything that decides which session a tab speaks in. */
function tabOf({ ticketId, user, tabId }: Client): string {
  return `${ticketId}\n${user.id}\n${tabId}`;
}
