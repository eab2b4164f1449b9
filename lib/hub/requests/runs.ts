/** The runs of what was approved, each change of them one event to the request's actor; `Hitl` calls it. */
import { HubError } from '../../errors';
import type { RequestRecord } from '../../protocol/records';
import { requestView } from '../../protocol/request-view';
import type { Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Occasion } from '../commit/occasion';
import { digestOf, jsonCopy } from '../kinds/kinds';
import type { RequestActors } from './request-actors';

/** How long a run may be silent before its outcome counts as unknown. */
export const runLeaseMs = 60_000;
/** Characters stored of why a run failed. */
const maxErrorLength = 2_000;

export interface RunsParts {
  store: Store;
  actors: RequestActors;
  clock: Clock;
}

export class Runs {
  constructor(private readonly parts: RunsParts) {}

  /**
   * Says that what was approved is about to be done, or still is (same `runId`: the lease is renewed). Only one run at a
   * time, only what was approved, and after a failure or an unknown end only when `retry` was given.
   * @param run `payload` is what is about to be done
   * @throws HubError `not_executable` (details.rule says why), `invalid_request` for a payload that is not JSON, `not_found`
   */
  async execute(
    id: string,
    run: { runId: string; payload: Record<string, unknown> },
    occasion: Occasion = {},
  ): Promise<RequestRecord> {
    const { runId, payload } = run;
    return this.parts.actors.change(
      id,
      async (record) => {
        const { type, usedGrant } = record;
        const at = this.parts.clock.now();
        const grant = usedGrant && (await this.parts.store.grant(usedGrant.id));
        // One that is so old that it was dropped holds no more either.
        const isRevoked = usedGrant !== undefined && (!grant || grant.revokedAt !== undefined);
        // What is about to be done, as JSON; otherwise a value that JSON cannot represent might pass for null.
        const about = jsonCopy(payload) as Record<string, unknown>;
        // A request for editable arguments, where none can be edited, is the same request all the same.
        const isDowngraded = record.payload.editable === false && about.editable === true;
        const digest = digestOf(type, isDowngraded ? { ...about, editable: false } : about);
        return { type: 'execute', at, runId, until: at + runLeaseMs, digest, isRevoked };
      },
      occasion,
    );
  }

  /** Says that the run is still going. @throws HubError `not_executable` */
  async renew(id: string, runId: string, occasion: Occasion = {}): Promise<RequestRecord> {
    return this.parts.actors.change(
      id,
      async (record) => {
        const at = this.parts.clock.now();
        const { execution, approvedDigest: digest = record.digest } = record;
        if (execution?.state !== 'executing' || execution.runId !== runId)
          throw new HubError('not_executable', {
            message: 'This run is not going',
            details: { hitl: requestView(record, at), rule: 'other_run' },
          });
        return { type: 'execute', at, runId, until: at + runLeaseMs, digest, isRevoked: false };
      },
      occasion,
    );
  }

  /** Says that the run is over and what was approved is done, or that it failed with `error`. @throws HubError `not_executable` */
  executed(id: string, runId: string, error?: string, occasion: Occasion = {}): Promise<RequestRecord> {
    return this.parts.actors.change(
      id,
      async () => {
        const at = this.parts.clock.now();
        return error === undefined
          ? { type: 'executed', at, runId }
          : { type: 'execution_failed', at, runId, error: error.slice(0, maxErrorLength) };
      },
      occasion,
    );
  }

  /** Says that the run was interrupted, so that it is unknown whether it was done: it is `unknown` at once. @throws HubError `not_executable` */
  lost(id: string, runId: string, error: string, occasion: Occasion = {}): Promise<RequestRecord> {
    const toEvent = async () => ({
      type: 'execution_lost' as const,
      at: this.parts.clock.now(),
      runId,
      error: error.slice(0, maxErrorLength),
    });
    return this.parts.actors.change(id, toEvent, occasion);
  }

  /** Someone has looked at a failed or unknown run and says: do it again. @throws HubError `not_executable` */
  retry(id: string, occasion: Occasion = {}): Promise<RequestRecord> {
    const toEvent = async () => ({ type: 'retry' as const, at: this.parts.clock.now() });
    return this.parts.actors.change(id, toEvent, occasion);
  }

  /** Says that the call which was approved is over without having begun it, and why; does nothing once a run has begun. */
  notRun(id: string, runId: string, error: string, occasion: Occasion = {}): Promise<RequestRecord> {
    const toEvent = async () => ({
      type: 'not_run' as const,
      at: this.parts.clock.now(),
      runId,
      error: error.slice(0, maxErrorLength),
    });
    return this.parts.actors.change(id, toEvent, occasion);
  }
}
