/** Part of the store contract: how turns are listed, those that have not ended and all. */
import type { TurnRecord } from '../../protocol/records';
import { maxPageBytes, maxPageSize } from '../shared/limits';
import type { TurnFilter } from '../store';
import { expect } from './expect';
import { commitTo, durableTurn, noon, turnRecord } from './samples';
import { ids, range, type Subject } from './subject';

export function turnObligations({ test, store }: Subject): void {
  const put = (...turns: TurnRecord[]) => store().commit([commitTo('ticket', { turns })]);

  test('that have not ended are listed oldest first, by session and in the state of their ticket', async () => {
    const of = (id: string, sessionId: string, status: TurnRecord['status'], ticketId = 'ticket') =>
      durableTurn({ id, sessionId, status, ticketId });
    await put(
      of('d', 's1', 'stuck'),
      of('c', 's1', 'waiting'),
      of('b', 's2', 'running'),
      of('a', 's1', 'queued'),
      of('completed', 's1', 'completed'),
      of('aborted', 's1', 'aborted'),
      of('elsewhere', 's3', 'waiting', 'other'),
      turnRecord({ id: 'plain', sessionId: 's1' }),
    );
    const open = async (sessionId: string) => ids(await store().openTurns(sessionId));
    const inState = async () => ids((await store().state('ticket', 1)).turns);
    expect(await open('s1')).toEqual(['d', 'c', 'a', 'plain']);
    expect([await open('s2'), await open('s3'), await open('none')]).toEqual([['b'], ['elsewhere'], []]);
    expect(await inState()).toEqual(['d', 'c', 'b', 'a', 'plain']);
    await put(of('c', 's1', 'running'), of('d', 's1', 'completed'));
    expect(await open('s1')).toEqual(['c', 'a', 'plain']);
    expect(await inState()).toEqual(['c', 'b', 'a', 'plain']);
    expect((await store().openTurns('s2'))[0]).toStrictEqual(await store().turn('b'));
  });

  test('that wait or are stuck are not among those that a start has to look after', async () => {
    const of = (id: TurnRecord['status']) => durableTurn({ id, status: id });
    await put(of('waiting'), of('running'), of('stuck'), of('queued'));
    expect(ids(await store().unfinishedTurns())).toEqual(['running', 'queued']);
    await put(durableTurn({ id: 'waiting' }));
    expect(ids(await store().unfinishedTurns())).toEqual(['waiting', 'running', 'queued']);
  });

  test('are listed by ticket, status and version, each alone and together, page by page', async () => {
    const all: TurnRecord[] = [];
    for (const ticketId of ['x', 'y'])
      for (const version of ['may', 'june', undefined])
        for (const status of ['waiting', 'completed', 'stuck'] as const) {
          const id = [ticketId, version ?? 'none', status].join('-');
          const run = version === undefined ? {} : { version };
          all.push(
            durableTurn({ id, ticketId, status }, run),
            turnRecord({ id: `${id}-plain`, ticketId, status }),
          );
        }
    for (const turn of all) await store().commit([commitTo(turn.ticketId, { turns: [turn] })]);
    const read = async (filter: TurnFilter) => {
      const found: TurnRecord[] = [];
      for (let cursor: string | undefined, pages = 0; pages === 0 || cursor !== undefined; pages += 1) {
        const page = await store().turns(filter, 4, cursor);
        expect(page.items.length).toBeLessThanOrEqual(4);
        found.push(...page.items);
        cursor = page.nextCursor;
      }
      return found;
    };
    const filters: TurnFilter[] = [
      {},
      { ticketId: 'x' },
      { status: 'waiting' },
      { version: 'may' },
      { ticketId: 'x', status: 'waiting' },
      { ticketId: 'x', version: 'may' },
      { status: 'waiting', version: 'may' },
      { ticketId: 'x', status: 'waiting', version: 'may' },
      { ticketId: 'none' },
      { version: 'none' },
    ];
    for (const filter of filters) {
      const fits = ({ ticketId, status, run }: TurnRecord) =>
        (filter.ticketId ?? ticketId) === ticketId &&
        (filter.status ?? status) === status &&
        (filter.version === undefined || run?.version === filter.version);
      expect([filter, ids(await read(filter))]).toEqual([filter, ids(all.filter(fits))]);
    }
    expect((await store().turns({ ticketId: 'x' }, 1)).items[0]).toStrictEqual(all[0]);
    await put(durableTurn({ id: 'x-may-waiting', ticketId: 'x' }, { version: 'july' }));
    expect(ids((await store().turns({ version: 'july' }, 9)).items)).toEqual(['x-may-waiting']);
    expect(ids((await store().turns({ ticketId: 'x', version: 'may' }, 1)).items)).toEqual([
      'x-may-completed',
    ]);
  });

  test(`are listed at most ${maxPageSize} at once, and within ${maxPageBytes} bytes`, async () => {
    await put(...range(1, maxPageSize + 1).map((n) => turnRecord({ id: `t${n}`, ticketId: 'many' })));
    const { items, nextCursor } = await store().turns({ ticketId: 'many' }, 1_000);
    expect(items).toHaveLength(maxPageSize);
    expect(ids((await store().turns({ ticketId: 'many' }, 1_000, nextCursor)).items)).toEqual([
      `t${maxPageSize + 1}`,
    ]);
    const intent = 'x'.repeat(maxPageBytes / 2 - 1_000);
    await put(...range(1, 3).map((n) => turnRecord({ id: `large${n}`, ticketId: 'large', intent })));
    const first = await store().turns({ ticketId: 'large' }, 10);
    expect(ids(first.items)).toEqual(['large1', 'large2']);
    expect(ids((await store().turns({ ticketId: 'large' }, 10, first.nextCursor)).items)).toEqual(['large3']);
  });

  test('are not listed from a cursor that no list gave', async () => {
    await expect(store().turns({}, 10, 'nonsense')).rejects.toMatchObject({ code: 'invalid_frame' });
  });

  test('that are durable and have not ended are counted by version, with the oldest of each', async () => {
    const of = (version: string | undefined, n: number, fields: Partial<TurnRecord> = {}) =>
      durableTurn({ queuedAt: noon + n, ...fields }, version === undefined ? {} : { version });
    expect(await store().turnVersions()).toEqual([]);
    const last = of('april', 1, { id: 'last' });
    await put(
      of('may', 4, { status: 'waiting' }),
      of('may', 3, { status: 'stuck' }),
      of('may', 5, { status: 'queued' }),
      last,
      of(undefined, 2, { status: 'waiting' }),
      of('march', 0, { status: 'completed' }),
      turnRecord({ queuedAt: noon - 1 }),
    );
    expect(await store().turnVersions()).toStrictEqual([
      { version: 'april', turns: 1, since: noon + 1 },
      { turns: 1, since: noon + 2 },
      { version: 'may', turns: 3, since: noon + 3 },
    ]);
    await put({ ...last, status: 'aborted' });
    expect((await store().turnVersions()).map(({ version }) => version)).toEqual([undefined, 'may']);
  });
}
