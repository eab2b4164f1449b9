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
  const statements = Object.entries(prepareStatements(db)).filter(
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
    // The index holds unfinished turns alone, of which there are as many as agents at work.
    unfinishedTurns: ['SCAN turns USING INDEX turns_unfinished', 'USE TEMP B-TREE FOR ORDER BY'],
    // Once for whoever asks which versions are still needed; the index alone is read, which holds durable turns that have not ended.
    turnVersions: ['SCAN turns USING COVERING INDEX turns_durable'],
  });
});

test('the audit of a ticket or request is sought by its number', () => {
  expect(plans()).toMatchObject({
    audit: ['SEARCH audit USING INDEX audit_by_number (ticket_id=? AND n>?)'],
    auditOfRequest: ['SEARCH audit USING INDEX audit_of_request (ticket_id=? AND request_id=? AND n>?)'],
  });
});

test('the messages of a session are searched backwards from a message', () => {
  expect(plans()).toMatchObject({
    messagesOfSession: ['SEARCH messages USING INDEX messages_by_session (session_id=? AND rowid<?)'],
    placeOfMessage: ['SEARCH messages USING INDEX sqlite_autoindex_messages_1 (id=?)'],
  });
});

test('the revisions of a message are sought by its id and number', () => {
  expect(plans()).toMatchObject({
    revisions: ['SEARCH message_revisions USING INDEX message_revisions_by_number (message_id=?)'],
    dropRevisions: [
      'SEARCH message_revisions USING INDEX message_revisions_by_number (message_id=? AND n<?)',
    ],
  });
});

test('each list of turns seeks to its place in the index of its filter', () => {
  const after = (index: string, fields: string) => [
    `SEARCH turns USING INDEX ${index} (${fields} AND rowid>?)`,
  ];
  expect(plans()).toMatchObject({
    turns: ['SEARCH turns USING INTEGER PRIMARY KEY (rowid>?)'],
    turnsOfTicket: after('turns_of_ticket', 'ticket_id=?'),
    turnsByStatus: after('turns_by_status', 'status=?'),
    turnsOfTicketByStatus: after('turns_of_ticket_by_status', 'ticket_id=? AND status=?'),
    turnsOfVersion: after('turns_of_version', 'version=?'),
    turnsOfVersionInTicket: after('turns_of_version_in_ticket', 'ticket_id=? AND version=?'),
    turnsOfVersionByStatus: after('turns_of_version_by_status', 'version=? AND status=?'),
    turnsOfVersionInTicketByStatus: after(
      'turns_of_version_in_ticket_by_status',
      'ticket_id=? AND version=? AND status=?',
    ),
    openTurnsOfTicket: ['SEARCH turns USING INDEX turns_open_of_ticket (ticket_id=?)'],
    openTurnsOfSession: ['SEARCH turns USING INDEX turns_open_of_session (session_id=?)'],
    dueTurns: ['SEARCH turns USING INDEX turns_due (due_at<?)'],
    nextDueTurn: ['SEARCH turns USING COVERING INDEX turns_due (due_at>?)'],
  });
});

test('a journal is sought by its number, and who waits by the request', () => {
  expect(plans()).toMatchObject({
    journal: ['SEARCH turn_journal USING PRIMARY KEY (turn_id=? AND n>?)'],
    dropJournal: ['SEARCH turn_journal USING PRIMARY KEY (turn_id=?)'],
    answeredTurns: expect.arrayContaining(['SEARCH turn_waits USING PRIMARY KEY (request_id=?)']),
    dropWaitsOfTurn: ['SEARCH turn_waits USING COVERING INDEX turn_waits_of_turn (turn_id=?)'],
  });
});

test('each list of requests seeks to its place in the index of its filter', () => {
  expect(plans()).toMatchObject({
    requests: ['SEARCH requests USING INDEX requests_by_age ((created_at,id)>(?,?))'],
    requestsByStatus: ['SEARCH requests USING INDEX requests_by_status (status=? AND (created_at,id)>(?,?))'],
    requestsOfTicket: [
      'SEARCH requests USING INDEX requests_of_ticket (ticket_id=? AND (created_at,id)>(?,?))',
    ],
    requestsOfTicketByStatus: [
      'SEARCH requests USING INDEX requests_of_ticket_by_status (ticket_id=? AND status=? AND (created_at,id)>(?,?))',
    ],
    requestsOfTurn: ['SEARCH requests USING INDEX requests_of_turn (turn_id=?)'],
    requestByKey: ['SEARCH requests USING INDEX requests_by_key (ticket_id=? AND key=?)'],
    claims: ['SEARCH requests USING INDEX requests_claimed (ticket_id=? AND claimed_by=?)'],
    dueRequests: ['SEARCH requests USING INDEX requests_due (due_at<?)'],
    nextDue: ['SEARCH requests USING COVERING INDEX requests_due (due_at>?)'],
  });
});

test('an inbox seeks to its place in each list, and asks for one request at a time who is excepted', () => {
  const excepted = [
    'CORRELATED SCALAR SUBQUERY 1',
    'SEARCH inbox_except USING PRIMARY KEY (user_id=? AND id=?)',
  ];
  expect(plans()).toMatchObject({
    inboxOldest: ['SEARCH inbox USING PRIMARY KEY (list=? AND (created_at,id)>(?,?))', ...excepted],
    inboxNewest: ['SEARCH inbox USING PRIMARY KEY (list=? AND (created_at,id)<(?,?))', ...excepted],
    inboxUrgent: [
      'SEARCH inbox USING COVERING INDEX inbox_by_urgency (list=? AND (urgency,created_at,id)>(?,?,?))',
      ...excepted,
    ],
    inboxPatient: ['SEARCH inbox USING PRIMARY KEY (list=? AND (created_at,id)>(?,?))', ...excepted],
    inboxCounted: ['SEARCH inbox USING PRIMARY KEY (list=?)', ...excepted],
  });
});
