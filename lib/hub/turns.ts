/** Chat: takes a message in, queues and runs the turns that answer it, and sees to it that each turn ends once. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'winston';
import { turnMachine, turnRecord } from '../actors/turn-machine';
import { HubError, toHubError } from '../errors';
import {
  type LoggableEnvelope,
  sessionCreated,
  sessionMessageAdded,
  turnEnded,
  turnStarted,
} from '../protocol/envelopes';
import type { MessageRecord, RequestRecord, SessionRecord, TurnRecord, User } from '../protocol/records';
import type { Store } from '../store/store';
import type { Client } from './client';
import type { Clock } from './clock';
import type { Funnel } from './funnel';
import type { Hitl } from './hitl';
import { Lanes } from './lanes';
import { LiveActor } from './live-actor';
import { maxOutputBytes, Outputs } from './outputs';
import type { Once } from './request-actors';
import { sessionFor } from './sessions';
import { Turn, type TurnPort } from './turn';

/** The app's agent: called once per chat message. Whatever it does, its turn ends: completed if it returns, else aborted. */
export type Agent = (turn: Turn) => unknown;

/** Turns that may wait in one session; one more message is refused as `busy`. */
export const maxQueuedTurns = 16;
/** Characters of a turn's intent; what is longer is cut. */
export const maxIntentLength = 200;
/** After the store refused the end of a turn: then again, and twice as long each time up to the larger. */
const retryMs = { first: 250, longest: 30_000 };
/** Turns of a gone process that are ended at once, so that any number of them gets through the funnel. */
const recoverGroup = 1_000;

/** What a message has become. */
export interface Accepted {
  sessionId: string;
  messageId: string;
  /** None if the hub has no agent. */
  turnId?: string;
}

interface Running {
  actor: LiveActor<typeof turnMachine>;
  user: Required<User>;
  message: MessageRecord;
  abort: AbortController;
  /** What the agent has begun to say or to ask and is not kept yet. */
  underWay: Set<Promise<unknown>>;
  /** Pending requests of a turn that is gone, asked again by this one: they end with it like its own. */
  adopted: Set<string>;
  /** From the moment it ends; resolves when that is kept. */
  ended?: Promise<void>;
}

type Ending = 'complete' | 'fail' | 'cancel' | 'shutdown';

export class Turns {
  private readonly running = new Map<string, Running>();
  /** Per session: the running turn first, then those that wait. */
  private readonly queues = new Map<string, Running[]>();
  private readonly lanes = new Lanes();
  private readonly outputs: Outputs;
  /** What ends the pauses before another attempt early. */
  private readonly pauses = new Set<() => void>();
  private closing = false;

  constructor(
    private readonly parts: {
      store: Store;
      funnel: Funnel;
      clock: Clock;
      logger: Logger;
      hitl: Hitl;
      agent?: Agent | undefined;
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
   *   `storage_failed`
   */
  async message(client: Client, content: string, once: Once = {}): Promise<Accepted> {
    if (this.closing) throw new HubError('closing');
    if (content.trim().length === 0) throw new HubError('empty_message');
    if (Buffer.byteLength(content) > maxOutputBytes) throw new HubError('too_large');
    return this.lanes.run(`${client.ticketId}\n${client.user.id}\n${client.tabId}`, async () => {
      const { session, isNew } = await sessionFor(this.parts.store, client, this.parts.clock.now());
      return this.lanes.run(session.id, () => this.accept(client, session, isNew, content, once));
    });
  }

  /**
   * Stops a turn: its signal aborts, its pending requests are withdrawn, whatever it still says is refused.
   * @throws HubError `not_found` (no such turn here, or on another ticket), `turn_ended`
   */
  async cancel(ticketId: string, turnId: string): Promise<void> {
    const running = this.running.get(turnId);
    if (running?.actor.snapshot.context.ticketId === ticketId) {
      if (running.ended) throw new HubError('turn_ended');
      return this.end(running, 'cancel');
    }
    const stored = await this.parts.store.turn(turnId);
    if (stored?.ticketId === ticketId) throw new HubError('turn_ended');
    throw new HubError('not_found', 'There is no such turn');
  }

  /** Ends the turns that a process which is gone has left behind; their requests stay pending, to be asked for again. */
  async recover(): Promise<void> {
    const { store, funnel, clock } = this.parts;
    const left = (await store.unfinishedTurns()).filter(({ id }) => !this.running.has(id));
    const end = ({ status, ...input }: TurnRecord) => {
      const [actor] = LiveActor.begin(turnMachine, input);
      const at = clock.now();
      if (status === 'running') actor.send({ type: 'start', at: input.startedAt ?? input.queuedAt });
      actor.send({ type: 'crash', at });
      const turn = turnRecord(actor.snapshot);
      return funnel.commit({ ticketId: turn.ticketId, at, turns: [turn], envelopes: [turnEnded(turn, at)] });
    };
    while (left.length > 0) await Promise.all(left.splice(0, recoverGroup).map(end));
  }

  /** Takes no more messages and aborts what runs; requests stay pending. Resolves when every turn has ended. */
  async close(): Promise<void> {
    this.closing = true;
    for (const endEarly of [...this.pauses]) endEarly();
    // A message that was taken before may still be on its way to its queue.
    await this.lanes.settled();
    await Promise.all([...this.running.values()].map((running) => this.end(running, 'shutdown')));
  }

  private async accept(
    client: Client,
    session: SessionRecord,
    isNew: boolean,
    content: string,
    once: Once,
  ): Promise<Accepted> {
    const { funnel, clock, agent } = this.parts;
    const now = clock.now();
    const queue = this.queues.get(session.id) ?? [];
    // It may have begun while the message waited.
    if (this.closing) throw new HubError('closing');
    if (queue.length > maxQueuedTurns)
      throw new HubError('busy', 'Too many messages are waiting in this session');

    const turnId = agent && randomUUID();
    const message: MessageRecord = {
      id: randomUUID(),
      ticketId: session.ticketId,
      sessionId: session.id,
      ...(turnId && { turnId }),
      type: 'user',
      author: { userId: client.user.id, displayName: client.user.name },
      content,
      createdAt: now,
      revisions: [],
    };
    const envelopes: LoggableEnvelope[] = isNew ? [sessionCreated(session, now)] : [];
    const running = turnId && toRunning(turnId, client.user, message);
    if (running && queue.length === 0) {
      running.actor.send({ type: 'start', at: now });
      envelopes.push(turnStarted(turnRecord(running.actor.snapshot), now));
    }
    envelopes.push(sessionMessageAdded(message, now));
    const ack = { message_id: message.id, session_id: session.id, ...(turnId && { turn_id: turnId }) };
    await funnel.commit({
      ticketId: session.ticketId,
      at: now,
      sessions: [session],
      turns: running ? [turnRecord(running.actor.snapshot)] : [],
      messages: [message],
      envelopes,
      ...(once.frame && { frame: { ...once.frame, ack } }),
    });
    client.attachSession(session.id);
    if (running) {
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
      await this.parts.agent?.(this.toTurn(running));
      // What was said without waiting for it was still said before the end.
      await Promise.allSettled(running.underWay);
      await this.end(running, 'complete');
    } catch (error) {
      // Whatever an agent throws that was told to stop is no news.
      if (!running.ended) this.log('The agent failed', running, error);
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
      this.running.delete(actor.snapshot.context.id);
      const queue = (this.queues.get(sessionId) ?? []).filter((each) => each !== running);
      if (queue.length === 0) this.queues.delete(sessionId);
      else this.queues.set(sessionId, queue);
      const [next] = queue;
      if (next && !next.ended && next.actor.snapshot.value === 'queued' && !this.closing)
        await this.start(next);
    });
    // Last, since it calls listeners of the agent's: from here on nothing it says is taken.
    abort.abort(new HubError('turn_ended'));
    return running.ended;
  }

  /** A turn ends even if the store fails for a while: the session waits until its end is kept. */
  private async keepEnd(running: Running): Promise<void> {
    const { funnel, clock } = this.parts;
    const turn = turnRecord(running.actor.snapshot);
    // What is on its way to the store comes before the end, and a request among it is withdrawn like the others.
    await Promise.allSettled(running.underWay);
    for (let wait = retryMs.first; ; wait = Math.min(wait * 2, retryMs.longest)) {
      try {
        if (turn.reason !== 'shutdown') await this.withdrawRequests(running);
        const at = clock.now();
        await funnel.commit({ ticketId: turn.ticketId, at, turns: [turn], envelopes: [turnEnded(turn, at)] });
        return;
      } catch (error) {
        this.log('The end of a turn could not be kept', running, error);
        // What is left open here is ended by the next start.
        if (this.closing) return;
        await this.pause(wait);
      }
    }
  }

  private async withdrawRequests({ actor, adopted }: Running): Promise<void> {
    const { hitl } = this.parts;
    await hitl.withdrawTurn(actor.snapshot.context.id);
    for (const id of adopted) {
      await hitl.cancel(id, 'its turn has ended').catch((error: unknown) => {
        // Answered meanwhile: that answer stands.
        if (toHubError(error).code !== 'already_resolved') throw error;
      });
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
      void this.run(next);
    } catch (error) {
      this.log('A turn could not be started', next, error);
      // Not awaited: this lane is the one that its end needs.
      void this.end(next, 'fail');
    }
  }

  private toTurn(running: Running): Turn {
    const { hitl, store } = this.parts;
    const { id, ticketId, sessionId } = running.actor.snapshot.context;
    const { signal } = running.abort;
    const speaker = { id, ticketId, sessionId, signal };
    const track = <T>(work: Promise<T>): Promise<T> => {
      const done = () => running.underWay.delete(work);
      running.underWay.add(work);
      work.then(done, done);
      return work;
    };
    return new Turn(id, ticketId, sessionId, running.user, running.message, signal, {
      add: (type, content) => track(this.outputs.add(speaker, type, content)),
      update: (messageId, content) => track(this.outputs.update(speaker, messageId, content)),
      history: (limit) => store.messages(sessionId, limit),
      nameIntent: (intent) => {
        if (running.ended) return;
        running.actor.send({
          type: 'name_intent',
          at: this.parts.clock.now(),
          intent: intent.slice(0, maxIntentLength),
        });
      },
      request: async (input) => {
        const { request, endsWithTurn } = await track(this.ask(running, input));
        // One that outlives the turn must not hold the agent's code when the turn is over.
        return hitl.wait(request.id, endsWithTurn ? {} : { signal });
      },
    });
  }

  private async ask(
    running: Running,
    { message, ...input }: Parameters<TurnPort['request']>[0],
  ): Promise<{ request: RequestRecord; endsWithTurn: boolean }> {
    const { hitl, store } = this.parts;
    const { id, ticketId, sessionId, userId } = running.actor.snapshot.context;
    running.abort.signal.throwIfAborted();
    const asked = { ticketId, sessionId, turnId: id, userId, ...(message && { messageId: message.id }) };
    const request = await hitl.request({ ...input, ...asked });
    if (request.detached || !request.turnId) return { request, endsWithTurn: false };
    if (request.turnId === id) return { request, endsWithTurn: true };
    const asker = await store.turn(request.turnId);
    const isOrphan = asker?.status === 'completed' || asker?.status === 'aborted';
    if (isOrphan) running.adopted.add(request.id);
    return { request, endsWithTurn: isOrphan };
  }

  private log(what: string, { actor }: Running, error: unknown): void {
    this.parts.logger.error(what, { turnId: actor.snapshot.context.id, error: describe(error) });
  }
}

function toRunning(id: string, user: Required<User>, message: MessageRecord): Running {
  const { ticketId, sessionId, createdAt } = message;
  const input = { id, ticketId, sessionId, userId: user.id, queuedAt: createdAt };
  const [actor] = LiveActor.begin(turnMachine, input);
  return { actor, user, message, abort: new AbortController(), underWay: new Set(), adopted: new Set() };
}

/** What a log may say of an error: its code or name, and its message; never what it carries. */
function describe(error: unknown): string {
  const known = toHubError(error);
  if (known.code !== 'internal') return known.code;
  return error instanceof Error ? `${error.name}: ${error.message}` : typeof error;
}
