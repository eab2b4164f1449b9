/** Calls the app's listeners, `hub.on`, after what they listen to is stored; it follows commits and rooms, last of all. */
import { HubError, messageOf } from '../errors';
import type { TurnRecord } from '../protocol/records';
import type { Committed, RequestChange } from './commit/after-commit';
import type { Clock } from './commit/clock';
import {
  type EventBody,
  type EventName,
  type EventPattern,
  type HubEvent,
  namesOf,
  type RequestUpdate,
} from './hub-events';
import type { NoTypes } from './kinds/app-types';
import { toGrant } from './kinds/grant';
import { grantGiven } from './kinds/grant-terms';
import { deepFreeze } from './kinds/kinds';
import type { Logger } from './options/logger';
import { assertOptions } from './options/options';
import { signalFields } from './options/request-options';
import type { FailedDelivery } from './outbox/channel';
import { toOutcome, toRequest } from './requests/outcome';
import type { Client } from './tickets/client';
import { toClientInfo } from './tickets/client-info';

interface Listening {
  names: ReadonlySet<EventName>;
  listener(event: HubEvent): unknown;
}

/** What the audit calls a change that leaves a request open, and what listeners call it. */
const updates: Readonly<Partial<Record<RequestChange['event'], RequestUpdate>>> = {
  responded: 'counted',
  claimed: 'claimed',
  released: 'released',
  lease_ended: 'released',
  amended: 'amended',
  asker_left: 'asker_left',
  asker_returned: 'asker_returned',
};
/** The changes of what becomes of a request after a yes. */
const executions: readonly RequestChange['event'][] = [
  'executing',
  'executed',
  'failed',
  'unknown',
  'retried',
  'not_run',
];

export class Events {
  private readonly listening = new Set<Listening>();

  constructor(
    private readonly logger: Logger,
    private readonly clock: Clock,
  ) {}

  /** See `Hub.on`. */
  on<Pattern extends EventPattern>(
    pattern: Pattern,
    listener: (event: HubEvent<NoTypes, Pattern>) => unknown,
    options: { signal?: AbortSignal } = {},
  ): () => void {
    const names = namesOf(pattern);
    if (typeof listener !== 'function')
      throw new HubError('invalid_request', { message: 'hub.on: the listener must be a function' });
    assertOptions('hub.on', options, signalFields);
    const { signal } = options;
    if (signal?.aborted) return () => {};
    const entry: Listening = { names, listener: listener as never };
    const stop = () => {
      this.listening.delete(entry);
      signal?.removeEventListener('abort', stop);
    };
    this.listening.add(entry);
    signal?.addEventListener('abort', stop);
    return stop;
  }

  /** A commit is stored. */
  committed({ commit, envelopes, requests }: Committed): void {
    if (this.listening.size === 0) return;
    const { ticketId, at } = commit;
    const byId = new Map(requests.map((change) => [change.record.id, change]));
    for (const envelope of envelopes) {
      switch (envelope.event) {
        case 'session_created': {
          const session = commit.sessions?.find(({ id }) => id === envelope.session_id);
          if (session) this.emit('session.created', at, ticketId, () => structuredClone({ session }));
          break;
        }
        case 'session_message_added':
        case 'session_message_updated': {
          const message = commit.messages?.find(({ id }) => id === envelope.message.id);
          const name = envelope.event === 'session_message_added' ? 'message.added' : 'message.updated';
          if (message) this.emit(name, at, ticketId, () => structuredClone({ message }));
          break;
        }
        case 'turn_started':
        case 'turn_ended': {
          const turn = commit.turns?.find(({ id }) => id === envelope.turn_id);
          const name = envelope.event === 'turn_started' ? 'turn.started' : 'turn.ended';
          if (turn) this.emit(name, at, ticketId, () => structuredClone({ turn }));
          break;
        }
        case 'turn_updated': {
          const turn = commit.turns?.find(({ id }) => id === envelope.turn_id);
          if (turn) this.noteTurn(turn, at);
          break;
        }
        default: {
          const change = byId.get(envelope.hitl.id);
          if (change) this.noteRequest(change, at, envelope.event);
        }
      }
    }
    for (const change of requests) this.noteEmitted(change, at);
  }

  joined(client: Client): void {
    this.emit('client.joined', this.clock.now(), client.ticketId, () =>
      structuredClone({ client: toClientInfo(client) }),
    );
  }

  left(client: Client): void {
    this.emit('client.left', this.clock.now(), client.ticketId, () =>
      structuredClone({ client: toClientInfo(client) }),
    );
  }

  /** That it goes on has no event of its own. */
  private noteTurn(turn: TurnRecord, at: number): void {
    const { ticketId, waitsFor, problem } = turn;
    if (waitsFor)
      this.emit('turn.waiting', at, ticketId, () =>
        structuredClone({ turn, requestIds: waitsFor.requestIds }),
      );
    if (problem)
      this.emit('turn.stuck', at, ticketId, () =>
        structuredClone({ turn, reason: problem.reason, problem: problem.message }),
      );
  }

  /** A try of a delivery has failed, and that is stored. */
  deliveryFailed(ticketId: string, delivery: FailedDelivery, willRetry: boolean): void {
    this.emit('delivery.failed', delivery.failedAt, ticketId, () => ({
      delivery: structuredClone(delivery),
      willRetry,
    }));
  }

  private noteRequest({ record, event }: RequestChange, at: number, envelope: string): void {
    const { ticketId, execution } = record;
    const ofRequest = () => ({ request: toRequest(record) });
    if (envelope === 'hitl_request_pending') this.emit('request.opened', at, ticketId, ofRequest);
    else if (envelope === 'hitl_request_resolved')
      this.emit('request.resolved', at, ticketId, () => ({ ...ofRequest(), outcome: toOutcome(record) }));
    else if (executions.includes(event) && execution) {
      const body = () => ({ ...ofRequest(), execution: structuredClone(execution) });
      this.emit('execution.changed', at, ticketId, body);
    } else {
      const change = updates[event];
      if (change) this.emit('request.updated', at, ticketId, () => ({ ...ofRequest(), change }));
    }
  }

  /** Emits the events that have no envelope of their own. */
  private noteEmitted({ record, emitted }: RequestChange, at: number): void {
    const { ticketId, grant, usedGrant } = record;
    const ofRequest = () => ({ request: toRequest(record) });
    for (const type of emitted) {
      if (type === 'reminded') this.emit('request.reminded', at, ticketId, ofRequest);
      else if (type === 'escalated') this.emit('request.escalated', at, ticketId, ofRequest);
      else if (type === 'grant_given') {
        const body = () => structuredClone({ grant: toGrant(grantGiven(record)) });
        this.emit('grant.given', at, ticketId, body);
      } else if (type === 'grant_used' && usedGrant)
        this.emit('grant.used', at, ticketId, () => ({ grantId: usedGrant.id, ...ofRequest() }));
      else if (type === 'grant_revoked' && grant)
        this.emit('grant.revoked', at, ticketId, () => ({ grantId: grant.id, ...ofRequest() }));
    }
  }

  /**
   * @param copy a copy of what it is about, made only where a listener wants it: what a listener does to it must not reach the
   *   hub, nor, since it is frozen, another listener
   */
  private emit<Name extends EventName>(
    event: Name,
    at: number,
    ticketId: string,
    copy: () => EventBody[Name],
  ): void {
    const listening = [...this.listening].filter(({ names }) => names.has(event));
    if (listening.length === 0) return;
    const hubEvent = deepFreeze({ event, at, ticketId, ...copy() }) as never as HubEvent;
    for (const { listener } of listening) this.call(listener, hubEvent);
  }

  /** Contains every failure of a listener. */
  private call(listener: Listening['listener'], hubEvent: HubEvent): void {
    const { event, ticketId } = hubEvent;
    const run = async () => listener(hubEvent);
    run().catch((error: unknown) =>
      this.logger.error('A listener failed', { event, ticketId, error: messageOf(error) }),
    );
  }
}
