/** What people and agents see while the database fails: coded refusals, nothing half-done, and all of it once it works again. */
import { Writable } from 'node:stream';
import Driver, { type Database } from 'better-sqlite3';
import { createLogger, transports } from 'winston';
import { sqliteStore } from '../../lib/store/sqlite/sqlite-store';
import type { TestHub } from '../../lib/testing/test-hub';
import { blockingAgent } from './fixtures/blocking-agent';
import { hasSeen, logOf, toLine, useStage } from './stage';

describe('A database', () => {
  const stage = useStage();
  let others: Database[] = [];
  /** What the hub has logged, from `warn` up. */
  let lines: { level: string; message: string; error?: string }[] = [];
  afterEach(() => {
    for (const other of others) other.close();
    others = [];
    lines = [];
  });

  /** A hub, and the connection that its store has to the file. */
  async function start(): Promise<{ hub: TestHub; connection: Database }> {
    const pragma = jest.spyOn(Driver.prototype, 'pragma');
    const stream = new Writable({
      objectMode: true,
      write: (line, _encoding, done) => {
        lines.push(line);
        done();
      },
    });
    const hub = await stage().start({
      makeStore: () => sqliteStore(stage().path, { busyTimeoutMs: 0 }),
      agent: blockingAgent,
      logger: createLogger({ level: 'warn', transports: [new transports.Stream({ stream })] }),
    });
    const [connection] = pragma.mock.contexts;
    pragma.mockRestore();
    if (!connection) throw new Error('The store has no connection');
    return { hub, connection: connection as Database };
  }

  /** Another connection to the same file, as another process would have. */
  function otherConnection(): Database {
    const other = new Driver(stage().path);
    others.push(other);
    return other;
  }

  const pages = (connection: Database) => Number(connection.pragma('page_count', { simple: true }));

  /** Makes the trouble; gives what ends it. */
  type Trouble = (connection: Database) => () => void;
  it.each<[what: string, code: string, trouble: Trouble]>([
    [
      'on a full disk',
      'SQLITE_FULL',
      (connection) => {
        connection.pragma(`max_page_count = ${pages(connection)}`);
        // What is left of the last pages is used up by rows that are not asked for again.
        const filler = () => connection.exec('CREATE TABLE IF NOT EXISTS filler (text)');
        expect(filler).toThrow('full');
        return () => connection.pragma('max_page_count = 1000000');
      },
    ],
    [
      'that another process has locked',
      'SQLITE_BUSY',
      () => {
        const other = otherConnection();
        other.exec('BEGIN IMMEDIATE');
        return () => other.exec('ROLLBACK');
      },
    ],
    [
      'that has become read-only',
      'SQLITE_READONLY',
      (connection) => {
        connection.pragma('query_only = ON');
        return () => connection.pragma('query_only = OFF');
      },
    ],
  ])(
    '%s refuses with a code, shows no client anything, and accepts the same frames later',
    async (_what, code, trouble) => {
      const { hub, connection } = await start();
      const alice = await hub.connect({ user: 'alice' });
      const bob = await hub.connect({ user: 'bob' });
      await alice.ask({ type: 'message', content: 'block it' });
      const { hitl, epoch, seq } = await bob.next('hitl_request_pending');
      const message = { type: 'message', id: 'm', content: 'x'.repeat(20_000) };
      const answer = { type: 'hitl_respond', id: 'a', request_id: hitl.id, revision: 1, status: 'denied' };
      const respond = () =>
        fetch(`${hub.url}/hitl/requests/${hitl.id}/respond`, {
          method: 'POST',
          headers: { 'x-user': 'carol', 'content-type': 'application/json' },
          body: JSON.stringify({ status: 'approved', response: { comment: 'x'.repeat(4_000) } }),
        });

      const end = trouble(connection);
      const refused = { event: 'error', code: 'storage_failed', details: { code } };
      expect(await alice.ask(message)).toMatchObject(refused);
      expect(await alice.ask({ ...message, id: 'other' })).toMatchObject(refused);
      const comment = 'x'.repeat(4_000);
      expect(await bob.ask({ ...answer, response: { comment } })).toMatchObject(refused);
      const overRest = await respond();
      expect([overRest.status, await overRest.json()]).toMatchObject([
        503,
        { error: { code: 'storage_failed' } },
      ]);
      // What is there can still be seen, from the place one was at and from nothing.
      const dan = await hub.connect({ user: 'dan' });
      expect((await dan.next('snapshot')).requests).toEqual([hitl]);
      const again = await hub.connect({ user: 'bob', tab: 'again', after: `${epoch}:${seq - 1}` });
      await hasSeen(again, seq);
      alice.send({ type: 'ping' });
      expect(await alice.next('pong')).toMatchObject({ seq });
      expect(logOf(bob).at(-1).seq).toBe(seq);
      end();

      expect(await alice.ask(message)).toMatchObject({ event: 'ack' });
      expect(await bob.ask({ ...answer, response: { comment } })).toMatchObject({ event: 'ack' });
      expect((await respond()).status).toBe(409);
      await alice.next((frame) => frame.message?.content === 'It was denied');
      const told = logOf(alice).map(toLine);
      expect(told.filter((line) => line === `session_message_added user: ${message.content}`)).toHaveLength(
        1,
      );
      expect(told.filter((line) => line.startsWith('hitl_request_resolved'))).toEqual([
        'hitl_request_resolved denied',
      ]);
      // Said once, however many were refused.
      expect(lines).toMatchObject([
        { level: 'error', error: `storage_failed: The database failed with ${code}` },
        { level: 'warn', message: 'The store commits again' },
      ]);
    },
  );

  it('with a damaged row is named in the log, and only what needs that row is refused', async () => {
    const { hub } = await start();
    const alice = await hub.connect({ user: 'alice' });
    const { message_id, turn_id } = await alice.ask({ type: 'message', content: 'block it' });
    const { epoch, seq } = await alice.next('hitl_request_pending');
    const other = otherConnection();
    for (const [table, id] of [
      ['messages', message_id],
      ['turns', turn_id],
    ])
      other.prepare(`UPDATE ${table} SET record = '{' WHERE id = ?`).run(id);

    // A client that needs all of it cannot be served; one that only needs later envelopes can.
    const newcomer = await hub.connect({ user: 'dan' });
    expect((await newcomer.closed()).code).toBe(4503);
    const again = await hub.connect({ user: 'bob', after: `${epoch}:${seq - 1}` });
    await hasSeen(again, seq);
    expect(lines).toMatchObject([
      { ticketId: 'T-1', error: `storage_failed: The row ${message_id} of messages is damaged` },
    ]);
    const elsewhere = await hub.connect({ user: 'bob', ticketId: 'T-2' });
    expect(await elsewhere.ask({ type: 'message', content: 'block it' })).toMatchObject({ event: 'ack' });
    await elsewhere.next('hitl_request_pending');

    // A turn that cannot be read cannot be ended; it prevents neither the start of the hub nor the end of others.
    await hub.crash();
    expect(lines.at(-1)).toMatchObject({
      turnId: turn_id,
      error: `storage_failed: The row ${turn_id} of turns is damaged`,
    });
    const back = await hub.connect({ user: 'bob', ticketId: 'T-2', after: `${epoch}:0` });
    const { turns, requests } = await back.next('snapshot');
    expect([turns, requests.length]).toEqual([[], 1]);
  });
});
