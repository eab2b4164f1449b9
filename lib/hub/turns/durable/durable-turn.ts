/** What a durable agent's code is given: a turn whose steps, lines and requests are in its journal, with time, chance and a state that a replay repeats. */
import type { Millis } from '../../../protocol/records';
import type { AnyOutcome, HitlTypes, NoTypes, OpenRequest } from '../../kinds/app-types';
import { type Duration, toDeadlineMillis } from '../../options/duration';
import { Turn } from '../turn';
import { type Again, again } from './again';
import type { RunPort } from './run-port';

/** What a leg begins with. */
export interface LegStart {
  state: unknown;
  outcomes: readonly unknown[];
  /** See `AgentCode.isSince`. */
  isSince(version: string): boolean;
}

/** A turn that survives its process. */
export class DurableTurn<App extends HitlTypes = NoTypes, State = never> extends Turn<App> {
  /** What `again` was given; nothing in the first leg. */
  readonly state: State | undefined;
  /** Of the requests that `again` waited for, in its order; empty in the first leg. */
  readonly outcomes: readonly AnyOutcome<App>[];
  private readonly run: RunPort;
  private readonly start: LegStart;

  /** @internal */
  constructor(
    about: Pick<Turn<App>, 'id' | 'ticketId' | 'sessionId' | 'user' | 'message' | 'signal'>,
    run: RunPort,
    start: LegStart,
  ) {
    super(about.id, about.ticketId, about.sessionId, about.user, about.message, about.signal, run);
    this.run = run;
    this.start = start;
    this.state = start.state as State | undefined;
    this.outcomes = start.outcomes as readonly AnyOutcome<App>[];
  }

  /** Whether what the code gets was recorded before: for metrics and logs that must not repeat. */
  get isReplaying(): boolean {
    return this.run.isReplaying;
  }

  /** Waits, also over restarts. @throws HubError `invalid_request` for what is no duration, `turn_ended` */
  sleep(duration: Duration): Promise<void> {
    return this.run.sleep(duration);
  }

  /** As of the last thing that the journal gave the code, or the beginning of the leg; the same in each replay. */
  now(): Millis {
    return this.run.now;
  }

  /** From 0 up to 1, the same in each replay. */
  random(): number {
    return this.run.random();
  }

  /** A UUID, the same in each replay; who knows the turn can tell it, so it is no secret. */
  uuid(): string {
    return this.run.uuid();
  }

  /** Whether this turn began with this version of the code or a later one. @throws HubError `invalid_request` for one that is not known */
  since(version: string): boolean {
    return this.start.isSince(version);
  }

  /**
   * Return what this gives: it ends the call and begins the next one with an empty journal and this state.
   * @param options `when`: requests of this turn that have to be settled first, or a time that has to pass
   * @throws HubError `invalid_request` for a state that is not JSON, `too_large` beyond 4 MiB
   */
  again(state: State, options: { when?: readonly OpenRequest<App>[] | Duration } = {}): Again {
    const { when = [] } = options;
    const delayMs = Array.isArray(when) ? undefined : toDeadlineMillis(when as Duration);
    const requests = Array.isArray(when) ? (when as readonly { id: string }[]).map(({ id }) => id) : [];
    return again({ state, when: requests, delayMs });
  }
}
