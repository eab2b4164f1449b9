/** Chat: takes a message in, queues and runs the turns that answer it, and sees to it that each turn ends once. */
import { isDeepStrictEqual } from 'node:util';
import { turnMachine, turnRecord } from '../../actors/turn-machine';
import { describe, HubError, isHubError, stackOf } from '../../errors';
import {
  type LoggableEnvelope,
  sessionCreated,
  sessionMessageAdded,
  turnEnded,
  turnStarted,
} from '../../protocol/envelopes';
import type { MessageRecord, MessageType, SessionRecord, User } from '../../protocol/records';
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
import { endOrphans, leaveOrphans } from './orphans';
import { maxOutputBytes, Outputs } from './outputs';
import { type ResumeFailure, recallSession, resumeSession, sessionFor } from './sessions';
import { Turn } from './turn';
import { TurnLink } from './turn-link';

/** The app's agent: called once per chat message. Whatever it does, its turn ends: completed if it returns, else aborted. */
export type Agent = (turn: Turn) => unknown;

/** Turns that may wait in one session; one more message is refused as `busy`. */
export const maxQueuedTurns = 16;
/** Characters of a turn's intent; what is longer is cut. */
export const maxIntentLength = 200;
/** After the store refused the end of a turn: then again, and twice as long each time up to the larger. */
const retryMs = { first: 250, longest: 30_000 };
/** Requests without their asker that the start waits for; beyond them the hub is up while the others are noted. */
export const maxLeftAtStart = 1_000;
/** How often the end of a turn waits for its requests to be withdrawn; then it is kept without. */
const maxWithdrawals = 5;

/** What a message has become. */
export interface Accepted {
  sessionId: string;
  messageId: string;
  /** None if the hub has no agent. */
  turnId?: string;
}

/** The session that something is said in, and whether it has yet to be kept. */
interface Spoken {
  session: SessionRecord;
  isNew: boolean;
}

/** Something to be said in a session. */
interface Said {
  type: MessageType;
  user: Required<User>;
  content: string;
  /** Whether a turn of the agent answers it. */
  isAnswered: boolean;
  frame: Occasion['frame'];
  /** It is kept, and not yet handed over. */
  onKept?(session: SessionRecord): void;
}

/** The same, by nobody who is connected. */
interface SaidElsewhere extends Said {
  sessionId: string;
  session(): Promise<Spoken>;
}

interface Running {
  actor: LiveActor<typeof turnMachine>;
  /** What the agent is given. */
  turn: Turn;
  link: TurnLink;
  abort: AbortController;
  /** From the moment it ends; resolves when that is kept. */
  ended?: Promise<void>;
  /** The client frame that cancelled it; kept with its end, so that it is answered the same when it comes again. */
  cancelledBy?: Occasion['frame'];
}

type Ending = 'complete' | 'fail' | 'cancel' | 'shutdown';

export class Turns {
  private readonly running = new Map<string, Running>();
  /** Per session: the running turn first, then those that wait. */
  private readonly queues = new Map<string, Running[]>();
  private readonly lanes = new Lanes();
  /** As it was last kept. */
  private readonly sessions = new WeakMap<Client, SessionRecord>();
  private readonly outputs: Outputs;
  /** What ends the pauses before another attempt early. */
  private readonly pauses = new Set<() => void>();
  /** No more messages are taken. */
  private closing = false;
  /** No more turns are started. */
  private isOver = false;
  private onIdle = () => {};
  /** Resolves when every request that was left by a process which is gone says so. */
  private leaving: Promise<void> = Promise.resolve();

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
    this.outputs = new Outputs(parts);
  }

  /** Turns running or waiting in this process. */
  get size(): number {
    return this.running.size;
  }

  /**
   * Takes a chat message: keeps it, shows it to the whole ticket, and starts or queues the turn that answers it.
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
      // Before it is handed over: a client that hears its own session only has to know which that is.
      onKept: (session) => {
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
   * Takes what was said by nobody who is connected; with the id of a frame that was carried out, what became of that.
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
        const meanwhile = isHubError(error) && error.code === 'duplicate_id' && (await before());
        if (meanwhile) return toAccepted(meanwhile);
        throw error;
      }
    });
  }

  /** Whether there is somebody who answers. */
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
   * Stops a turn: its signal aborts, its pending requests are withdrawn, whatever it still says is refused.
   * @param occasion `by`: the person who asks for it; default: the app's own code, which no rule holds back
   * @throws HubError `not_found` (no such turn here, or on another ticket), `turn_ended`, `not_allowed` (details.rule is `app`),
   *   what `occasion.assertAccess` throws
   */
  async cancel(ticketId: string, turnId: string, occasion: Occasion = {}): Promise<void> {
    const { frame, by } = occasion;
    const running = this.running.get(turnId);
    if (running?.actor.snapshot.context.ticketId === ticketId) {
      if (by) await this.assertMayCancel(by, running);
      if (occasion.assertAccess) await assertStillMay(occasion, this.parts.clock);
      if (!running.ended) running.cancelledBy = frame;
      else if (!frame || !isDeepStrictEqual(running.cancelledBy, frame)) throw new HubError('turn_ended');
      return this.end(running, 'cancel');
    }
    const stored = await this.parts.store.turn(turnId);
    if (stored?.ticketId === ticketId) throw new HubError('turn_ended');
    throw new HubError('not_found', { message: 'There is no such turn' });
  }

  /** @throws HubError `not_allowed` */
  private async assertMayCancel(by: User, { actor }: Running): Promise<void> {
    const { rules } = this.parts;
    if (!rules?.mayCancelTurn) return;
    const turn = turnRecord(actor.snapshot);
    const ask = () => rules.mayCancelTurn?.({ user: known(by), turn: deepFreeze(structuredClone(turn)) });
    if (await saysYes({ name: 'rules.mayCancelTurn', ask, about: { turnId: turn.id } }, this.parts)) return;
    throw new HubError('not_allowed', { message: 'You may not end this turn', details: { rule: 'app' } });
  }

  /**
   * Ends the turns that a process which is gone has left behind; their requests stay pending, to be asked for again, and say
   * so.
   */
  async recover(): Promise<void> {
    const isHere = (turnId: string) => this.running.has(turnId);
    await endOrphans(this.parts, isHere);
    const cursor = await leaveOrphans(this.parts, isHere, maxLeftAtStart);
    if (cursor !== undefined) this.leaving = this.leaveOthers(cursor);
  }

  /** Where so many requests were left that the start does not wait for the rest. Never rejects. */
  private async leaveOthers(from: string): Promise<void> {
    const isHere = (turnId: string) => this.running.has(turnId);
    try {
      let cursor: string | undefined = from;
      while (cursor !== undefined && !this.isOver) cursor = await leaveOrphans(this.parts, isHere, 1, cursor);
    } catch (error) {
      // The next start goes on with it.
      const { logger } = this.parts;
      logger.error('Not every request that lost its asker says so', { error: describe(error) });
    }
  }

  /** Takes no more messages; what runs or waits goes on. */
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
    for (const endEarly of [...this.pauses]) endEarly();
    await this.leaving;
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

  private async accept({ session, isNew }: Spoken, said: Said): Promise<Accepted> {
    const { funnel, clock } = this.parts;
    const { type, user, content, frame } = said;
    const now = clock.now();
    const queue = this.queues.get(session.id) ?? [];
    // It may have begun while the message waited.
    if (this.closing) throw new HubError('closing');
    if (said.isAnswered && queue.length > maxQueuedTurns)
      throw new HubError('busy', { message: 'Too many messages are waiting in this session' });

    const turnId = said.isAnswered ? newId(now) : undefined;
    const message: MessageRecord = {
      id: newId(now),
      ticketId: session.ticketId,
      sessionId: session.id,
      ...(turnId && { turnId }),
      type,
      author: { userId: user.id, displayName: user.name },
      content,
      createdAt: now,
      revisions: [],
    };
    const envelopes: LoggableEnvelope[] = isNew ? [sessionCreated(session, now)] : [];
    const running = turnId && this.toRunning(turnId, user, message);
    if (running && queue.length === 0) {
      running.actor.send({ type: 'start', at: now });
      envelopes.push(turnStarted(turnRecord(running.actor.snapshot), now));
    }
    envelopes.push(sessionMessageAdded(message, now));
    const ack = { message_id: message.id, session_id: session.id, ...(turnId && { turn_id: turnId }) };
    const commit = {
      ticketId: session.ticketId,
      at: now,
      sessions: [{ ...session, lastActiveAt: now }],
      turns: running ? [turnRecord(running.actor.snapshot)] : [],
      messages: [message],
      envelopes,
      ...(frame && { frame: { ...frame, ack } }),
    };
    await funnel.commit(commit, { onStored: () => said.onKept?.(session) });
    if (running) {
      running.actor.tellSteps();
      this.running.set(turnId, running);
      this.queues.set(session.id, [...queue, running]);
      if (queue.length === 0) void this.run(running);
    }
    return { sessionId: session.id, messageId: message.id, ...(turnId && { turnId }) };
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
      // Whatever an agent throws that was told to stop is no news.
      if (!running.ended) this.log('The agent failed', running, error, { stack: stackOf(error) });
      await this.end(running, 'fail');
    }
  }

  /** Ends a turn once; whoever comes second changes nothing and waits for the same end. Never rejects. */
  private end(running: Running, type: Ending): Promise<void> {
    if (running.ended) return running.ended;
    const { actor, abort } = running;
    actor.send({ type, at: this.parts.clock.now() });
    const { sessionId } = actor.snapshot.context;
    running.ended = this.lanes.run(sessionId, async () => {
      await this.keepEnd(running);
      // Where the hub closes, whoever waits for a request that stays is told that.
      if (!this.isOver) running.link.end();
      this.running.delete(actor.snapshot.context.id);
      const queue = (this.queues.get(sessionId) ?? []).filter((each) => each !== running);
      if (queue.length === 0) this.queues.delete(sessionId);
      else this.queues.set(sessionId, queue);
      const [next] = queue;
      if (next?.actor.snapshot.value === 'queued' && !this.isOver) await this.start(next);
      if (this.running.size === 0) this.onIdle();
    });
    // Last, since it calls listeners of the agent's: from here on nothing it says is taken.
    abort.abort(new HubError('turn_ended'));
    return running.ended;
  }

  /** A turn ends even if the store fails for a while: the session waits until its end is kept. */
  private async keepEnd(running: Running): Promise<void> {
    const { funnel, clock } = this.parts;
    const turn = turnRecord(running.actor.snapshot);
    let frame = running.cancelledBy && { ...running.cancelledBy, ack: { turn_id: turn.id } };
    // What is on its way to the store comes before the end, and a request among it is withdrawn like the others.
    await running.link.settled();
    for (let attempt = 1, wait = retryMs.first; ; attempt += 1, wait = Math.min(wait * 2, retryMs.longest)) {
      try {
        if (turn.reason !== 'shutdown') {
          await running.link.withdraw().catch((error: unknown) => {
            // A single request that cannot be read or written must not keep the turn from ending.
            if (attempt < maxWithdrawals) throw error;
            this.log('The requests of a turn could not be withdrawn', running, error);
          });
        }
        const at = clock.now();
        const end = { turns: [turn], envelopes: [turnEnded(turn, at)], ...(frame && { frame }) };
        await funnel.commit({ ticketId: turn.ticketId, at, ...end });
        running.actor.tellSteps();
        return;
      } catch (error) {
        // Another frame has taken the id meanwhile: the turn ends without it.
        if (isHubError(error) && error.code === 'duplicate_id') frame = undefined;
        this.log('The end of a turn could not be kept', running, error);
        // What is left open here is ended by the next start.
        if (this.isOver) return;
        await this.pause(wait);
      }
    }
  }

  /** Resolves after `ms`, or as soon as the hub closes. */
  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancelTimer();
        this.pauses.delete(end);
        resolve();
      };
      const cancelTimer = this.parts.clock.later(ms, end);
      this.pauses.add(end);
    });
  }

  private async start(next: Running): Promise<void> {
    const { funnel, clock } = this.parts;
    const at = clock.now();
    next.actor.send({ type: 'start', at });
    const turn = turnRecord(next.actor.snapshot);
    try {
      await funnel.commit({ ticketId: turn.ticketId, at, turns: [turn], envelopes: [turnStarted(turn, at)] });
      next.actor.tellSteps();
      void this.run(next);
    } catch (error) {
      this.log('A turn could not be started', next, error);
      // Not awaited: this lane is the one that its end needs.
      void this.end(next, 'fail');
    }
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

  private log(
    what: string,
    { actor }: Running,
    error: unknown,
    more: { stack?: string | undefined } = {},
  ): void {
    this.parts.logger.error(what, { turnId: actor.snapshot.context.id, error: describe(error), ...more });
  }
}

/** What the ack of a message says. */
function toAccepted(ack: Record<string, unknown>): Accepted {
  const { message_id, session_id, turn_id } = ack as Record<string, string>;
  return {
    messageId: `${message_id}`,
    sessionId: `${session_id}`,
    ...(turn_id !== undefined && { turnId: turn_id }),
  };
}

/** The lane of everything that decides which session a tab speaks in. */
function tabOf({ ticketId, user, tabId }: Client): string {
  return `${ticketId}\n${user.id}\n${tabId}`;
}
