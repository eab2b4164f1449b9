import { createLogger, transports } from 'winston';
import { HubError } from '../../../lib/errors';
import { type LogBounds, Trimmer } from '../../../lib/hub/commit/trimmer';
import { sessionCreated } from '../../../lib/protocol/envelopes';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import type { Store } from '../../../lib/store/store';
import { ManualClock } from '../../../lib/testing/manual-clock';
import { commitTo, sessionRecord } from '../../store/records';

describe('the log of a ticket', () => {
  let store: Store;
  const clock = new ManualClock();
  const logger = createLogger({ silent: true, transports: [new transports.Console()] });

  const grow = async (trimmer: Trimmer, envelopes: number) => {
    for (let n = 0; n < envelopes; n += 1) {
      const at = clock.now();
      const [result] = await store.commit([
        commitTo('ticket', { at, envelopes: [sessionCreated(sessionRecord(), at)] }),
      ]);
      if (result?.ok) trimmer.note('ticket', result.envelopes);
    }
  };
  const kept = async (bounds: LogBounds, steps: [envelopes: number, daysLater: number][]) => {
    store = memoryStore();
    await store.open();
    const trimmer = new Trimmer({ store, clock, logger }, bounds);
    for (const [envelopes, days] of steps) {
      await grow(trimmer, envelopes);
      clock.advance(days * 86_400_000);
    }
    const { seq, first } = await store.position('ticket');
    await store.close();
    return { seq, kept: seq - first + 1 };
  };

  it('retains at least what is configured, and at most a tenth more', async () => {
    const log = await kept({ envelopes: 50 }, [[234, 0]]);
    expect(log.seq).toBe(234);
    expect(log.kept).toBeGreaterThanOrEqual(50);
    expect(log.kept).toBeLessThanOrEqual(55);
  });

  it('lets go of what is too old, when it grows', async () => {
    expect(
      await kept({ envelopes: 50, maxAge: '30d' }, [
        [20, 31],
        [5, 0],
      ]),
    ).toEqual({ seq: 25, kept: 5 });
  });

  it('goes on where it could not be trimmed', async () => {
    const failing = { trim: () => Promise.reject(new HubError('storage_failed')) } as unknown as Store;
    const warned: unknown[] = [];
    const spy = Object.assign(Object.create(logger), { warn: (...args: unknown[]) => warned.push(args) });
    new Trimmer({ store: failing, clock, logger: spy }, { envelopes: 1 }).note('ticket', [
      { ...sessionCreated(sessionRecord(), 1), ticket_id: 'ticket', epoch: 'e', seq: 1 },
    ]);
    await new Promise(setImmediate);
    expect(warned).toEqual([['A log could not be trimmed', { ticketId: 'ticket', error: 'storage_failed' }]]);
  });

  it.each([{ envelopes: 0 }, { envelopes: 1.5 }, { maxAge: -1 }])('cannot be bounded by %j', (bounds) => {
    expect(() => new Trimmer({ store, clock, logger }, bounds)).toThrow(HubError);
  });
});
