/** The tables of a SQLite store as they are written now: a new file is made with this, an older one is brought to it by `migrations.ts`. */

/**
 * A file for life: what was released of this is never changed, and a change is a new migration.
 *
 * `n` numbers rows in the order of their first commit, which no clock can reverse: lists go by it, and since it only grows, an
 * index over it is written at its end. What other rows name often, tickets and people, they name by it. A column beside `record`
 * or `base` is what a query needs, and then it is not in the JSON too.
 */
export const schema = `
  CREATE TABLE epoch_seed (
    id INTEGER PRIMARY KEY,
    seed TEXT NOT NULL
  );

  -- Who a person is, under each name that they had: other rows name them by number, so that this is the place to forget them.
  CREATE TABLE people (
    n INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL
  );
  CREATE UNIQUE INDEX people_by_name ON people (user_id, name);

  -- first: the oldest envelope of its log. Where log and audit end, their last rows say, so that no commit writes this.
  CREATE TABLE tickets (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    epoch TEXT NOT NULL,
    first INTEGER NOT NULL
  );

  -- place: the ticket's number times 2^34 and the seq, so that one tree has them all in order.
  -- about: the row of the request or message from which an envelope is completed when it is read; null for one stored whole.
  CREATE TABLE log (
    place INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    about INTEGER,
    body TEXT NOT NULL
  );
  -- What envelopes share that no record has, and the last of the log that names it.
  CREATE TABLE log_parts (
    ticket INTEGER NOT NULL,
    name TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    PRIMARY KEY (ticket, name)
  ) WITHOUT ROWID;
  CREATE INDEX log_parts_by_use ON log_parts (ticket, last_seq);
  CREATE TABLE log_part_texts (
    ticket INTEGER NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL
  );
  CREATE UNIQUE INDEX log_part_texts_by_name ON log_part_texts (ticket, name);

  CREATE TABLE sessions (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    ticket INTEGER NOT NULL,
    person INTEGER NOT NULL,
    tab_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_active_at INTEGER NOT NULL,
    record TEXT NOT NULL
  );
  CREATE INDEX sessions_by_activity ON sessions (ticket, last_active_at);
  CREATE INDEX sessions_by_tab ON sessions (ticket, person, tab_id, created_at);

  -- logged: the envelope of the log that is completed from this row; it is written out before the row is changed.
  CREATE TABLE messages (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    ticket INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    logged INTEGER,
    record TEXT NOT NULL
  );
  CREATE INDEX messages_of_ticket ON messages (ticket);
  CREATE INDEX messages_of_session ON messages (session_id);
  CREATE TABLE message_revisions (
    message INTEGER NOT NULL,
    n INTEGER NOT NULL,
    revision TEXT NOT NULL
  );
  CREATE UNIQUE INDEX message_revisions_by_number ON message_revisions (message, n);

  -- base: what is asked, and state: what became of it. is_open: it waits, and whoever has the ticket may answer.
  -- audit_first, audit_last: between which records of its ticket's audit those about it are.
  CREATE TABLE requests (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    ticket INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    turn_id TEXT,
    key TEXT,
    grant_id TEXT,
    type TEXT NOT NULL,
    tool_name TEXT,
    status TEXT NOT NULL,
    is_open INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    due_at INTEGER,
    claimed_by TEXT,
    audit_first INTEGER,
    audit_last INTEGER,
    lists TEXT,
    base_number INTEGER NOT NULL,
    base TEXT NOT NULL,
    state TEXT NOT NULL,
    snapshot TEXT
  );
  CREATE UNIQUE INDEX requests_by_key ON requests (ticket, key) WHERE key IS NOT NULL AND status <> 'superseded';
  CREATE INDEX requests_due ON requests (due_at, id) WHERE due_at IS NOT NULL;
  CREATE INDEX requests_of_turn ON requests (turn_id) WHERE status = 'pending' AND turn_id IS NOT NULL;
  CREATE INDEX requests_claimed ON requests (ticket, claimed_by) WHERE claimed_by IS NOT NULL;
  CREATE INDEX requests_of_grant ON requests (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX requests_of_ticket ON requests (ticket, status, is_open, n, type, tool_name, expires_at);
  CREATE INDEX requests_settled ON requests (status) WHERE status <> 'pending';
  CREATE INDEX requests_pending ON requests (is_open, n, type, tool_name, ticket, expires_at) WHERE status = 'pending';
  CREATE INDEX requests_expiring ON requests (expires_at, n, type, tool_name, ticket)
    WHERE is_open = 1 AND expires_at IS NOT NULL;
  CREATE INDEX requests_expiring_of_ticket ON requests (ticket, expires_at, n, type, tool_name)
    WHERE is_open = 1 AND expires_at IS NOT NULL;
  -- What a request asked before it was amended, as long as envelopes of the log say it.
  CREATE TABLE request_bases (
    ticket INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    request INTEGER NOT NULL,
    number INTEGER NOT NULL,
    base TEXT NOT NULL
  );
  CREATE INDEX request_bases_by_use ON request_bases (ticket, last_seq);
  CREATE UNIQUE INDEX request_bases_by_number ON request_bases (request, number);

  -- The pending requests that are for people by name, under each of them; of the others the indexes of requests are the lists.
  CREATE TABLE inbox (
    list TEXT NOT NULL,
    n INTEGER NOT NULL,
    type TEXT NOT NULL,
    tool_name TEXT,
    ticket INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (list, n)
  ) WITHOUT ROWID;
  CREATE INDEX inbox_expiring ON inbox (list, expires_at, n, type, tool_name, ticket) WHERE expires_at IS NOT NULL;
  CREATE TABLE inbox_except (
    user_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (user_id, n)
  ) WITHOUT ROWID;

  CREATE TABLE grants (
    id TEXT PRIMARY KEY NOT NULL,
    ticket INTEGER NOT NULL,
    covers TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    holds_until INTEGER,
    record TEXT NOT NULL
  );
  CREATE INDEX grants_covering ON grants (covers, holds_until, id) WHERE holds_until IS NOT NULL;
  CREATE INDEX grants_live ON grants (holds_until, id) WHERE holds_until IS NOT NULL;
  CREATE INDEX grants_live_of_ticket ON grants (ticket, holds_until, id) WHERE holds_until IS NOT NULL;
  CREATE INDEX grants_by_age ON grants (created_at, id);
  CREATE INDEX grants_of_ticket ON grants (ticket, created_at, id);
  CREATE INDEX grants_by_end ON grants (expires_at, id);

  -- place: as in the log, of the ticket and the number in its audit. head: the end of the chain with this record, which is over
  -- fixed and commitment; shared/audit-chain.ts has the rule. Salt and personal may be forgotten together: without them no one
  -- can say who it was, and the chain still holds.
  CREATE TABLE audit (
    place INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    fixed TEXT NOT NULL,
    commitment BLOB NOT NULL,
    head BLOB NOT NULL,
    salt BLOB,
    personal TEXT
  );
  CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    WHEN NEW.place IS NOT OLD.place OR NEW.at IS NOT OLD.at OR NEW.request_id IS NOT OLD.request_id
      OR NEW.fixed IS NOT OLD.fixed OR NEW.commitment IS NOT OLD.commitment OR NEW.head IS NOT OLD.head
      OR NEW.salt IS NOT NULL OR NEW.personal IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
  CREATE TRIGGER audit_is_not_dropped BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

  -- session_id, due_at and answered_at as queries need them; open_since, when it was queued, is there of durable turns that have
  -- not ended and of no other; owner: the node that runs it.
  CREATE TABLE turns (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    ticket INTEGER NOT NULL,
    session_id TEXT,
    status TEXT NOT NULL,
    version TEXT,
    owner TEXT,
    generation INTEGER,
    leg INTEGER NOT NULL,
    open_since INTEGER,
    due_at INTEGER,
    answered_at INTEGER,
    record TEXT NOT NULL
  );
  CREATE INDEX turns_by_status ON turns (status);
  CREATE INDEX turns_of_ticket ON turns (ticket, status, n, version);
  CREATE INDEX turns_of_version ON turns (version, status) WHERE version IS NOT NULL;
  CREATE INDEX turns_open_of_session ON turns (session_id) WHERE status IN ('queued', 'running', 'waiting', 'stuck');
  CREATE INDEX turns_durable ON turns (version, open_since) WHERE open_since IS NOT NULL;
  CREATE INDEX turns_due ON turns (due_at, id) WHERE due_at IS NOT NULL;
  CREATE TABLE turn_journal (
    turn INTEGER NOT NULL,
    n INTEGER NOT NULL,
    at INTEGER NOT NULL,
    call TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (turn, n)
  ) WITHOUT ROWID;
  CREATE TABLE turn_waits (
    request_id TEXT NOT NULL,
    turn INTEGER NOT NULL,
    PRIMARY KEY (request_id, turn)
  ) WITHOUT ROWID;
  CREATE INDEX turn_waits_of_turn ON turn_waits (turn);
  CREATE TABLE turn_states (
    turn INTEGER PRIMARY KEY,
    state TEXT NOT NULL
  );

  -- recipient: '' for a channel that does not name people. card, causes, owner and leased_until are of what is delivered to one.
  CREATE TABLE deliveries (
    channel TEXT NOT NULL,
    request_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    event TEXT NOT NULL,
    version INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER,
    dead_at INTEGER,
    error TEXT,
    card TEXT,
    causes TEXT,
    owner TEXT,
    leased_until INTEGER,
    PRIMARY KEY (channel, request_id, recipient)
  ) WITHOUT ROWID;
  CREATE INDEX deliveries_waiting ON deliveries (channel, due_at, request_id) WHERE due_at IS NOT NULL;
  CREATE INDEX deliveries_dead ON deliveries (dead_at, channel, request_id) WHERE dead_at IS NOT NULL;

  CREATE TABLE frames (
    n INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL,
    frame_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    ack TEXT NOT NULL
  );
  CREATE UNIQUE INDEX frames_by_id ON frames (user_id, frame_id);
`;
