/** Recovers the turns of a process that has ended, when the hub starts: plain ones are ended, and their requests have no asker; turns call it. */
import { describe, isDamage, toHubError } from '../../errors';
import type { RequestRecord, TurnRecord } from '../../protocol/records';
import { isOpen } from '../../store/shared/turns';
import type { Store, UnfinishedTurn } from '../../store/store';
import type { Logger } from '../options/logger';
import type { Hitl } from '../requests/hitl';
import type { StoredTurns } from './stored-turns';

/** Turns ended at once, so that any number of them gets through the funnel. */
const groupSize = 1_000;
/** Requests read and written at once, few enough not to block the loop. */
const pageSize = 50;

/** Requests without their asker that the start waits for; beyond them the hub is ready while the others are recorded. */
export const maxLeftAtStart = 1_000;

interface Parts {
  store: Store;
  stored: StoredTurns;
  logger: Logger;
}

interface GoesOn {
  /** A turn runs on this node, or waits for its turn here. */
  isHere(turnId: string): boolean;
  /** A stored turn goes on at some time. */
  isOpen(turnId: string): Promise<boolean>;
}

export class Orphans {
  private isOver = false;
  /** Resolves when every request that was left by a process which is gone says so. */
  private leaving: Promise<void> = Promise.resolve();

  constructor(private readonly parts: Parts & { hitl: Hitl }) {}

  /**
   * Ends the plain turns that do not run on this node; their requests stay pending, to be asked for again, and say so.
   * @returns the durable ones, as they are stored
   * @throws HubError `storage_failed`
   */
  async recover(goesOn: GoesOn): Promise<readonly TurnRecord[]> {
    const durable = await endOrphans(this.parts, goesOn.isHere);
    const cursor = await leaveOrphans(this.parts, goesOn, maxLeftAtStart);
    if (cursor !== undefined) this.leaving = this.leaveOthers(cursor, goesOn);
    return durable;
  }

  /** Resolves when nothing more is recorded; the next start continues. */
  async close(): Promise<void> {
    this.isOver = true;
    await this.leaving;
  }

  /** Where so many requests were left that the start does not wait for the rest. Never rejects. */
  private async leaveOthers(from: string, goesOn: GoesOn): Promise<void> {
    try {
      let cursor: string | undefined = from;
      while (cursor !== undefined && !this.isOver) cursor = await leaveOrphans(this.parts, goesOn, 1, cursor);
    } catch (error) {
      const { logger } = this.parts;
      logger.error('Not every request that lost its asker says so', { error: describe(error) });
    }
  }
}

/**
 * Ends every plain turn that is queued or running in the store and does not go on; one that cannot be read is left, and logged.
 * @returns the durable ones
 * @throws HubError `storage_failed`
 */
async function endOrphans(parts: Parts, isHere: (turnId: string) => boolean): Promise<TurnRecord[]> {
  const { store, stored, logger } = parts;
  const left = (await store.unfinishedTurns()).filter(({ id }) => !isHere(id));
  const durable: TurnRecord[] = [];
  const end = async ({ id }: UnfinishedTurn) => {
    const said = 'A turn that was left behind could not be ended';
    const record = await unlessDamaged(store.turn(id), logger, said, { turnId: id });
    if (record?.run) durable.push(record);
    if (!record || record.run) return;
    await stored.end(record, 'crash');
  };
  while (left.length > 0) await Promise.all(left.splice(0, groupSize).map(end));
  return durable;
}

/**
 * Records with pending requests whose turn is not on this node that their asker has left; requests without a turn stay
 * unchanged. One that cannot be read is left, and logged.
 * @param atMost about how many requests are looked at
 * @param cursor from where on; default: from the oldest
 * @returns from where to go on, where there are more
 * @throws HubError `storage_failed`
 */
async function leaveOrphans(
  { hitl, logger }: Pick<Parts, 'logger'> & { hitl: Hitl },
  goesOn: GoesOn,
  atMost: number,
  cursor?: string,
): Promise<string | undefined> {
  const said = 'Whether the asker of a request is gone could not be noted';
  let next = cursor;
  for (let seen = 0; seen < atMost; seen += pageSize) {
    const page = await unlessDamaged(hitl.list({ status: 'pending' }, pageSize, next), logger, said);
    const askedByTurns = page?.items.filter(({ turnId, asker }) => turnId && !asker) ?? [];
    const leave = async ({ id, turnId }: RequestRecord) => {
      if (turnId && !goesOn.isHere(turnId) && !(await goesOn.isOpen(turnId))) await hitl.leave(id);
    };
    await Promise.all(
      askedByTurns.map((each) => unlessDamaged(leave(each), logger, said, { requestId: each.id })),
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

/** Whether a request was asked by another turn, which is over: it ends with the turn that asks it again. @throws HubError `storage_failed` */
export async function isLeftBehind(
  store: Pick<Store, 'turn'>,
  { turnId, detached }: Pick<RequestRecord, 'turnId' | 'detached'>,
  askedBy: string,
): Promise<boolean> {
  if (turnId === undefined || turnId === askedBy || detached) return false;
  const asker = await store.turn(turnId);
  return asker !== undefined && !isOpen(asker.status);
}
