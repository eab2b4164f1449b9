/** Every statement of the SQLite store is driven by an index, so that a million pending requests cost no query its speed. */
import type { Database } from 'better-sqlite3';
import { connect } from '../../../lib/store/sqlite/connection';
import { prepareStatements } from '../../../lib/store/sqlite/statements';

let db: Database;
beforeAll(() => {
  ({ db } = connect(':memory:', {}));
});
afterAll(() => {
  db.close();
});

/** What SQLite says it would do, step by step, for each statement that is not about the transaction itself. */
function plans(): Record<string, string[]> {
  const { inboxLists, ...others } = prepareStatements(db);
  const lists = Object.entries(inboxLists).flatMap(([list, statements]) =>
    Object.entries(statements).map(([name, statement]) => [`${list}.${name}`, statement] as const),
  );
  const statements = [...Object.entries(others), ...lists].filter(
    ([, { source }]) => !/^(BEGIN|COMMIT|ROLLBACK)/.test(source),
  );
  return Object.fromEntries(
    statements.map(([name, { source }]) => {
      const values = Array.from(source.matchAll(/\?/g), () => 1);
      const steps = db.prepare<number[], { detail: string }>(`EXPLAIN QUERY PLAN ${source}`).all(...values);
      return [name, steps.map(({ detail }) => detail)];
    }),
  );
}

test('no statement reads a whole table or sorts, but one that runs once at the start and one that seldom runs', () => {
  const offending = Object.entries(plans())
    .map(([name, steps]) => [name, steps.filter((step) => /SCAN|TEMP B-TREE/.test(step))] as const)
    .filter(([, steps]) => steps.length > 0);
  expect(Object.fromEntries(offending)).toEqual({
    // Once in a thousand frames of a user, over those of that user alone, of which there are at most eleven thousand.
    dropFrames: ['USE TEMP B-TREE FOR ORDER BY'],
    // Of those alone that are queued or run, of which there are as many as agents at work.
    unfinishedTurns: ['USE TEMP B-TREE FOR ORDER BY'],
    // Once for whoever asks which versions are still needed; the index alone is read, which holds durable turns that have not ended.
    turnVersions: ['SCAN turns USING COVERING INDEX turns_durable'],
  });
});

const ofTicket = 'SEARCH tickets USING INTEGER PRIMARY KEY (rowid=?)';

test('log and audit of a ticket are sought by their place', () => {
  const between = (table: string) => [`SEARCH ${table} USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)`];
  expect(plans()).toMatchObject({
    log: between('log'),
    logEnd: between('log'),
    lastBefore: between('log'),
    dropLog: between('log'),
    logged: ['SEARCH log USING INTEGER PRIMARY KEY (rowid=?)'],
    audit: between('audit'),
    auditOfRequest: between('audit'),
    auditEnd: between('audit'),
  });
});

test('the messages of a session are searched backwards from a message', () => {
  expect(plans()).toMatchObject({
    messagesOfSession: [
      'SEARCH messages USING INDEX messages_of_session (session_id=? AND rowid<?)',
      ofTicket,
    ],
    placeOfMessage: ['SEARCH messages USING INDEX sqlite_autoindex_messages_1 (id=?)'],
  });
});

test('the revisions of a message are sought by its number and theirs', () => {
  expect(plans()).toMatchObject({
    revisions: ['SEARCH message_revisions USING INDEX message_revisions_by_number (message=?)'],
    dropRevisions: ['SEARCH message_revisions USING INDEX message_revisions_by_number (message=? AND n<?)'],
  });
});

test('each list of turns seeks to its place in the index of its filter', () => {
  const covering = (index: string, fields: string) => [
    `SEARCH turns USING COVERING INDEX ${index} (${fields})`,
  ];
  expect(plans()).toMatchObject({
    turns: ['SEARCH turns USING INTEGER PRIMARY KEY (rowid>?)'],
    turnsOfTicket: covering('turns_of_ticket', 'ticket=? AND status=? AND n>?'),
    turnsOfTicketByVersion: covering('turns_of_ticket', 'ticket=? AND status=? AND n>?'),
    turnsByStatus: covering('turns_by_status', 'status=? AND rowid>?'),
    turnsOfVersion: covering('turns_of_version', 'version=? AND status=? AND rowid>?'),
    openTurnsOfSession: ['SEARCH turns USING INDEX turns_open_of_session (session_id=?)', ofTicket],
    dueTurns: ['SEARCH turns USING INDEX turns_due (due_at<?)', ofTicket],
    nextDueTurn: ['SEARCH turns USING COVERING INDEX turns_due (due_at>?)'],
  });
});

test('a journal is sought by its number, and who waits by the request', () => {
  expect(plans()).toMatchObject({
    journal: ['SEARCH turn_journal USING PRIMARY KEY (turn=? AND n>?)'],
    dropJournal: ['SEARCH turn_journal USING PRIMARY KEY (turn=?)'],
    waitingTurns: expect.arrayContaining(['SEARCH turn_waits USING PRIMARY KEY (request_id=?)']),
    dropWaitsOfTurn: ['SEARCH turn_waits USING COVERING INDEX turn_waits_of_turn (turn=?)'],
  });
});

test('each list of requests seeks to its place in the index of its filter, and reads the index alone', () => {
  const covering = (index: string, fields: string) => [
    `SEARCH requests USING COVERING INDEX ${index} (${fields})`,
  ];
  expect(plans()).toMatchObject({
    requests: ['SEARCH requests USING INTEGER PRIMARY KEY (rowid>?)'],
    requestsSettled: covering('requests_settled', 'status=? AND rowid>?'),
    requestsPending: covering('requests_pending', 'is_open=? AND n>?'),
    requestsOfTicket: covering('requests_of_ticket', 'ticket=? AND status=? AND is_open=? AND n>?'),
    requestsOfTurn: covering('requests_of_turn', 'turn_id=?'),
    keyHolder: ['SEARCH requests USING INDEX requests_by_key (ticket=? AND key=?)'],
    claims: ['SEARCH requests USING INDEX requests_claimed (ticket=? AND claimed_by=?)'],
    dueRequests: ['SEARCH requests USING INDEX requests_due (due_at<?)', ofTicket],
    nextDue: ['SEARCH requests USING COVERING INDEX requests_due (due_at>?)'],
  });
});

test('an inbox seeks to its place in each list, reads the index alone, and asks for one request at a time who is excepted', () => {
  const excepted = [
    'CORRELATED SCALAR SUBQUERY 1',
    'SEARCH inbox_except USING PRIMARY KEY (user_id=? AND n=?)',
  ];
  const reads = (aged: (n: string) => string, ending: string) => ({
    oldest: [aged(' AND n>?'), ...excepted],
    newest: [aged(' AND n<?'), ...excepted],
    patient: [aged(' AND n>?'), ...excepted],
    counted: [aged(''), ...excepted],
    urgent: [ending, ...excepted],
  });
  const of = (list: string) => {
    const all = Object.entries(plans()).filter(([name]) => name.startsWith(`${list}.`));
    return Object.fromEntries(all.map(([name, steps]) => [name.slice(list.length + 1), steps]));
  };
  expect(of('named')).toEqual(
    reads(
      (n) => `SEARCH inbox USING PRIMARY KEY (list=?${n})`,
      'SEARCH inbox USING COVERING INDEX inbox_expiring (list=? AND (expires_at,n)>(?,?))',
    ),
  );
  expect(of('ofTicket')).toEqual(
    reads(
      (n) =>
        `SEARCH requests USING COVERING INDEX requests_of_ticket (ticket=? AND status=? AND is_open=?${n})`,
      'SEARCH requests USING COVERING INDEX requests_expiring_of_ticket (ticket=? AND expires_at>?)',
    ),
  );
  expect(of('everywhere')).toEqual(
    reads(
      (n) => `SEARCH requests USING COVERING INDEX requests_pending (is_open=?${n})`,
      'SEARCH requests USING COVERING INDEX requests_expiring (expires_at>?)',
    ),
  );
});
