/** Recovers the turns of a process that has ended, when the hub starts: they are ended, and their requests have no asker; turns call it. */
import { restoreTurn, turnMachine, turnRecord } from '../../actors/turn-machine';
import { describe, isDamage, toHubError } from '../../errors';
import type { RequestRecord } from '../../protocol/records';
import type { Store, UnfinishedTurn } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Funnel } from '../commit/funnel';
import { LiveActor } from '../commit/live-actor';
import type { Logger } from '../options/logger';
import type { Hitl } from '../requests/hitl';
import { envelopesOf } from './running';

/** Turns ended at once, so that any number of them gets through the funnel. */
const groupSize = 1_000;
/** Requests read and written at once, few enough not to block the loop. */
const pageSize = 50;

/** Requests without their asker that the start waits for; beyond them the hub is ready while the others are recorded. */
export const maxLeftAtStart = 1_000;

interface Parts {
  store: Store;
  funnel: Funnel;
  clock: Clock;
  logger: Logger;
}

type IsHere = (turnId: string) => boolean;

export class Orphans {
  private isOver = false;
  /** Resolves when every request that was left by a process which is gone says so. */
  private leaving: Promise<void> = Promise.resolve();

  constructor(private readonly parts: Parts & { hitl: Hitl }) {}

  /**
   * Ends the turns that do not run on this node; their requests stay pending, to be asked for again, and say so.
   * @throws HubError `storage_failed`
   */
  async recover(isHere: IsHere): Promise<void> {
    await endOrphans(this.parts, isHere);
    const cursor = await leaveOrphans(this.parts, isHere, maxLeftAtStart);
    if (cursor !== undefined) this.leaving = this.leaveOthers(cursor, isHere);
  }

  /** Resolves when nothing more is recorded; the next start continues. */
  async close(): Promise<void> {
    this.isOver = true;
    await this.leaving;
  }

  /** Where so many requests were left that the start does not wait for the rest. Never rejects. */
  private async leaveOthers(from: string, isHere: IsHere): Promise<void> {
    try {
      let cursor: string | undefined = from;
      while (cursor !== undefined && !this.isOver) cursor = await leaveOrphans(this.parts, isHere, 1, cursor);
    } catch (error) {
      const { logger } = this.parts;
      logger.error('Not every request that lost its asker says so', { error: describe(error) });
    }
  }
}

/**
 * Ends every turn that is queued or running in the store and not on this node; one that cannot be read is left, and logged.
 * @throws HubError `storage_failed`
 */
async function endOrphans(parts: Parts, isHere: IsHere): Promise<void> {
  const { store, funnel, clock, logger } = parts;
  const left = (await store.unfinishedTurns()).filter(({ id }) => !isHere(id));
  const end = async ({ id }: UnfinishedTurn) => {
    const said = 'A turn that was left behind could not be ended';
    const record = await unlessDamaged(store.turn(id), logger, said, { turnId: id });
    if (!record) return;
    const actor = LiveActor.restore(turnMachine, restoreTurn(record));
    const at = clock.now();
    const envelopes = envelopesOf({ actor }, actor.send({ type: 'crash', at }), at);
    const turn = turnRecord(actor.snapshot);
    await funnel.commit({ ticketId: turn.ticketId, at, turns: [turn], envelopes });
  };
  while (left.length > 0) await Promise.all(left.splice(0, groupSize).map(end));
}

/**
 * Records with pending requests whose turn is not on this node that their asker has left; requests without a turn stay
 * unchanged, and so do those of a durable turn that has not ended, which gets its answers wherever it goes on. One that cannot
 * be read is left, and logged.
 * @param atMost about how many requests are looked at
 * @param cursor from where on; default: from the oldest
 * @returns from where to go on, where there are more
 * @throws HubError `storage_failed`
 */
async function leaveOrphans(
  { hitl, store, logger }: Pick<Parts, 'store' | 'logger'> & { hitl: Hitl },
  isHere: IsHere,
  atMost: number,
  cursor?: string,
): Promise<string | undefined> {
  const said = 'Whether the asker of a request is gone could not be noted';
  let next = cursor;
  for (let seen = 0; seen < atMost; seen += pageSize) {
    const page = await unlessDamaged(hitl.list({ status: 'pending' }, pageSize, next), logger, said);
    const left = page?.items.filter(({ turnId, asker }) => turnId && !asker && !isHere(turnId)) ?? [];
    const leave = async ({ id, turnId = '' }: RequestRecord) => {
      const turn = await store.turn(turnId);
      if (!turn?.run || turn.endedAt !== undefined) await hitl.leave(id);
    };
    await Promise.all(
      left.map((request) => unlessDamaged(leave(request), logger, said, { requestId: request.id })),
    );
    next = page?.nextCursor;
    if (next === undefined) return undefined;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return next;
}

/** The result of the work; `undefined`, and a log line, where a record is damaged. @throws every other error */
async function unlessDamaged<T>(
  work: Promise<T>,
  logger: Logger,
  said: string,
  about: Record<string, string> = {},
): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    if (!isDamage(toHubError(thrown))) throw thrown;
    logger.error(said, { ...about, error: describe(thrown) });
    return undefined;
  }
}
